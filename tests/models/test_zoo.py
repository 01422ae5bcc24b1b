"""Zoo: the committed sample models are what their README says, and can be made again."""

import hashlib
import re
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import onnx
import pytest

from precompiles.engine.agreement import check_agreement
from precompiles.engine.reference.evaluator import evaluate
from precompiles.engine.session import build_session
from precompiles.models.admission import admit_model
from precompiles.models.graph import read_graph
from precompiles.models.manifest import Profile
from precompiles.models.samples import list_samples, read_digits, read_held_out, read_sample
from precompiles.quantization.port import Port, read_ports
from precompiles.tensor import DType

Array: TypeAlias = npt.NDArray[Any]

ROOT = Path(__file__).resolve().parents[2]
ZOO = ROOT / "precompiles" / "models" / "zoo"
README = (ZOO / "README.md").read_text(encoding="utf-8")
FILE_BYTES_MAX = 200_000

READER_FLOAT = "pixels: float32[1, 64] -> digit: int64[1], scores: float32[1, 10]"
READER_EXACT = "pixels: uint8[1, 64] -> digit: int64[1], scores: int32[1, 10]"
SIGNATURES = {
    "diagnosis_exact": "measurements: int32[1, 30] -> malignant: int64[1], score: int32[1]",
    "diagnosis_float": "measurements: float32[1, 30] -> malignant: int64[1], score: float32[1]",
    "digits_cnn_exact": READER_EXACT,
    "digits_cnn_float": READER_FLOAT,
    "digits_exact": READER_EXACT,
    "digits_float": READER_FLOAT,
    "digits_transformer_exact": READER_EXACT,
    "digits_transformer_float": READER_FLOAT,
    "volatility_exact": "returns: int16[1, 32] -> fee: int32[1, 1]",
    "volatility_float": "returns: float32[1, 32] -> fee: float32[1, 1]",
}
EXACT = [name for name in SIGNATURES if name.endswith("_exact")]
CHOOSING = [name for name in SIGNATURES if not name.startswith("volatility")]
DATA = {"digits": ("pixels", "labels"), "diagnosis": ("measurements", "malignant"),
        "volatility": ("returns", "fee")}  # fmt: skip
ACCURACY_MIN = {"digits_cnn_float": 0.97}  # of the others: 0.95


def read_data(name: str) -> tuple[Array, Array]:
    """Held-out inputs and right answers of a model."""
    family = name.split("_")[0]
    arrays = read_held_out(family)
    inputs, answers = DATA[family]
    return arrays[inputs], arrays[answers]


def answer(model: bytes, inputs: Array) -> Array:
    """The first output for each row, in the float form's units."""
    (port,), outputs = read_ports(model)
    session = build_session(model)
    rows = [session.run(None, {port.type.name: port.encode(row[None])})[0] for row in inputs]
    return outputs[0].decode(np.concatenate(rows)).reshape(len(inputs))


def describe(model: bytes) -> str:
    """Signature of a model in one line."""
    manifest = admit_model(model)
    inputs, outputs = (", ".join(map(str, ends)) for ends in (manifest.inputs, manifest.outputs))
    return f"{inputs} -> {outputs}"


def print_port(port: Port) -> str:
    """An input or output as the README writes it."""
    shape = str(list(port.type.shape)).replace(" ", "")
    return f"`{port.type.name}` {port.type.dtype.name.lower()} {shape}"


def count_right(name: str, model: bytes) -> tuple[int, int]:
    """Held-out samples answered right, and all of them."""
    inputs, labels = read_data(name)
    return int((answer(model, inputs) == labels).sum()), len(labels)


def find_row(name: str) -> list[str]:
    """Cells of the README's row on a model that has figures."""
    for line in README.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if cells[0] == f"`{name}`" and len(cells) > 4:
            return cells
    raise AssertionError(f"no figures of {name} in the README")


def test_samples_are_five_models_in_two_forms() -> None:
    """Every model in the folder can be read by name, and no other can."""
    assert list_samples() == tuple(SIGNATURES)
    assert all(read_sample(name) == (ZOO / f"{name}.onnx").read_bytes() for name in SIGNATURES)


def test_unknown_sample_is_refused_with_near_names() -> None:
    """A misspelt name is answered with the names it may have meant; no path gets through."""
    with pytest.raises(LookupError, match="digits_exact"):
        read_sample("digits_exakt")
    for name in ("../samples", "digits_exact.onnx", ""):
        with pytest.raises(LookupError):
            read_sample(name)
    with pytest.raises(LookupError, match="diagnosis, digits, volatility"):
        read_held_out("../digits")


