"""Registry: what the chain knows of a model comes from its own state, and only by admission."""

import itertools
import math
from collections.abc import Callable
from dataclasses import astuple

import pytest
from eth_abi.abi import decode
from eth_utils.crypto import keccak

from precompiles.errors import (
    BadInput,
    ModelMissing,
    NotAdmitted,
    NotAllowed,
    OutOfGas,
    UnknownModel,
    WriteProtection,
)
from precompiles.gas import Schedule, compute_check_gas, compute_trial_gas
from precompiles.models.admission import admit_model
from precompiles.models.manifest import Registration, encode_registration
from precompiles.models.samples import read_sample
from precompiles.registry import REGISTRY, read_models, read_registration
from tests.precompiles.conftest import ALICE, BOB, Host, encode_call

NOBODY = b"\x77" * 32


def test_a_registered_model_is_known_with_its_owner(host: Host, digits: bytes) -> None:
    """Contract state holds what admission says of the bytes, and who asked."""
    model_id = host.store.put(digits)
    assert read_registration(host.state, model_id) is None
    host.ask(REGISTRY, "register", model_id, caller=BOB)
    expected = Registration(admit_model(digits), BOB)
    assert read_registration(host.state, model_id) == expected
    assert read_models(host.state) == (expected,)


def test_registering_again_changes_nothing(host: Host, digits: bytes) -> None:
    """Content-addressed: no write, no event, no new owner, and only a look-up is charged."""
    model_id = host.add(digits)
    slots, logs = dict(host.state.slots), list(host.state.logs)
    answer = host.call(REGISTRY, encode_call(REGISTRY, "register", model_id), caller=BOB)
    assert answer == (b"", Schedule().read)
    assert (host.state.slots, host.state.logs) == (slots, logs)


def test_registering_again_needs_no_bytes(host: Host, make_host: Callable[[], Host]) -> None:
    """A host that lost the blob still answers from contract state."""
    model_id = host.add(read_sample("digits_exact"))
    other = make_host()
    other.state.slots = host.state.slots
    other.ask(REGISTRY, "register", model_id)


def test_registration_logs_an_event_a_client_can_read(host: Host, digits: bytes) -> None:
    """Topics and data as `IModelRegistry` declares them."""
    model_id = host.add(digits)
    ((topics, data),) = host.state.logs
    name = keccak(text="ModelRegistered(bytes32,address,uint8)")
    assert topics == (name, model_id, bytes(12) + ALICE)
    assert decode(["uint8"], data) == (0,)


def test_models_are_listed_in_the_order_of_registration(
    host: Host, digits: bytes, joiner: bytes
) -> None:
    """Not in the order of their ids or records."""
    ids = [host.add(model) for model in (joiner, read_sample("digits_float"), digits)]
    assert [found.manifest.model_id for found in read_models(host.state)] == ids


def test_manifest_reads_back_through_the_abi(host: Host, joiner: bytes) -> None:
    """Every field of the struct, in Solidity's order."""
    model_id = host.add(joiner)
    manifest = admit_model(joiner)
    assert host.ask(REGISTRY, "manifest", model_id) == (
        model_id,
        int(manifest.profile),
        "0x" + ALICE.hex(),
        len(joiner),
        *astuple(manifest.work)[:3],
        (("left", 2, (2,)), ("right", 2, (3,))),
        (("whole", 2, (5,)),),
        (),
    )


def test_an_unknown_model_is_an_outcome(host: Host) -> None:
    """Unknown to the chain, whether or not this host holds the bytes."""
    for model_id in (NOBODY, host.store.put(read_sample("digits_exact"))):
        with pytest.raises(UnknownModel, match=f"0x{model_id.hex()}.*is not registered"):
            host.ask(REGISTRY, "manifest", model_id)


def test_a_model_this_host_lacks_is_a_fault(host: Host) -> None:
    """It cannot know what admission would say, so it does not answer."""
    with pytest.raises(ModelMissing):
        host.ask(REGISTRY, "register", NOBODY)


def test_a_refused_model_leaves_no_trace(host: Host) -> None:
    """Bytes that are no model are stored by the host, not by the chain."""
    model_id = host.store.put(b"not an ONNX file")
    with pytest.raises(NotAdmitted):
        host.ask(REGISTRY, "register", model_id)
    assert (host.state.slots, host.state.logs) == ({}, [])
    assert read_registration(host.state, model_id) is None


def test_a_static_call_registers_nothing(host: Host, digits: bytes) -> None:
    """Write protection, which burns the gas of the call."""
    model_id = host.store.put(digits)
    with pytest.raises(WriteProtection):
        host.ask(REGISTRY, "register", model_id, static=True)
    assert host.state.slots == {}
    host.add(digits)
    assert host.ask(REGISTRY, "manifest", model_id, static=True)[0] == model_id


