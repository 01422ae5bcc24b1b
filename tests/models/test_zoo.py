"""Zoo: the committed sample models are what their README says, and can be made again."""

import hashlib
import re
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, numpy_helper, shape_inference
from sklearn.datasets import load_digits

from precompiles.models.samples import list_samples, read_digits, read_sample

Bytes: TypeAlias = npt.NDArray[np.uint8]
Integers: TypeAlias = npt.NDArray[np.int64]
Signature: TypeAlias = tuple[tuple[str, int, tuple[int, ...]], ...]

ROOT = Path(__file__).resolve().parents[2]
ZOO = ROOT / "precompiles" / "models" / "zoo"
README = (ZOO / "README.md").read_text(encoding="utf-8")
NAMES = ("digits_exact", "digits_float")
FLOATS = {TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.DOUBLE, TensorProto.BFLOAT16}

SIGNATURES: dict[str, Signature] = {
    "digits_float": (
        ("pixels", TensorProto.FLOAT, (1, 64)),
        ("digit", TensorProto.INT64, (1,)),
        ("scores", TensorProto.FLOAT, (1, 10)),
    ),
    "digits_exact": (
        ("pixels", TensorProto.UINT8, (1, 64)),
        ("digit", TensorProto.INT64, (1,)),
        ("scores", TensorProto.INT32, (1, 10)),
    ),
}
OPERATORS = {
    "digits_float": {"Mul", "Gemm", "Relu", "ArgMax"},
    "digits_exact": {"MatMulInteger", "Add", "Cast", "Mul", "Max", "Div", "Min", "ArgMax"},
}


def read_signature(model: onnx.ModelProto) -> Signature:
    """Inputs, then outputs, as declared."""
    return tuple(
        (
            value.name,
            value.type.tensor_type.elem_type,
            tuple(dimension.dim_value for dimension in value.type.tensor_type.shape.dim),
        )
        for value in (*model.graph.input, *model.graph.output)
    )


def read_constants(model: onnx.ModelProto) -> dict[str, npt.NDArray[Any]]:
    """Initializers by name."""
    return {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}


def read_dtypes(model: onnx.ModelProto) -> dict[str, int]:
    """Element type of every tensor of the graph: declared, constant or inferred."""
    graph = shape_inference.infer_shapes(model, check_type=True, strict_mode=True).graph
    values = (*graph.input, *graph.output, *graph.value_info)
    dtypes = {value.name: value.type.tensor_type.elem_type for value in values}
    return dtypes | {tensor.name: tensor.data_type for tensor in graph.initializer}


def run_model(data: bytes, pixels: Bytes) -> tuple[Integers, npt.NDArray[Any]]:
    """Digits (n,) and scores (n, 10), one image a call."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    dtype = np.float32 if "float" in session.get_inputs()[0].type else np.uint8
    results = [session.run(None, {"pixels": row[np.newaxis].astype(dtype)}) for row in pixels]
    return (
        np.concatenate([digit for digit, _ in results]),
        np.concatenate([scores for _, scores in results]),
    )


def count_right(data: bytes) -> tuple[int, int]:
    """Held-out images read right, and all of them."""
    pixels, labels = read_digits()
    digits, _ = run_model(data, pixels)
    return int((digits == labels).sum()), len(labels)


def evaluate_integers(data: bytes, pixels: Bytes) -> tuple[Integers, Integers]:
    """The exact model by plain int64 numpy, with a shift in place of the graph's division."""
    constants = {
        name: value.astype(np.int64)
        for name, value in read_constants(onnx.load_from_string(data)).items()
    }
    shift = int(constants["divisor"]).bit_length() - 1
    assert 1 << shift == int(constants["divisor"])
    weights = constants["hidden_weights"] - constants["weight_zero"]
    sums = pixels.astype(np.int64) @ weights + constants["hidden_bias"]  # (n, 32)
    hidden = np.clip((sums * constants["multiplier"] + constants["half"]) >> shift, 0, 255)
    weights = constants["score_weights"] - constants["weight_zero"]
    scores = hidden @ weights + constants["score_bias"]  # (n, 10)
    return scores.argmax(axis=1), scores


def assert_kept_promise(name: str, data: bytes) -> None:
    """Signature, opset and operators of one sample model are the stated ones."""
    model = onnx.load_from_string(data)
    onnx.checker.check_model(model, full_check=True)
    assert read_signature(model) == SIGNATURES[name]
    assert [(opset.domain, opset.version) for opset in model.opset_import] == [("", 21)]
    assert (model.ir_version, model.producer_name) == (10, "devnet")
    assert {node.op_type for node in model.graph.node} == OPERATORS[name]
    assert all(tensor.HasField("raw_data") for tensor in model.graph.initializer)


def test_samples_are_the_two_digit_models() -> None:
    """Every model in the folder can be read by name, and no other can."""
    assert list_samples() == NAMES
    assert all(read_sample(name) == (ZOO / f"{name}.onnx").read_bytes() for name in NAMES)


def test_unknown_sample_is_refused_with_near_names() -> None:
    """A misspelt name is answered with the names it may have meant; no path gets through."""
    with pytest.raises(LookupError, match="digits_exact"):
        read_sample("digits_exakt")
    with pytest.raises(LookupError, match="digits_exact or digits_float"):
        read_sample("../samples")


