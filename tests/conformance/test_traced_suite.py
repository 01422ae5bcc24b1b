"""The suite's chain, Homestead to BPO2, as tracers and Otterscan tell it."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest

from devnet.chain.chain_file import load_chain
from devnet.chain.forks.seal import accept_seal
from devnet.chain.genesis_file import load_genesis
from devnet.chain.origin import Origin
from devnet.config import Config
from devnet.node import Node
from devnet.rpc.dispatch import Dispatcher
from devnet.rpc.methods import build_methods
from tests.conformance.suite_node import SUITE

ETHER = 10**18
BYZANTIUM, CONSTANTINOPLE, MERGE = 9, 12, 36  # first blocks, from the suite's genesis


class Suite:
    """The node with the suite's chain, asked in JSON text."""

    def __init__(self) -> None:
        genesis = load_genesis(SUITE / "genesis.json")
        origin = Origin(genesis, tuple(load_chain(SUITE / "chain.rlp")), accept_seal)
        node = Node(Config(validators=1), origin=origin)
        self.head = node.head.header.number
        self._handle = Dispatcher(build_methods(node)).handle

    def ask(self, method: str, *params: Any) -> Any:
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        answer = json.loads(self._handle(json.dumps(body).encode()) or b"")
        assert "error" not in answer, (method, params, answer)
        return answer["result"]

    def list_numbers(self) -> range:
        return range(1, self.head + 1)


@pytest.fixture(scope="module")
def suite() -> Suite:
    if not SUITE.is_dir():
        if os.environ.get("CI") == "true":
            pytest.fail(f"{SUITE} is missing")
        pytest.skip(f"{SUITE} is missing")
    return Suite()


def test_every_transaction_is_told_as_its_receipt_has_it(suite: Suite) -> None:
    """Gas, failure, logs and the created contract, by the call tracer and the struct logger."""
    config = {"tracer": "callTracer", "tracerConfig": {"withLog": True}}
    count = 0
    for number in suite.list_numbers():
        receipts = suite.ask("eth_getBlockReceipts", hex(number))
        traced = suite.ask("debug_traceBlockByNumber", hex(number), config)
        for receipt, entry in zip(receipts, traced, strict=True):
            top = entry["result"]
            assert entry["txHash"] == receipt["transactionHash"]
            assert top["gasUsed"] == receipt["gasUsed"]
            if "status" in receipt:
                assert ("error" in top) == (receipt["status"] == "0x0")
            if receipt["contractAddress"] and "error" not in top:
                assert top["to"] == receipt["contractAddress"]
            assert _list_logs(top) == [log["data"] for log in receipt["logs"]]
        steps_of = suite.ask("debug_traceBlockByNumber", hex(number), {"limit": 1})
        for receipt, entry, other in zip(receipts, traced, steps_of, strict=True):
            top, steps = entry["result"], other["result"]
            assert steps["gas"] == int(receipt["gasUsed"], 16)
            assert steps["failed"] == ("error" in top)
            count += 1
    assert count > 100


def _list_logs(top: dict[str, Any]) -> list[str]:
    """Data of all logs inside, in order of emission."""
    found, pending = [], [top]
    while pending:
        frame = pending.pop()
        found += [(int(log["index"], 16), log["data"]) for log in frame.get("logs", [])]
        pending += frame.get("calls", [])
    return [data for _, data in sorted(found)]


def test_parity_and_otterscan_tell_the_same_frames(suite: Suite) -> None:
    """Blocks, transactions, replays, filters; Otterscan's tree has precompiles beside them."""
    for number in suite.list_numbers():
        traces = suite.ask("trace_block", hex(number))
        frames = [trace for trace in traces if trace["type"] != "reward"]
        hashes = suite.ask("eth_getBlockByNumber", hex(number), False)["transactions"]
        window = {"fromBlock": hex(number), "toBlock": hex(number)}
        assert suite.ask("trace_filter", window) == frames
        for each in hashes[-1:]:
            of_one = [trace for trace in frames if trace["transactionHash"] == each]
            assert suite.ask("trace_transaction", each) == of_one
            assert len(suite.ask("ots_traceTransaction", each)) >= len(of_one)
        replayed = suite.ask("trace_replayBlockTransactions", hex(number), ["trace"])
        placed = ("blockHash", "blockNumber", "transactionHash", "transactionPosition")
        bare = [{k: v for k, v in trace.items() if k not in placed} for trace in frames]
        assert [trace for each in replayed for trace in each["trace"]] == bare


def test_proof_of_work_was_paid_and_the_merge_ended_it(suite: Suite) -> None:
    """Five, three, two ether by fork; a 32nd of it for each uncle, and the uncle's own share."""
    uncles_seen = 0
    for number in suite.list_numbers():
        base = 5 if number < BYZANTIUM else 3 if number < CONSTANTINOPLE else 2
        uncles = suite.ask("eth_getUncleCountByBlockNumber", hex(number))
        rewards = [t for t in suite.ask("trace_block", hex(number)) if t["type"] == "reward"]
        issued = suite.ask("ots_getBlockDetails", number)["issuance"]
        if number >= MERGE:
            assert (rewards, issued["issuance"]) == ([], "0x0")
            continue
        own = base * ETHER + int(uncles, 16) * base * ETHER // 32
        assert int(issued["blockReward"], 16) == own
        paid: dict[str, list[int]] = {"block": [], "uncle": []}
        for reward in rewards:
            paid[reward["action"]["rewardType"]].append(int(reward["action"]["value"], 16))
        assert paid["block"] == [own]
        assert sum(paid["uncle"]) == int(issued["uncleReward"], 16)
        assert len(paid["uncle"]) == int(uncles, 16)
        assert int(issued["issuance"], 16) == own + sum(paid["uncle"])
        uncles_seen += len(paid["uncle"])
    assert uncles_seen