def test_digits_are_read_by_their_own_name() -> None:
    """A shorter way to what many want."""
    pixels, labels = read_digits()
    assert pixels.dtype == labels.dtype == np.uint8
    np.testing.assert_array_equal(pixels, read_held_out("digits")["pixels"])


@pytest.mark.parametrize("name", SIGNATURES)
def test_committed_model_has_the_stated_signature(name: str) -> None:
    """Names, dtypes, shapes and order are those other parts build on; the README says the same."""
    model = read_sample(name)
    assert describe(model) == SIGNATURES[name]
    ends = (", ".join(map(print_port, ports)) for ports in read_ports(model))
    assert f"| `{name}` | {' | '.join(ends)} |" in README
    proto = onnx.load_from_string(model)
    assert [(opset.domain, opset.version) for opset in proto.opset_import] == [("", 21)]
    assert (proto.ir_version, proto.producer_name) == (10, "devnet")
    assert len({node.name for node in proto.graph.node}) == len(proto.graph.node)


@pytest.mark.parametrize("name", SIGNATURES)
def test_profile_is_exact_for_exact_forms_only(name: str) -> None:
    """By the same admission that a chain runs."""
    assert (admit_model(read_sample(name)).profile is Profile.EXACT) == (name in EXACT)


@pytest.mark.parametrize("name", EXACT)
def test_exact_model_holds_no_float_and_multiplies_unsigned_only(name: str) -> None:
    """u8 by s8 saturates on some hosts; a float anywhere may round differently."""
    graph = read_graph(read_sample(name))
    assert not any(kind.dtype.is_float for kind in graph.types.values())
    products = [n for n in graph.nodes if n.operator in ("MatMulInteger", "ConvInteger")]
    assert products
    assert {graph.types[each].dtype for node in products for each in node.inputs} == {DType.UINT8}


@pytest.mark.parametrize("name", EXACT)
def test_exact_model_gives_equal_bytes_in_both_engines(name: str) -> None:
    """On held-out data and on inputs at every end of their type."""
    model = read_sample(name)
    check_agreement(model, admit_model(model), 0)
    graph, session = read_graph(model), build_session(model)
    (port,), _ = read_ports(model)
    for row in read_data(name)[0][:25]:
        feed = {port.type.name: port.encode(row[None])}
        tensors = evaluate(graph, feed)
        for kind, array in zip(graph.outputs, session.run(None, feed), strict=True):
            assert tensors[kind.name].tobytes() == array.tobytes()


@pytest.mark.parametrize("name", CHOOSING)
def test_readme_states_the_accuracy_measured_now(name: str) -> None:
    """The README's figures come out again, and are worth showing."""
    model = read_sample(name)
    right, total = count_right(name, model)
    original = read_sample(name.replace("_exact", "_float"))
    same = (answer(model, read_data(name)[0]) == answer(original, read_data(name)[0])).mean()
    accuracy = f"{right / total:.2%}".replace("%", " %")
    assert find_row(name)[1] == f"{len(model):,}"
    shown = f"{same:.2%}".replace("%", " %")
    assert find_row(name)[3:] == [shown, f"{right} of {total}", accuracy]
    assert right / total >= ACCURACY_MIN.get(name, 0.95)
    assert same > 0.99


@pytest.mark.parametrize("name", ["volatility_float", "volatility_exact"])
def test_readme_states_the_error_measured_now(name: str) -> None:
    """Of fees, which no model gets exactly right; better than the formula that it also states."""
    inputs, fees = read_data(name)
    guesses = answer(read_sample(name), inputs)
    original = answer(read_sample("volatility_float"), inputs)
    error = np.abs(guesses - fees).mean()
    distance = np.abs(guesses - original).mean()
    assert find_row(name)[3:] == [f"{error:.2f}", f"{distance:.2f}"]
    formula = re.search(r"A formula, .* has ([\d.]+)\.", README)
    assert formula is not None
    assert error < float(formula[1])
    assert distance < 0.2


def test_readme_states_the_digest_of_every_file() -> None:
    """Name, size and SHA-256 of each file beside the README, and of no other; all are small."""
    stated = re.findall(r"^\| `(\S+)` \| ([\d,]+) \| `([0-9a-f]{64})` \|$", README, re.MULTILINE)
    contents = {path.name: path.read_bytes() for path in ZOO.iterdir() if path.name != "README.md"}
    assert {(name, size, digest) for name, size, digest in stated} == {
        (name, f"{len(data):,}", hashlib.sha256(data).hexdigest())
        for name, data in contents.items()
    }
    assert all(len(data) < FILE_BYTES_MAX for data in contents.values())
