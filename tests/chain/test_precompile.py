"""Precompiles inside transactions: which inferences count as undone, and faults of the host."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from eth_utils.abi import function_signature_to_4byte_selector

from devnet.chain.precompile import bind_state
from devnet.chain.transaction import decode_transaction
from devnet.errors import HostError
from devnet.receipt import compute_inference_root
from precompiles.errors import Halt, RuntimeBroken
from precompiles.interface import Meter, StateView, Table
from precompiles.models.samples import read_sample
from precompiles.registry import REGISTER, REGISTRY

if TYPE_CHECKING:
    from tests.chain.conftest import Bench

FRESH = bytes.fromhex("f5" * 20)
ASKER = bytes.fromhex("a1" * 20)  # runs the model
TURNCOAT = bytes.fromhex("a2" * 20)  # runs the model, then reverts
CATCHER = bytes.fromhex("a3" * 20)  # calls TURNCOAT, shrugs, runs the model itself
DOOMED = bytes.fromhex("a4" * 20)  # calls CATCHER, then halts
WRITER = bytes.fromhex("a5" * 20)  # writes a slot, runs BROKEN, writes another
BORROWER = bytes.fromhex("a6" * 20)  # delegatecalls the registry
WATCHER = bytes.fromhex("a7" * 20)  # staticcalls the registry
INFERENCE = bytes(19) + b"\xf7"
BROKEN = bytes.fromhex("00" * 18 + "1000")  # a precompile whose runtime is broken
HALTING = bytes.fromhex("00" * 18 + "1001")  # a precompile that halts


def fail_fatally(data: bytes, meter: Meter, state: StateView) -> bytes:
    """The host cannot answer, and has already written something."""
    state.store(9, 9)
    state.log((bytes(32),), b"gone")
    raise RuntimeBroken("the runtime is on fire")


def halt(data: bytes, meter: Meter, state: StateView) -> bytes:
    """An outcome that burns gas."""
    raise Halt("no")


BROKEN_TABLE: Table = {BROKEN: ("Broken", fail_fatally), HALTING: ("Halting", halt)}


@pytest.fixture
def bench(make_bench: Callable[..., Bench], assemble: Callable[..., bytes]) -> Bench:
    """A world with these contracts and the digit model."""
    copy = ("CALLDATASIZE", 0, 0, "CALLDATACOPY")

    def call(kind: str, target: bytes) -> tuple[str | int | bytes, ...]:
        value = () if kind in ("DELEGATECALL", "STATICCALL") else (0,)
        return (0, 0, "CALLDATASIZE", 0, *value, target, "GAS", kind)

    codes = {
        ASKER: assemble(*copy, *call("CALL", INFERENCE)),
        TURNCOAT: assemble(*copy, *call("CALL", INFERENCE), 0, 0, "REVERT"),
        CATCHER: assemble(*copy, *call("CALL", TURNCOAT), *call("CALL", INFERENCE)),
        DOOMED: assemble(*copy, *call("CALL", CATCHER)) + b"\xfe",
        WRITER: assemble(1, 1, "SSTORE", 7, 0, "TSTORE", *call("CALL", BROKEN), 1, 2, "SSTORE"),
        BORROWER: assemble(*copy, *call("DELEGATECALL", REGISTRY), 0, "SSTORE"),
        WATCHER: assemble(*copy, *call("STATICCALL", REGISTRY), 0, "SSTORE"),
    }
    return make_bench(codes, BROKEN_TABLE)


@pytest.fixture
def model_id(bench: Bench) -> bytes:
    """The digit model, registered in block 1."""
    model_id = bench.store.put(read_sample("digits_exact"))
    data = REGISTER + model_id
    assert bench.run(bench.sign(to=REGISTRY, data=data, gas=2_000_000)).receipts[0].succeeded
    return model_id


@pytest.mark.parametrize(
    ("target", "undone"),
    [
        (INFERENCE, [False]),
        (ASKER, [False]),
        (TURNCOAT, [True]),
        (CATCHER, [True, False]),
        (DOOMED, [True, True]),
    ],
    ids=["direct", "by a contract", "reverted", "caught", "halted above"],
)
def test_inference_is_marked_when_its_frame_was_undone(
    bench: Bench,
    model_id: bytes,
    infer_data: Callable[..., bytes],
    target: bytes,
    undone: list[bool],
) -> None:
    """Its own frame or any above it; receipts stand in order of execution, numbered."""
    block = bench.run(bench.sign(to=target, data=infer_data(model_id), gas=500_000))
    receipts = [inference.receipt for inference in block.inferences]
    assert [receipt.reverted for receipt in receipts] == undone
    assert [receipt.call_index for receipt in receipts] == list(range(len(undone)))
    assert block.header.extra_data == compute_inference_root(receipts)
    for receipt in receipts:
        assert receipt.transaction_hash == block.transactions[0].hash
        assert receipt.model_id == model_id
    callers = {
        INFERENCE: [bench.accounts[0].address],
        CATCHER: [TURNCOAT, CATCHER],
        DOOMED: [TURNCOAT, CATCHER],
    }
    assert [receipt.caller for receipt in receipts] == callers.get(target, [target])


def test_failed_call_of_a_model_is_no_inference(
    bench: Bench, model_id: bytes, infer_data: Callable[..., bytes]
) -> None:
    """Unknown model or wrong input: nothing ran, so there is no receipt."""
    good = infer_data(model_id)
    for data in (infer_data(bytes(32)), good[:-32]):
        block = bench.run(bench.sign(to=INFERENCE, data=data, gas=200_000))
        assert not block.receipts[0].succeeded
        assert block.inferences == ()
        assert block.header.extra_data == bytes(32)


def test_indices_count_per_transaction_and_position(
    bench: Bench, model_id: bytes, infer_data: Callable[..., bytes]
) -> None:
    """Each receipt says which transaction of the block and which call in it."""
    sign = bench.sign
    block = bench.run(
        sign(to=CATCHER, data=infer_data(model_id, 0), gas=500_000),
        sign(1, to=FRESH),
        sign(2, to=INFERENCE, data=infer_data(model_id, 1), gas=500_000),
    )
    places = [(i.receipt.transaction_index, i.receipt.call_index) for i in block.inferences]
    assert places == [(0, 0), (0, 1), (2, 0)]
    assert block.inferences[0].receipt.input_digest == block.inferences[1].receipt.input_digest
    assert block.inferences[0].receipt.input_digest != block.inferences[2].receipt.input_digest


@pytest.mark.parametrize("target", [BROKEN, WRITER], ids=["direct", "by a contract"])
def test_fault_of_the_host_leaves_the_transaction_out_without_a_trace(
    bench: Bench, target: bytes
) -> None:
    """A validator cannot answer; a proposer's block is as if the transaction had not been there."""
    before = decode_transaction(bench.sign(to=FRESH, value=1))
    faulty = decode_transaction(bench.sign(1, to=target, gas=200_000))
    after = decode_transaction(bench.sign(2, to=FRESH, value=1))
    with pytest.raises(HostError, match="RuntimeBroken: the runtime is on fire"):
        bench.execute([before, faulty, after])
    left: list[Exception] = []
    block = bench.execute([before, faulty, after], lambda _, reason: left.append(reason))
    assert [type(reason) for reason in left] == [HostError]
    assert block.hash == bench.execute([before, after]).hash