def test_a_delegatecall_is_refused(host: Host, digits: bytes) -> None:
    """It would write the caller's storage, where nobody looks."""
    model_id = host.store.put(digits)
    calls = (("register", model_id), ("setAlias", "digits", model_id))
    for function, *arguments in calls:
        with pytest.raises(NotAllowed, match="delegatecall"):
            host.ask(REGISTRY, function, *arguments, storage=BOB)
    assert host.state.slots == {}


def test_reading_through_a_delegatecall_reads_the_registry(host: Host, digits: bytes) -> None:
    """Reads do not depend on whose storage the frame writes."""
    model_id = host.add(digits)
    assert host.ask(REGISTRY, "manifest", model_id, storage=BOB)[0] == model_id


def test_registration_costs_what_the_schedule_says(host: Host, digits: bytes) -> None:
    """Look-up, check by the byte, trial runs, and a word for each stored word, four fixed."""
    prices = Schedule()
    model_id = host.store.put(digits)
    answer = host.call(REGISTRY, encode_call(REGISTRY, "register", model_id))
    manifest = admit_model(digits)
    record = encode_registration(Registration(manifest, ALICE))
    words = 4 + math.ceil(len(record) / 32)
    assert len(host.state.slots) == words
    check, trial = compute_check_gas(prices, len(digits)), compute_trial_gas(prices, manifest)
    assert answer.gas == prices.read + check + trial + prices.register_per_word * words


def test_registration_short_of_one_gas_registers_nothing(
    host: Host, make_host: Callable[[], Host], digits: bytes
) -> None:
    """The exact cost is enough, one less is not."""
    data = encode_call(REGISTRY, "register", host.store.put(digits))
    cost = host.call(REGISTRY, data).gas
    other = make_host()
    other.store.put(digits)
    with pytest.raises(OutOfGas):
        other.call(REGISTRY, data, gas=cost - 1)
    assert other.state.slots == {}
    assert other.call(REGISTRY, data, gas=cost).gas == cost
    assert other.state.slots == host.state.slots


def test_admission_is_paid_before_the_bytes_are_parsed(host: Host) -> None:
    """Rubbish costs the same as a model: with one gas too little nobody looks at it."""
    model_id = host.store.put(b"not an ONNX file")
    cost = Schedule().read + compute_check_gas(Schedule(), 16)
    with pytest.raises(OutOfGas):
        host.ask(REGISTRY, "register", model_id, gas=cost - 1)
    with pytest.raises(NotAdmitted):
        host.ask(REGISTRY, "register", model_id, gas=cost)


def test_a_reverted_registration_is_forgotten(host: Host, digits: bytes) -> None:
    """Nothing is remembered outside contract state."""
    model_id = host.add(digits)
    assert read_registration(host.state, model_id) is not None
    host.state.slots.clear()
    assert read_registration(host.state, model_id) is None


def test_a_record_that_does_not_hash_to_its_word_is_not_a_registration(host: Host) -> None:
    """Storage written from outside cannot forge a manifest."""
    model_id = host.store.put(read_sample("digits_exact"))
    host.ask(REGISTRY, "register", model_id, caller=b"\x5e" * 20)
    (first, digest), *_ = host.state.slots.items()
    host.state.slots[first] = digest + 1
    assert read_registration(host.state, model_id) is None


@pytest.mark.parametrize(
    ("function", "body"),
    [
        *itertools.product(("register", "manifest", "setAlias", "resolve"), (b"", bytes(31))),
        *itertools.product(("setAlias", "resolve"), (b"\xff" * 64, bytes(32))),
    ],
)
def test_arguments_that_do_not_decode_are_refused_with_the_signature(
    host: Host, function: str, body: bytes
) -> None:
    """No library's wording reaches the reason: it is part of consensus."""
    arguments: dict[str, tuple[object, ...]] = {
        "setAlias": ("x", NOBODY),
        "resolve": ("x",),
    }
    selector = encode_call(REGISTRY, function, *arguments.get(function, (NOBODY,)))[:4]
    with pytest.raises(BadInput, match=rf"^arguments do not decode; encode them as {function}\("):
        host.call(REGISTRY, selector + body)


def test_an_unknown_function_is_named(host: Host) -> None:
    """The selector and where to look it up."""
    for data in (b"", b"\x12", bytes.fromhex("deadbeef")):
        with pytest.raises(BadInput, match=f"no function 0x{data.hex()} here; see IModelRegistry"):
            host.call(REGISTRY, data)
