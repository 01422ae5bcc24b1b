"""Calls see the head's state and block, change nothing, and explain why they fail."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from eth_abi.abi import encode

from devnet.errors import (
    BadTransaction,
    ChainError,
    ExecutionFailed,
    ExecutionReverted,
    HostError,
    InsufficientFunds,
    IntrinsicGasTooLow,
)
from precompiles.digest import compute_keccak
from precompiles.models.samples import read_sample
from precompiles.registry import REGISTER, REGISTRY

if TYPE_CHECKING:
    from tests.chain.conftest import Bench

FRESH = bytes.fromhex("f5" * 20)
KEEPER = bytes.fromhex("a1" * 20)  # stores call data word 0 in slot 0, returns what was there
ECHO_REVERT = bytes.fromhex("a2" * 20)  # reverts with its call data
CONTEXT = bytes.fromhex("a3" * 20)  # returns what it sees of the block and the message
INVALID = bytes.fromhex("a4" * 20)
SPIN = bytes.fromhex("a5" * 20)  # loops for ever
WIPER = bytes.fromhex("a6" * 20)  # stores call data word 0 in three slots
INFERENCE = bytes(19) + b"\xf7"
SEEN = ("NUMBER", "TIMESTAMP", "COINBASE", "BASEFEE", "GASPRICE", "ORIGIN", "CALLVALUE", "CHAINID")


@pytest.fixture
def bench(make_bench: Callable[..., Bench], assemble: Callable[..., bytes]) -> Bench:
    """A world with the contracts above and one block."""
    seen = [part for at, name in enumerate(SEEN) for part in (name, 32 * at, "MSTORE")]
    answer = (0, "MSTORE", 32, 0, "RETURN")
    keep = (0, "SLOAD", 0, "CALLDATALOAD", 0, "SSTORE", *answer)
    echo = ("CALLDATASIZE", 0, 0, "CALLDATACOPY", "CALLDATASIZE", 0, "REVERT")
    wipe = [part for slot in range(3) for part in (0, "CALLDATALOAD", slot, "SSTORE")]
    bench = make_bench({
        KEEPER: assemble(*keep),
        ECHO_REVERT: assemble(*echo),
        CONTEXT: assemble(*seen, 32 * len(SEEN), 0, "RETURN"),
        INVALID: b"\xfe",
        SPIN: assemble("JUMPDEST", 0, "JUMP"),
        WIPER: assemble(*wipe),
    })  # fmt: skip
    bench.run(bench.sign(to=KEEPER, data=(5).to_bytes(32, "big")))
    return bench


def test_call_reads_the_head_and_leaves_it_as_it_was(bench: Bench) -> None:
    """A write in a call is seen by nobody after it."""
    for _ in range(2):
        result = bench.call(to=KEEPER, data=(9).to_bytes(32, "big"))
        assert int.from_bytes(result.output, "big") == 5
    assert bench.read(KEEPER, 0) == 5
    assert bench.open().get_nonce(bench.accounts[0].address) == 1


def test_call_sees_the_block_it_is_asked_about(bench: Bench) -> None:
    """Number, time and proposer are the head's; the base fee shows only to who pays a price."""
    head, sender = bench.head, bench.accounts[3].address
    for price, base_fee in ((0, 0), (2 * 10**9, head.base_fee_per_gas)):
        output = bench.call(
            sender=sender, to=CONTEXT, value=7, max_fee=price, tip=price, gas=10**6
        ).output
        words = [int.from_bytes(output[at : at + 32], "big") for at in range(0, len(output), 32)]
        assert dict(zip(SEEN, words, strict=True)) == {
            "NUMBER": head.number,
            "TIMESTAMP": head.timestamp,
            "COINBASE": int.from_bytes(head.coinbase, "big"),
            "BASEFEE": base_fee,
            "GASPRICE": price,
            "ORIGIN": int.from_bytes(sender, "big"),
            "CALLVALUE": 7,
            "CHAINID": 31337,
        }


def test_call_may_come_from_anyone(bench: Bench) -> None:
    """A call needs no key, no nonce and no funds: contracts and empty accounts may send it."""
    for sender in (bytes(20), FRESH, KEEPER, INFERENCE):
        assert bench.call(sender=sender, to=KEEPER, data=bytes(32)).gas_used > 21_000