@pytest.mark.parametrize("name", NAMES)
def test_committed_model_has_the_stated_signature(name: str) -> None:
    """Names, dtypes, shapes, order, opset and operators are those other parts build on."""
    assert_kept_promise(name, read_sample(name))


def test_exact_model_holds_no_float_tensor() -> None:
    """Declared, constant, inferred and cast types are integers throughout."""
    model = onnx.load_from_string(read_sample("digits_exact"))
    dtypes = read_dtypes(model)
    assert {name for node in model.graph.node for name in (*node.input, *node.output)} <= set(
        dtypes
    )
    assert not FLOATS & set(dtypes.values())


def test_exact_model_multiplies_unsigned_by_unsigned_only() -> None:
    """No operand of an integer product is signed: u8 by s8 saturates on some hosts."""
    model = onnx.load_from_string(read_sample("digits_exact"))
    dtypes = read_dtypes(model)
    operands = [n.input for n in model.graph.node if n.op_type == "MatMulInteger"]
    assert len(operands) == 2
    assert {dtypes[name] for inputs in operands for name in inputs} == {TensorProto.UINT8}


def test_exact_model_equals_plain_integer_arithmetic_on_held_out_images() -> None:
    """ONNX Runtime and int64 numpy agree bit for bit on digits and scores."""
    pixels, _ = read_digits()
    data = read_sample("digits_exact")
    for ours, theirs in zip(evaluate_integers(data, pixels), run_model(data, pixels), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_exact_model_equals_plain_integer_arithmetic_on_any_bytes() -> None:
    """Nothing overflows or saturates even where pixels go beyond 16."""
    noise = np.random.default_rng(0).integers(0, 256, (200, 64), dtype=np.uint8)
    weights = read_constants(onnx.load_from_string(read_sample("digits_exact")))["hidden_weights"]
    extremes = np.where(weights.T > 128, 255, 0).astype(np.uint8)  # (32, 64)
    pixels = np.concatenate([noise, extremes, 255 - extremes])
    data = read_sample("digits_exact")
    for ours, theirs in zip(evaluate_integers(data, pixels), run_model(data, pixels), strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("name", NAMES)
def test_readme_states_the_accuracy_measured_now(name: str) -> None:
    """The README's figures come out again, and are worth showing."""
    data = read_sample(name)
    right, total = count_right(data)
    constants = read_constants(onnx.load_from_string(data))
    macs = sum(constants[f"{layer}_weights"].size for layer in ("hidden", "score"))
    row = f"| `{name}` | {len(data):,} | {macs:,} | {right} of {total} | {right / total:.2%}"
    assert f"{row.removesuffix('%')} % |" in README
    assert right / total >= 0.95


def test_readme_states_the_digest_of_every_file() -> None:
    """Name, size and SHA-256 of each file beside the README, and of no other."""
    stated = re.findall(r"^\| `(\S+)` \| ([\d,]+) \| `([0-9a-f]{64})` \|$", README, re.MULTILINE)
    contents = {path.name: path.read_bytes() for path in ZOO.iterdir() if path.name != "README.md"}
    assert {(name, size, digest) for name, size, digest in stated} == {
        (name, f"{len(data):,}", hashlib.sha256(data).hexdigest())
        for name, data in contents.items()
    }


def test_readme_states_the_size_of_the_split() -> None:
    """Images trained on and images held out add up to all of them."""
    _, labels = read_digits()
    assert f"{1797 - len(labels):,} to train" in README
    assert f"{len(labels)} held out" in README


def test_held_out_images_are_the_scripts_split_and_unseen_in_training() -> None:
    """The archive is scikit-learn's images at the held-out indices, disjoint from training."""
    split = runpy.run_path(str(ROOT / "scripts" / "models" / "dataset.py"))
    train, held_out = split["load_split"]()
    every = load_digits()
    assert not set(train.index) & set(held_out.index)
    assert sorted((*train.index, *held_out.index)) == list(range(len(every.target)))
    pixels, labels = read_digits()
    assert pixels.dtype == labels.dtype == np.uint8
    np.testing.assert_array_equal(pixels, every.data[held_out.index])
    np.testing.assert_array_equal(labels, every.target[held_out.index])
    assert not {row.tobytes() for row in pixels} & {row.tobytes() for row in train.pixels}


def test_held_out_images_are_stratified() -> None:
    """Every digit gives its quarter, to the nearest image or two."""
    _, labels = read_digits()
    every = np.bincount(load_digits().target)
    assert (abs(np.bincount(labels) - every / 4) < 2).all()


def test_models_made_from_scratch_keep_the_same_promise(tmp_path: Path) -> None:
    """The script makes the folder anew elsewhere: same files, same signatures, as accurate."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "make_models"), "--out", str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    made = {path.name for path in tmp_path.iterdir()}
    assert made == {*(f"{name}.onnx" for name in NAMES), "digits_held_out.npz", "README.md"}
    for name in NAMES:
        data = (tmp_path / f"{name}.onnx").read_bytes()
        assert_kept_promise(name, data)
        right, total = count_right(data)
        assert right / total >= 0.95
        assert re.search(rf"^{name} .* {right} of {total} ", done.stdout, re.MULTILINE)
    with np.load(tmp_path / "digits_held_out.npz", allow_pickle=False) as arrays:
        np.testing.assert_array_equal(arrays["pixels"], read_digits()[0])
        np.testing.assert_array_equal(arrays["labels"], read_digits()[1])
