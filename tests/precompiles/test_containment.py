"""Nothing but a PrecompileError leaves a precompile, whatever bytes it is given."""

from collections.abc import Callable

import pytest
from eth_utils.abi import function_abi_to_4byte_selector
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto

from precompiles.errors import Fatal, PrecompileError, Revert
from precompiles.inference import INFERENCE
from precompiles.registry import REGISTRY
from tests.precompiles.conftest import INTERFACES, Answer, Host, build_model, encode_call

ADDRESSES = st.sampled_from([INFERENCE, REGISTRY])
SELECTORS = st.sampled_from(
    [
        encode_call(INFERENCE, "infer", bytes(32), [])[:4],
        encode_call(INFERENCE, "quote", bytes(32), [])[:4],
        encode_call(REGISTRY, "register", bytes(32))[:4],
        encode_call(REGISTRY, "setAlias", "x", bytes(32))[:4],
        encode_call(REGISTRY, "manifest", bytes(32))[:4],
        encode_call(REGISTRY, "resolve", "x")[:4],
    ]
)
WORDS = st.integers(0, 20).map(lambda n: 32 * n) | st.integers(0, 70) | st.integers(0, 2**256 - 1)


@pytest.fixture(scope="module")
def known(make_host: Callable[[], Host], digits: bytes, joiner: bytes) -> Host:
    """A host that knows three models, one of them float and of rank 0, and a name."""
    host = make_host()
    kind = (TensorProto.FLOAT, ())
    for model in (digits, joiner, build_model("Neg", {"x": kind}, {"y": kind})):
        host.add(model)
    host.ask(REGISTRY, "setAlias", "digits", host.models[0])
    return host


def list_calls(host: Host) -> list[tuple[bytes, bytes]]:
    """One valid call of every function and model."""
    digits, joiner, scalar = host.models
    inputs = {
        digits: [(2, (1, 64), bytes(64))],
        joiner: [(2, (2,), b"ab"), (2, (3,), b"cde")],
        scalar: [(1, (), bytes(4))],
    }
    calls = [
        (INFERENCE, encode_call(INFERENCE, function, model_id, tensors))
        for function in ("infer", "quote")
        for model_id, tensors in inputs.items()
    ]
    return [
        *calls,
        (REGISTRY, encode_call(REGISTRY, "register", digits)),
        (REGISTRY, encode_call(REGISTRY, "manifest", joiner)),
        (REGISTRY, encode_call(REGISTRY, "setAlias", "another", scalar)),
        (REGISTRY, encode_call(REGISTRY, "resolve", "digits")),
    ]


def assert_contained(host: Host, to: bytes, data: bytes, gas: int = 10**9) -> None:
    """An answer within its gas, or an error of ours; a revert also has data to return."""
    outcome: Answer | PrecompileError
    try:
        outcome = host.call(to, data, gas=gas)
    except PrecompileError as stop:
        outcome = stop
    if isinstance(outcome, Answer):
        assert outcome.gas <= gas
    elif isinstance(outcome, Revert):
        assert outcome.data[:4].hex() == "08c379a0"
    else:
        assert str(outcome)


@settings(max_examples=500)
@given(ADDRESSES, st.binary(max_size=400))
def test_arbitrary_bytes_are_contained(known: Host, to: bytes, data: bytes) -> None:
    """Most are no function at all."""
    assert_contained(known, to, data)


@settings(max_examples=500)
@given(ADDRESSES, SELECTORS, st.booleans(), st.lists(WORDS, max_size=20), st.binary(max_size=31))
def test_arbitrary_arguments_are_contained(
    known: Host, to: bytes, selector: bytes, is_known: bool, words: list[int], tail: bytes
) -> None:
    """Behind every selector, with or without the id of a known model, words like offsets."""
    body = b"".join(word.to_bytes(32, "big") for word in words) + tail
    model_id = known.models[0] if is_known else b""
    assert_contained(known, to, selector + model_id + body)


@settings(max_examples=600)
@given(st.data())
def test_mutations_of_valid_calls_are_contained(known: Host, data: st.DataObject) -> None:
    """Words replaced, bits flipped, ends cut or extended, gas from nothing to plenty."""
    to, call = data.draw(st.sampled_from(list_calls(known)))
    mutated = bytearray(call)
    for _ in range(data.draw(st.integers(0, 3))):
        if data.draw(st.booleans()):
            at = data.draw(st.integers(0, len(call) - 1))
            mutated[at] ^= 1 << data.draw(st.integers(0, 7))
        else:
            at = 4 + 32 * data.draw(st.integers(0, len(call) // 32 - 1))
            mutated[at : at + 32] = data.draw(WORDS).to_bytes(32, "big")
    cut = data.draw(st.just(len(mutated)) | st.integers(0, len(mutated)))
    gas = data.draw(st.just(10**9) | st.integers(0, 300_000))
    assert_contained(known, to, bytes(mutated[:cut]) + data.draw(st.binary(max_size=40)), gas)


def test_valid_calls_are_answered(known: Host) -> None:
    """The calls that are mutated above do work as they are."""
    for to, call in list_calls(known):
        known.call(to, call)


@settings(max_examples=100)
@given(st.binary(max_size=64))
def test_whether_a_host_has_a_model_never_shows_in_an_outcome(known: Host, tail: bytes) -> None:
    """A fault comes only from registering bytes that this host lacks."""
    for to, interface in INTERFACES.items():
        for function, element in interface.items():
            try:
                known.call(to, function_abi_to_4byte_selector(element) + tail)
            except Fatal:
                assert function in ("register", "registerBound")
            except PrecompileError:
                pass
