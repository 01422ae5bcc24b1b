"""A node asked from afar shows what its own chain holds, and an audit finds the same in both."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import rlp

from devnet.audits import build_local_chain
from devnet.errors import BadBundle, NoAnswer, RemoteError
from devnet.rpc.remote_chain import RemoteChain
from devnet.verification.audit.finding import Result
from precompiles.digest import compute_keccak
from precompiles.errors import ModelMissing
from precompiles.models.samples import read_sample
from tests.conftest import Driver
from tests.rpc.conftest import Rpc
from tests.verification.audit.conftest import audit, build_lying_chain


@dataclass
class Asker:
    """Asks a node in this process as a client would; some answers are changed on the way."""

    rpc: Rpc
    changes: dict[str, Any]

    def request(self, method: str, *params: Any) -> Any:
        answer = self.rpc.answer(method, *params)
        if "error" in answer:
            raise RemoteError(answer["error"]["message"], answer["error"]["code"])
        change = self.changes.get(method)
        return answer["result"] if change is None else change(answer["result"])


@pytest.fixture(scope="module")
def driver() -> Iterator[Driver]:
    """Six calls, some of them wrong, a plain transfer and an empty block."""
    driver = build_lying_chain((7, 1, 1), {"v0": "wrong-model@height>=5"}, digits=6)
    driver.send(b"\x11" * 20, gas=21_000)
    driver.node.mine()
    yield driver
    driver.node.close()


def open_remote(driver: Driver, **changes: Any) -> RemoteChain:
    """The chain behind its JSON text."""
    return RemoteChain(Asker(Rpc(driver.node), changes))  # type: ignore[arg-type]


def test_audit_from_afar_says_what_one_on_the_spot_says(driver: Driver) -> None:
    """Call by call."""
    remote, local = open_remote(driver), build_local_chain(driver.node)
    assert (remote.chain_id, remote.head, remote.agreement) == (
        *(local.chain_id, local.head, local.agreement),
    )
    assert audit(remote) == audit(local)
    for number in range(local.head + 1):
        shown, held = remote.read_record(number), local.read_record(number)
        assert (shown.header, shown.claims) == (held.header, held.claims)
        assert shown.seal == (held.seal if held.claims else None)


def test_model_comes_as_it_is(driver: Driver) -> None:
    """Bytes of a registered model; an unknown id is a model that is missing."""
    remote = open_remote(driver)
    model_id = bytes.fromhex(Rpc(driver.node)("inference_models")[0]["id"][2:])
    assert remote.read_model(model_id) == read_sample("digits_exact")
    with pytest.raises(ModelMissing, match="no model"):
        remote.read_model(compute_keccak(b"unknown"))


def test_answers_that_contradict_each_other_are_no_record(driver: Driver) -> None:
    """A header that does not read, of another block, or not that of the bundles."""
    good = Rpc(driver.node)("debug_getRawHeader", "0x3")
    for header, words in (
        ("0xc0", "header of block 2 does not read"),
        ("0x", "header of block 2 does not read"),
        (good, "shows block 3"),
    ):
        remote = open_remote(driver, debug_getRawHeader=lambda _, header=header: header)
        with pytest.raises(BadBundle, match=words):
            remote.read_record(2)
    changed = open_remote(driver, inference_bundle=_move_header)
    with pytest.raises(BadBundle, match="different headers"):
        changed.read_record(2)


def test_bundle_that_does_not_read_is_refuted(driver: Driver) -> None:
    """What is said of all these blocks is said once."""
    remote = open_remote(driver, inference_bundle=lambda bundle: {**bundle, "path": None})
    (finding,) = audit(remote)
    assert (finding.step, finding.blocks) == ("bundle", range(2, 8))


def test_hidden_calls_are_missed_from_afar(driver: Driver) -> None:
    """The header says that there were some."""
    remote = open_remote(driver, inference_receipts=lambda _: [])
    findings = audit(remote)
    assert [finding.step for finding in findings] == ["inference receipt"] * 6
    assert findings[0].receipt is None


def test_bundles_of_another_chain_are_refused(driver: Driver) -> None:
    """Sets that follow from signatures of one chain sign nothing on another."""
    remote = open_remote(driver, inference_bundle=lambda bundle: {**bundle, "chainId": 1})
    (first, *_) = audit(remote)
    assert (first.result, first.step) == (Result.REFUTED, "bundle")
    assert "a bundle is of chain 1, the node says it is on chain 31337" in first.reason


@pytest.mark.parametrize(
    "method",
    ["debug_getRawHeader", "eth_getBlockByNumber", "inference_receipts", "inference_modelFile"],
)
@pytest.mark.parametrize("answer", [None, "x", {"transactions": None}])
def test_answer_of_another_form_leaves_it_open(driver: Driver, method: str, answer: Any) -> None:
    """Nothing is refuted by it, and the audit goes on to the end."""
    findings = audit(open_remote(driver, **{method: lambda _: answer}))
    assert {finding.result for finding in findings} == {Result.CANNOT_TELL}
    assert f"the node answers {method} with " in findings[0].reason
    assert 7 in findings[-1].blocks


@pytest.mark.parametrize("method", ["eth_chainId", "eth_blockNumber", "consensus_status"])
@pytest.mark.parametrize("answer", [None, 7, "0x", "0x" + "f" * 65])
def test_what_is_no_devnet_is_recognised(driver: Driver, method: str, answer: Any) -> None:
    """Before any block is asked for."""
    with pytest.raises(RemoteError, match=f"the node answers {method} with .*; is it a devnet"):
        open_remote(driver, **{method: lambda _: answer})


def test_header_that_nests_without_end_is_no_header(driver: Driver) -> None:
    """It is not even decoded."""
    nested = b""
    for _ in range(5_000):
        nested = rlp.codec.length_prefix(len(nested), 0xC0) + nested
    remote = open_remote(driver, debug_getRawHeader=lambda _: "0x" + nested.hex())
    with pytest.raises(BadBundle, match="the header of block 2 has"):
        remote.read_record(2)


def test_node_that_goes_away_leaves_the_rest_open(driver: Driver) -> None:
    """What was found before stays; the blocks after it are one finding."""
    remote = open_remote(driver)
    whole = audit(remote)
    asker = remote._client
    asked: list[str] = []

    def request(method: str, *params: Any) -> Any:
        asked.append(method)
        if asked.count("debug_getRawHeader") > 4:
            raise NoAnswer("no node answers")
        return Asker.request(asker, method, *params)  # type: ignore[arg-type]

    remote._client.request = request  # type: ignore[method-assign]
    *before, last = audit(remote)
    assert (last.result, last.step, last.blocks) == (
        *(Result.CANNOT_TELL, "node", range(4, remote.head + 1)),
    )
    assert tuple(before) == whole[: len(before)]
    assert asked.count("debug_getRawHeader") == 5


def _move_header(bundle: dict[str, Any]) -> dict[str, Any]:
    header = {**bundle["header"], "timestamp": bundle["header"]["timestamp"] + 1}
    return {**bundle, "header": header}