def test_missing_model_is_a_fault_and_unknown_model_an_outcome(
    bench: Bench, model_id: bytes, infer_data: Callable[..., bytes]
) -> None:
    """What the chain knows decides which of the two it is, never this host's store."""
    bench.store._blobs.clear()
    raw = bench.sign(to=INFERENCE, data=infer_data(model_id), gas=200_000)
    with pytest.raises(HostError, match="ModelMissing"):
        bench.execute([decode_transaction(raw)])
    raw = bench.sign(1, to=INFERENCE, data=infer_data(bytes(32)), gas=200_000)
    receipt = bench.run(raw).receipts[0]
    assert (receipt.failure, receipt.succeeded) == ("Revert", False)


def test_halt_of_a_precompile_burns_its_gas(bench: Bench) -> None:
    """A halt is an outcome of the EVM's own kind."""
    receipt = bench.run(bench.sign(to=HALTING, gas=90_000)).receipts[0]
    assert (receipt.succeeded, receipt.gas_used, receipt.failure) == (False, 90_000, "VMError")


@pytest.mark.parametrize("contract", [BORROWER, WATCHER], ids=["delegatecall", "staticcall"])
def test_registry_cannot_be_written_through_a_borrowed_frame(bench: Bench, contract: bytes) -> None:
    """Neither into another contract's storage nor in a static call."""
    model_id = bench.store.put(read_sample("digits_exact"))
    receipt = bench.run(bench.sign(to=contract, data=REGISTER + model_id, gas=2_000_000)).receipts[
        0
    ]
    assert receipt.succeeded
    assert receipt.logs == ()
    assert bench.read(contract, 0) == 0, "the inner call succeeded"
    manifest = function_signature_to_4byte_selector("manifest(bytes32)")
    raw = bench.sign(to=REGISTRY, data=manifest + model_id)
    assert not bench.run(raw).receipts[0].succeeded


def test_two_chains_never_share_a_table() -> None:
    """Binding one table leaves py-evm's own classes and other bindings as they were."""
    first, second = bind_state({}), bind_state(BROKEN_TABLE)
    tables = [state.computation_class.get_precompiles() for state in (first, second)]
    assert [BROKEN in table for table in tables] == [False, True]
    assert set(tables[0]) == set(tables[1]) - set(BROKEN_TABLE)
