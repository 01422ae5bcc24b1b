"""Inference: typed tensors in and out, paid before the model runs, recorded with its digests."""

from typing import Any

import numpy as np
import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak
from onnx import TensorProto

from precompiles.errors import BadInput, ModelMissing, OutOfGas, UnknownModel
from precompiles.gas import Schedule, compute_infer_gas
from precompiles.inference import INFERENCE
from precompiles.interface import Mode
from precompiles.models.admission import admit_model
from precompiles.models.samples import read_digits, read_sample
from precompiles.registry import REGISTRY
from precompiles.tensor import DType, Tensor, encode_tensors
from tests.precompiles.conftest import ALICE, BOB, Host, build_model, encode_call

PIXELS, LABELS = read_digits()
IMAGE = (2, (1, 64), PIXELS[0].tobytes())
TENSORS = "(uint8,uint32[],bytes)[]"


def test_a_digit_is_read_through_the_abi(host: Host, digits: bytes) -> None:
    """As Solidity encodes the call and decodes the answer."""
    (code, shape, data), (_, _, scores) = host.ask(INFERENCE, "infer", host.add(digits), [IMAGE])
    assert (code, shape) == (7, (1,))
    assert np.frombuffer(data, "<i8")[0] == LABELS[0] == np.frombuffer(scores, "<i4").argmax()


def test_held_out_digits_are_read_as_measured(host: Host, digits: bytes) -> None:
    """The accuracy of the file holds behind the precompile."""
    model_id = host.add(digits)
    right = 0
    for image, label in zip(PIXELS, LABELS, strict=True):
        (_, _, data), _ = host.ask(INFERENCE, "infer", model_id, [(2, (1, 64), image.tobytes())])
        right += int(np.frombuffer(data, "<i8")[0] == label)
    assert right == 441


def test_inputs_and_outputs_are_in_declared_order(host: Host, joiner: bytes) -> None:
    """Two inputs of different length, joined left to right."""
    inputs = [(2, (2,), b"ab"), (2, (3,), b"cde")]
    assert host.ask(INFERENCE, "infer", host.add(joiner), inputs) == ((2, (5,), b"abcde"),)


def test_a_call_is_recorded_with_digests_a_contract_can_recompute(
    host: Host, digits: bytes
) -> None:
    """keccak of `abi.encode` of the tensors, on both sides."""
    model_id = host.add(digits)
    answer = host.call(INFERENCE, encode_call(INFERENCE, "infer", model_id, [IMAGE]), caller=BOB)
    (call,) = host.state.calls
    assert (call.caller, call.manifest, call.mode) == (BOB, admit_model(digits), Mode.VANILLA)
    assert call.inputs == (Tensor(DType.UINT8, (1, 64), IMAGE[2]),)
    assert call.input_digest == keccak(encode([TENSORS], [[IMAGE]]))
    assert call.output_digest == keccak(answer.output) == keccak(encode_tensors(call.outputs))
    assert call.gas == answer.gas


def test_equal_tensors_have_equal_digests_however_they_are_encoded(
    host: Host, digits: bytes
) -> None:
    """Gaps and missing padding in the call data do not show."""
    model_id = host.add(digits)
    canonical = encode_call(INFERENCE, "infer", model_id, [IMAGE])
    head, tensors = canonical[:36], canonical[68:]
    shifted = head + (96).to_bytes(32, "big") + b"\xee" * 32 + tensors
    answers = {host.call(INFERENCE, data) for data in (canonical, shifted)}
    assert len(answers) == 1
    assert len({call.input_digest for call in host.state.calls}) == 1


def test_not_a_number_is_digested_in_its_canonical_form(host: Host) -> None:
    """Any NaN payload and either zero: one input digest, one answer."""
    kind = (TensorProto.FLOAT, (3,))
    model_id = host.add(build_model("Identity", {"x": kind}, {"y": kind}))
    patterns = [(0x7FC00000, 0, 1), (0x7F800001, 1 << 31, 1), (0xFFFFFFFF, 0, 1)]
    answers = set()
    for bits in patterns:
        data = b"".join(pattern.to_bytes(4, "little") for pattern in bits)
        answers.add(host.ask(INFERENCE, "infer", model_id, [(1, (3,), data)]))
    assert answers == {((1, (3,), bytes.fromhex("0000c07f0000000001000000")),)}
    assert len({call.input_digest for call in host.state.calls}) == 1


WRONG: dict[str, tuple[list[Any], str]] = {
    "dtype": ([(3, (1, 64), bytes(64))], r"input 'pixels' is int8\[1, 64\], .* uint8\[1, 64\]"),
    "dimension": ([(2, (1, 63), bytes(63))], r"input 'pixels' is uint8\[1, 63\]"),
    "rank": ([(2, (64,), bytes(64))], r"input 'pixels' is uint8\[64\]"),
    "batch": ([(2, (2, 64), bytes(128))], r"input 'pixels' is uint8\[2, 64\]"),
    "none": ([], r"0 tensors given, the model wants pixels: uint8\[1, 64\]"),
    "two": ([IMAGE, IMAGE], "2 tensors given, the model wants pixels"),
    "size": ([(2, (1, 64), bytes(63))], r"tensor 0 is uint8\[1, 64\] and needs 64 bytes, 63 given"),
    "code": ([(99, (1, 64), bytes(64))], "dtype 99 of tensor 0 is not supported"),
}


