"""What Anvil was asked about a scenario, asked of our node after the same transactions.

`scripts/make_golden_traces` recorded Anvil's answers. A difference is allowed only if the tables in
`anvil/` name it, with its cause.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from devnet.chain.forks.fork import Fork
from devnet.chain.transaction import decode_transaction
from devnet.config import Config
from devnet.node import Node
from devnet.rpc.dispatch import Dispatcher
from devnet.rpc.methods import build_methods
from tests.conformance.anvil.debug_differences import DEBUG_DIFFERENCES
from tests.conformance.anvil.difference import Asked, Difference
from tests.conformance.anvil.ots_differences import OTS_DIFFERENCES
from tests.conformance.anvil.trace_differences import TRACE_DIFFERENCES

GOLDEN = Path(__file__).parents[1] / "golden" / "anvil_traces.json"
GENESIS_BASE_FEE_WEI = 1_142_857_142  # falls to one gwei, Anvil's, after an empty block
DIFFERENCES = (*DEBUG_DIFFERENCES, *TRACE_DIFFERENCES, *OTS_DIFFERENCES)
METHODS = (
    "debug_codeByHash",
    "debug_getRawTransaction",
    "debug_traceBlockByNumber",
    "debug_traceCall",
    "debug_traceTransaction",
    "erigon_getHeaderByNumber",
    "eth_createAccessList",
    "ots_getApiLevel",
    "ots_getBlockDetails",
    "ots_getBlockTransactions",
    "ots_getContractCreator",
    "ots_getInternalOperations",
    "ots_getTransactionBySenderAndNonce",
    "ots_getTransactionError",
    "ots_hasCode",
    "ots_searchTransactionsAfter",
    "ots_searchTransactionsBefore",
    "ots_traceTransaction",
    "trace_block",
    "trace_filter",
    "trace_replayBlockTransactions",
    "trace_transaction",
)


class Twin:
    """Our node after the scenario, and Anvil's answers with our node's names in them."""

    def __init__(self) -> None:
        golden = json.loads(GOLDEN.read_text())
        config = Config(
            validators=1,
            hardfork="osaka",
            base_fee_wei=GENESIS_BASE_FEE_WEI,
            reports_evidence=False,  # or a proposer is rich from the start
        )
        self.node = Node(config)
        self._handle = Dispatcher(build_methods(self.node)).handle
        raws = [bytes.fromhex(sent["raw"][2:]) for sent in golden["sent"]]
        sent = [decode_transaction(raw, Fork.OSAKA) for raw in raws]
        self._gas_limits = {f"0x{one.hash.hex()}": int(one.evm.gas) for one in sent}
        for raw in raws:
            self.node.send_raw(raw)
        text = json.dumps(golden["answers"])
        text = text.replace(golden["coinbase"], "0x" + self.node.head.header.coinbase.hex())
        for number, block_hash in golden["blocks"].items():
            ours = self.node.history.get_block(int(number, 16)).hash
            text = text.replace(block_hash, "0x" + ours.hex())
        self._answers = json.loads(text)

    def list_answers(self) -> Iterator[tuple[Asked, Any]]:
        """Every question and Anvil's answer."""
        for name, answer in self._answers.items():
            asked = Asked(name, answer["method"], answer["params"], self._gas_limits)
            yield asked, copy.deepcopy(answer["result"])

    def ask(self, asked: Asked) -> Any:
        """Our answer."""
        body = {"jsonrpc": "2.0", "id": 1, "method": asked.method, "params": asked.params}
        answer = json.loads(self._handle(json.dumps(body).encode()) or b"")
        assert "error" not in answer, (asked.name, answer)
        return answer["result"]


@pytest.fixture(scope="module")
def twin() -> Twin:
    return Twin()


@pytest.mark.parametrize("method", METHODS)
def test_our_answers_are_anvils_but_for_the_named_differences(twin: Twin, method: str) -> None:
    """Each question of one method."""
    for asked, theirs in twin.list_answers():
        if asked.method != method:
            continue
        ours = twin.ask(asked)
        for difference in DIFFERENCES:
            if difference.applies(asked):
                theirs = difference.mend(theirs, asked)
                if difference.is_loss:
                    ours = difference.mend(ours, asked)
        assert ours == theirs, asked.name


def test_every_recorded_answer_is_looked_at(twin: Twin) -> None:
    """No method is left out of the list above, and none is in it for nothing."""
    assert {asked.method for asked, _ in twin.list_answers()} == set(METHODS)


@pytest.mark.parametrize("difference", DIFFERENCES, ids=lambda difference: difference.anvil)
def test_every_named_difference_is_still_there(twin: Twin, difference: Difference) -> None:
    """One that no longer changes an answer goes from the table."""
    asked_and_answers = [
        (asked, twin.ask(asked) if difference.is_loss else theirs)
        for asked, theirs in _mend_before(twin, difference)
        if difference.applies(asked)
    ]
    assert any(
        difference.mend(copy.deepcopy(answer), asked) != answer
        for asked, answer in asked_and_answers
    )


def _mend_before(twin: Twin, last: Difference) -> Iterator[tuple[Asked, Any]]:
    """Anvil's answers with the differences before this one out of the way."""
    for asked, theirs in twin.list_answers():
        for difference in DIFFERENCES[: DIFFERENCES.index(last)]:
            if difference.applies(asked):
                theirs = difference.mend(theirs, asked)
        yield asked, theirs
