"""Bundles that a node writes: of every fork, of any size, through every change of its set."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from onnx import TensorProto, helper

from devnet.config import WEI_PER_ETHER
from devnet.consensus.staking import STAKING
from devnet.models import Models
from devnet.proofs import build_proof
from devnet.verification.bundle import Bundle, Engine, dump_bundle, parse_bundle
from devnet.verification.step import Mark
from devnet.verification.verifier import Outcome, verify_bundle
from precompiles.digest import compute_keccak
from precompiles.engine.description import hash_description
from precompiles.inference import INFER
from precompiles.models.samples import read_sample
from precompiles.tensor import DType, Tensor, encode_tensors
from tests.conftest import Driver, assemble_code
from tests.verification.test_schema import VALIDATOR

if TYPE_CHECKING:
    from tests.node.conftest import Open

MODEL = read_sample("digits_exact")
LARGE = 1 << 20  # bytes of a tensor


def prove(driver: Driver, transaction_hash: bytes) -> Bundle:
    """The bundle, written, held to its schema, and read."""
    shown = dump_bundle(build_proof(driver.node, transaction_hash))
    VALIDATOR.validate(shown)
    return parse_bundle(json.dumps(shown))


def stake(driver: Driver, address: bytes, units: int) -> None:
    """Deposit for a validator, in the next block."""
    data = compute_keccak(b"deposit(address)")[:4] + address.rjust(32, b"\0")
    driver.node.send_raw(driver.sign(STAKING, data, value=units * WEI_PER_ETHER, gas=500_000))


def build_inverting() -> bytes:
    """x uint8[batch, LARGE]: every bit the other way."""
    kinds = [
        helper.make_tensor_value_info(name, TensorProto.UINT8, ["batch", LARGE]) for name in "xy"
    ]
    nodes = [helper.make_node("BitwiseNot", ["x"], ["y"])]
    graph = helper.make_graph(nodes, "inverting", kinds[:1], kinds[1:])
    opsets = [helper.make_opsetid("", 21)]
    return bytes(helper.make_model(graph, opset_imports=opsets, ir_version=10).SerializeToString())


@pytest.mark.parametrize("hardfork", ["london", "shanghai", "cancun", "prague", "osaka"])
def test_headers_of_every_length_verify(hardfork: str) -> None:
    """A fork's header has the fields of that fork, and no others."""
    driver = Driver(hardfork=hardfork)
    place = driver.infer(driver.add_digits())
    assert verify_bundle(prove(driver, place.transaction.hash), MODEL).outcome is Outcome.VERIFIED


def test_changes_of_a_running_network_are_followed() -> None:
    """Joining, two changes in one block, in blocks in a row, and one that is not in force yet."""
    driver = Driver(validators=6, powers=(2, 2, 2, 2, 0, 0))
    node = driver.node
    model_id = driver.add_digits()
    fourth, fifth = (node.cluster.find(name).address for name in ("v4", "v5"))
    stake(driver, fourth, 1)
    node.set_automine(False)
    stake(driver, fourth, 1)
    stake(driver, fifth, 1)
    node.set_automine(True)
    stake(driver, fifth, 1)
    node.mine(2)
    place = driver.infer(model_id)
    bundle = prove(driver, place.transaction.hash)
    assert len(bundle.changes) == 3
    assert [member.power for member in bundle.validators.members] == [2] * 6
    stake(driver, fifth, 1)
    later = prove(driver, driver.infer(model_id).transaction.hash)
    assert (len(later.changes), later.validators) == (3, bundle.validators)
    last = prove(driver, driver.infer(model_id).transaction.hash)
    assert len(last.changes) == 4
    for each in (bundle, later, last):
        verdict = verify_bundle(each, MODEL)
        assert verdict.outcome is Outcome.VERIFIED, verdict.reason
        genesis = node.history.get_block(0).header.extra_data
        assert verify_bundle(each, MODEL, genesis).outcome is Outcome.VERIFIED


def test_large_tensors_and_sizes_given_at_registration_verify() -> None:
    """A mebibyte in and out, which a contract builds; the file leaves one dimension open."""
    model = build_inverting()
    driver = Driver(block_gas_limit=2**40, caps_transaction_gas=False, validators=1)
    model_id = Models(driver.node).add(model, dimensions={"batch": 1}).model_id
    tensors = encode_tensors([Tensor(DType.UINT8, (1, LARGE), bytes(LARGE))])
    data = INFER + model_id + (64).to_bytes(32, "big") + tensors[32:]
    copy = ("CALLDATASIZE", 0, 0, "CALLDATACOPY")
    call = (0, 0, len(data), 0, 0, b"\xf7", "GAS", "CALL", "POP", "STOP")
    place = driver.send(driver.deploy(assemble_code(*copy, *call)), data[:500], gas=2**36)
    bundle = prove(driver, place.transaction.hash)
    assert bundle.outputs[0].data == b"\xff" * LARGE
    verdict = verify_bundle(bundle, model)
    assert verdict.outcome is Outcome.VERIFIED, verdict.reason


def test_what_a_fingerprint_stood_for_is_kept(reopen: Open) -> None:
    """Also of an engine that this host does not have any more."""
    driver = reopen(validators=2)
    place = driver.infer(driver.add_digits())
    bundle = build_proof(driver.node, place.transaction.hash)
    former = {"runtime": "onnxruntime 1.0", "numpy": "1.0"}
    driver.node.cluster.engines.add(tuple(former.items()))
    driver.node.mine()
    again = reopen().node
    assert build_proof(again, place.transaction.hash).engines == bundle.engines
    assert again.cluster.engines.find(hash_description(former)) == former


def test_an_engine_that_nobody_has_described_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A vote's fingerprint alone: the bundle has no fields for it, and exit code 2."""
    driver = Driver(validators=1)
    place = driver.infer(driver.add_digits())
    monkeypatch.setattr(driver.node.cluster.engines, "find", {}.get)
    bundle = prove(driver, place.transaction.hash)
    assert bundle.engines == (Engine(bundle.certificate.votes[0].fingerprint, None),)
    verdict = verify_bundle(bundle, MODEL)
    assert verdict.outcome is Outcome.CANNOT_TELL
    assert [step.mark for step in verdict.steps if step.name == "engines"] == [Mark.UNKNOWN]