def test_call_of_creation_code_returns_the_code(bench: Bench, wrap: Callable[..., bytes]) -> None:
    """Without a target, the output is what would be deployed."""
    assert bench.call(data=wrap(b"\x01\x02\x03")).output == b"\x01\x02\x03"


def test_gas_used_is_that_of_the_transaction(bench: Bench) -> None:
    """Refund and floor are taken as in a block."""
    cases: list[dict[str, Any]] = [
        {"to": FRESH, "value": 1},
        {"to": KEEPER, "data": bytes(32)},
        {"to": WIPER, "data": bytes(31) + b"\x01"},
        {"to": WIPER, "data": bytes(32)},  # more to refund than EIP-3529 allows
        {"to": FRESH, "data": b"\x01" * 500},
    ]
    for fields in cases:
        expected = bench.call(**fields).gas_used
        assert bench.run(bench.sign(**fields)).receipts[0].gas_used == expected
        bench.run(bench.sign(to=KEEPER, data=(5).to_bytes(32, "big")))


ERROR = compute_keccak(b"Error(string)")[:4]
PANIC = compute_keccak(b"Panic(uint256)")[:4]
REASON = ERROR + encode(["string"], ["no more tea"])


@pytest.mark.parametrize(
    ("fields", "error", "words"),
    [
        ({"to": ECHO_REVERT, "data": REASON}, ExecutionReverted, "execution reverted: no more tea"),
        ({"to": ECHO_REVERT, "data": PANIC + encode(["uint256"], [0x11])}, ExecutionReverted,
         "execution reverted: arithmetic underflow or overflow"),
        ({"to": ECHO_REVERT, "data": b"\x12\x34\x56\x78" + bytes(32)}, ExecutionReverted,
         "execution reverted: custom error 0x12345678"),
        ({"to": ECHO_REVERT}, ExecutionReverted, "execution reverted"),
        ({"to": INFERENCE, "data": b"\x12\x34\x56\x78"}, ExecutionReverted,
         "execution reverted: BadInput: no function 0x12345678 here; see IInference"),
        ({"to": INVALID}, ExecutionFailed, "invalid opcode: INVALID"),
        ({"to": SPIN, "gas": 50_000}, ExecutionFailed, "out of gas"),
        ({"to": FRESH, "value": 10**30}, InsufficientFunds, f"want {10**30} "),
        ({"to": FRESH, "gas": 100_000, "max_fee": 10**25}, InsufficientFunds, f"want {10**30} "),
        ({"to": FRESH, "gas": 20_999}, IntrinsicGasTooLow, "have 20999, want 21000"),
        ({"data": bytes(49_153)}, BadTransaction, "49153"),
    ],
)  # fmt: skip
def test_failure_says_what_happened(
    bench: Bench, fields: dict[str, Any], error: type[ChainError], words: str
) -> None:
    """Revert data in words, the class of a halt, both values of a refusal."""
    with pytest.raises(error) as failure:
        bench.call(**fields)
    assert type(failure.value) is error
    assert str(failure.value).endswith(words) or words in str(failure.value)


def test_revert_data_reaches_the_caller_whole(bench: Bench) -> None:
    """The error carries what the contract returned, for clients that decode it themselves."""
    with pytest.raises(ExecutionReverted) as failure:
        bench.call(to=ECHO_REVERT, data=REASON)
    assert failure.value.output == REASON
    assert failure.value.rpc_data == "0x" + REASON.hex()


def test_call_reports_its_inferences(bench: Bench, infer_data: Callable[..., bytes]) -> None:
    """What ran off chain is as well known as what ran in a block."""
    model_id = bench.store.put(read_sample("digits_exact"))
    bench.run(bench.sign(to=REGISTRY, data=REGISTER + model_id, gas=2_000_000))
    result = bench.call(to=INFERENCE, data=infer_data(model_id))
    (call,) = result.inferences
    assert call.manifest.model_id == model_id
    assert call.caller == bench.accounts[0].address
    assert call.output_digest == compute_keccak(result.output)


def test_host_that_cannot_answer_says_so(bench: Bench) -> None:
    """A model that is registered but not in the store is the host's fault, not an outcome."""
    with pytest.raises(HostError, match=r"ModelMissing: 0x0{64} .*devnet model add"):
        bench.call(to=REGISTRY, data=REGISTER + bytes(32))
