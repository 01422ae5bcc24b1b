"""Gas estimates are exact: the estimate is enough, and one unit less is not."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from devnet.chain.transaction import decode_transaction
from devnet.errors import (
    ChainError,
    ExecutionFailed,
    ExecutionReverted,
    InsufficientFunds,
    IntrinsicGasTooLow,
)
from precompiles.models.samples import read_sample
from precompiles.registry import REGISTER, REGISTRY

if TYPE_CHECKING:
    from tests.chain.conftest import Bench

FRESH = bytes.fromhex("f5" * 20)
INFERENCE = bytes(19) + b"\xf7"
KEEPER = bytes.fromhex("a1" * 20)  # stores call data word 0 in slot 0
FILLER = bytes.fromhex("a2" * 20)  # writes call data word 0 to three slots
PROXY = bytes.fromhex("a3" * 20)  # forwards its call data to KEEPER with all its gas
CHAIN = bytes.fromhex("a4" * 20)  # forwards to PROXY
PAYER = bytes.fromhex("a5" * 20)  # sends one wei and no gas to FRESH
MEASURER = bytes.fromhex("a6" * 20)  # refuses to run with 50,000 gas or less
ASKER = bytes.fromhex("a7" * 20)  # forwards its call data to the inference precompile
FACTORY = bytes.fromhex("a8" * 20)  # creates a contract from its call data
MIXED = bytes.fromhex("a9" * 20)  # forwards to CHAIN, then clears a slot for a refund
COPY = ("CALLDATASIZE", 0, 0, "CALLDATACOPY")
ONE, ZERO = (1).to_bytes(32, "big"), bytes(32)


@pytest.fixture
def bench(make_bench: Callable[..., Bench], assemble: Callable[..., bytes]) -> Bench:
    """A world with contracts that fail if what they call fails, and the digit model."""

    def require(condition: bytes) -> bytes:
        target = (len(condition) + 7).to_bytes(2)
        return condition + assemble(target, "JUMPI", 0, 0, "REVERT", "JUMPDEST")

    def forward(target: bytes) -> bytes:
        call = (0, 0, "CALLDATASIZE", 0, 0, target, "GAS", "CALL")
        return require(assemble(*COPY, *call))

    write = [part for slot in range(3) for part in (0, "CALLDATALOAD", slot, "SSTORE")]
    codes = {
        KEEPER: assemble(0, "CALLDATALOAD", 0, "SSTORE"),
        FILLER: assemble(*write),
        PROXY: forward(KEEPER),
        CHAIN: forward(PROXY),
        PAYER: require(assemble(0, 0, 0, 0, 1, FRESH, 0, "CALL")),
        MEASURER: require(assemble(50_000, "GAS", "GT")),
        ASKER: forward(INFERENCE),
        FACTORY: require(assemble(*COPY, "CALLDATASIZE", 0, 0, "CREATE")),
        MIXED: forward(CHAIN) + assemble(0, 7, "SSTORE"),
    }
    bench = make_bench(codes)
    model_id = bench.store.put(read_sample("digits_exact"))
    fill = assemble(1, 7, "SSTORE")
    blocks = [
        bench.sign(to=FILLER, data=ONE),
        bench.sign(to=PAYER, value=10),
        bench.sign(to=REGISTRY, data=REGISTER + model_id, gas=2_000_000),
        bench.sign(data=fill, gas=200_000),
    ]
    assert all(receipt.succeeded for receipt in bench.run(*blocks).receipts)
    return bench


CALLS: dict[str, dict[str, Any]] = {
    "transfer": {"to": FRESH, "value": 1},
    "creation of nothing": {},
    "call data at the floor": {"to": FRESH, "data": b"\x01" * 300},
    "first write": {"to": KEEPER, "data": ONE},
    "write of zero to zero": {"to": KEEPER, "data": ZERO},
    "clearing for a refund": {"to": FILLER, "data": ZERO},
    "call of a call": {"to": PROXY, "data": ONE},
    "three calls deep": {"to": CHAIN, "data": ONE},
    "payment with the stipend alone": {"to": PAYER},
    "gas is measured": {"to": MEASURER},
    "nested creation": {"to": FACTORY, "data": b"\x60\x40\x5f\xf3"},
    "nested calls, then a refund": {"to": MIXED, "data": ONE},
    "creation with a deposit": {"data": b"\x61\x01\x00\x5f\xf3"},
    "creation without code": {"data": b"\x00"},
    "creation that runs long code": {"data": b"\x60\x01\x50" * 300},
    "creation at the floor": {"data": b"\x00" + b"\x01" * 3_000},
    "sha256": {"to": bytes(19) + b"\x02", "data": bytes(100)},
}


def run_with(bench: Bench, fields: dict[str, Any], gas: int) -> bool:
    """Whether a transaction with this gas limit succeeds."""
    raw = bench.sign(9, **{"to": b"", **fields, "gas": gas, "nonce": 0})
    return bench.execute([decode_transaction(raw)]).receipts[0].succeeded


def assert_exact(bench: Bench, fields: dict[str, Any]) -> int:
    """The estimate is enough, in a call and in a block, and one unit less is not."""
    sender = bench.accounts[9].address
    gas = bench.estimate(sender=sender, **fields)
    bench.call(sender=sender, **fields, gas=gas)
    assert run_with(bench, fields, gas)
    with pytest.raises((ExecutionFailed, ExecutionReverted, IntrinsicGasTooLow)):
        bench.call(sender=sender, **fields, gas=gas - 1)
    with suppress(IntrinsicGasTooLow):
        assert not run_with(bench, fields, gas - 1)
    return gas


@pytest.mark.parametrize("fields", CALLS.values(), ids=CALLS)
def test_estimate_is_exact_to_the_unit(bench: Bench, fields: dict[str, Any]) -> None:
    """Also where EIP-150 holds gas back, a refund comes later, or the floor of call data binds."""
    assert_exact(bench, fields)


def test_estimate_of_a_transfer_is_the_intrinsic_gas(bench: Bench) -> None:
    """21,000, whatever the value."""
    assert assert_exact(bench, {"to": FRESH, "value": 5}) == 21_000


@pytest.mark.parametrize("target", [INFERENCE, ASKER], ids=["direct", "through a contract"])
def test_estimate_of_an_inference_is_exact(
    bench: Bench, infer_data: Callable[..., bytes], target: bytes
) -> None:
    """The precompile's static gas leaves nothing to guess."""
    model_id = bench.store.put(read_sample("digits_exact"))
    assert_exact(bench, {"to": target, "data": infer_data(model_id)})


def test_estimate_of_a_registration_is_exact(bench: Bench) -> None:
    """Admission and every stored word are charged before they are done."""
    model_id = bench.store.put(read_sample("digits_float"))
    assert_exact(bench, {"to": REGISTRY, "data": REGISTER + model_id})


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"to": ASKER, "data": b"\x01\x02\x03\x04"}, ExecutionReverted),
        ({"data": b"\xfe"}, ExecutionFailed),
        ({"to": FRESH, "value": 10**30}, InsufficientFunds),
        ({"to": MEASURER, "gas": 60_000}, ExecutionReverted),
        ({"to": KEEPER, "data": ONE, "gas": 30_000}, ExecutionFailed),
        ({"data": bytes(2_000), "gas": 21_000}, ExecutionFailed),
        ({"to": FRESH, "max_fee": 10**30, "tip": 1}, ExecutionFailed),
    ],
)
def test_call_that_cannot_succeed_has_no_estimate(
    bench: Bench, fields: dict[str, Any], error: type[ChainError]
) -> None:
    """The error is that of the call with all the gas there is, or that the caller allows."""
    with pytest.raises(error):
        bench.estimate(**fields)