@pytest.mark.parametrize("function", ["infer", "quote"])
@pytest.mark.parametrize(("inputs", "message"), WRONG.values(), ids=WRONG)
def test_inputs_that_do_not_fit_are_refused_before_the_model_runs(
    host: Host, digits: bytes, function: str, inputs: list[Any], message: str
) -> None:
    """What was given, what the model wants; a quote refuses what a call would."""
    model_id = host.add(digits)
    with pytest.raises(BadInput, match=message):
        host.ask(INFERENCE, function, model_id, inputs)
    assert (host.engine.runs, host.state.calls) == (0, [])


@pytest.mark.parametrize("function", ["infer", "quote"])
def test_an_unknown_model_is_an_outcome(host: Host, digits: bytes, function: str) -> None:
    """Whether or not this host's store has the bytes: only the chain decides."""
    for model_id in (bytes(32), host.store.put(digits)):
        with pytest.raises(UnknownModel, match="register it"):
            host.ask(INFERENCE, function, model_id, [IMAGE])


def test_a_registered_model_without_bytes_is_a_fault(host: Host, digits: bytes) -> None:
    """The host abstains; it does not say that the model is unknown."""
    model_id = host.add(digits)
    host.engine.store = type(host.store)()
    with pytest.raises(ModelMissing):
        host.ask(INFERENCE, "infer", model_id, [IMAGE])
    assert host.ask(INFERENCE, "quote", model_id, [IMAGE]) > 0


@pytest.mark.parametrize("name", ["digits_exact", "digits_float"])
def test_the_quote_is_what_infer_charges(host: Host, name: str) -> None:
    """To the unit, by the ABI, and by the formula."""
    model = read_sample(name)
    model_id = host.add(model)
    (pixels,) = admit_model(model).inputs
    inputs = [(int(pixels.dtype), pixels.shape, bytes(pixels.size_bytes))]
    quote = host.ask(INFERENCE, "quote", model_id, inputs)
    charged = host.call(INFERENCE, encode_call(INFERENCE, "infer", model_id, inputs)).gas
    assert quote == charged == compute_infer_gas(Schedule(), admit_model(model))


def test_with_one_gas_too_little_the_model_does_not_run(host: Host, digits: bytes) -> None:
    """Every smaller limit down to nothing: out of gas, no run, no record."""
    model_id = host.add(digits)
    data = encode_call(INFERENCE, "infer", model_id, [IMAGE])
    cost = host.ask(INFERENCE, "quote", model_id, [IMAGE])
    for gas in (cost - 1, cost // 2, Schedule().read, Schedule().read - 1, 0):
        with pytest.raises(OutOfGas):
            host.call(INFERENCE, data, gas=gas)
    assert (host.engine.runs, host.state.calls) == (0, [])
    assert host.call(INFERENCE, data, gas=cost).gas == cost
    assert host.engine.runs == 1


def test_gas_is_paid_before_the_inputs_are_looked_at(host: Host, digits: bytes) -> None:
    """A wrong shape with too little gas is out of gas: decoding is work too."""
    model_id = host.add(digits)
    with pytest.raises(OutOfGas):
        host.ask(INFERENCE, "infer", model_id, [], gas=Schedule().read)


def test_a_quote_costs_one_look_up_and_runs_nothing(host: Host, digits: bytes) -> None:
    """Cheap for a contract, and never recorded."""
    data = encode_call(INFERENCE, "quote", host.add(digits), [IMAGE])
    assert host.call(INFERENCE, data).gas == Schedule().read
    assert (host.engine.runs, host.state.calls) == (0, [])


@pytest.mark.parametrize("frame", [{"static": True}, {"storage": BOB}, {"caller": bytes(20)}])
def test_the_kind_of_call_does_not_change_the_answer(
    host: Host, digits: bytes, frame: dict[str, Any]
) -> None:
    """A static call, a delegatecall and any caller get the same tensors for the same gas."""
    data = encode_call(INFERENCE, "infer", host.add(digits), [IMAGE])
    assert host.call(INFERENCE, data, **frame) == host.call(INFERENCE, data, caller=ALICE)


def test_a_repeated_call_reads_one_word_of_state(host: Host, digits: bytes) -> None:
    """The record is decoded once; its digest in contract state says that it still holds."""
    data = encode_call(INFERENCE, "infer", host.add(digits), [IMAGE])
    host.call(INFERENCE, data)
    host.state.loads = 0
    host.call(INFERENCE, data)
    assert host.state.loads == 1


@pytest.mark.parametrize("body", [b"", bytes(32), bytes(63)])
def test_short_arguments_are_refused(host: Host, body: bytes) -> None:
    """Less than an id and an offset."""
    selector = encode_call(INFERENCE, "infer", bytes(32), [])[:4]
    with pytest.raises(BadInput, match=f"{len(body)} bytes of arguments"):
        host.call(INFERENCE, selector + body)


def test_an_unknown_function_is_named(host: Host) -> None:
    """The selector and where to look it up."""
    selector = encode_call(REGISTRY, "register", bytes(32))[:4]
    for data in (b"", b"\x12", selector):
        with pytest.raises(BadInput, match=f"no function 0x{data.hex()} here; see IInference"):
            host.call(INFERENCE, data)
