"""One operator in both engines: what the runtime gives is what the reference evaluator gives.

Graphs are read here without admission, which refuses much of what a rule must stand.
"""

from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import onnx
import pytest
from onnx import helper, numpy_helper, shape_inference

from precompiles.engine.canonical import to_tensor
from precompiles.engine.reference.evaluator import evaluate
from precompiles.engine.session import build_session, run_session
from precompiles.models.graph import Graph
from precompiles.tensor import DType, TensorType

Array = npt.NDArray[Any]
Compare = Callable[..., tuple[Array, ...]]
Draw = Callable[..., Array]


def build_one(
    operator: str,
    operands: Sequence[Array | None],
    results: int = 1,
    constants: Sequence[int] = (),
    opset: int = 21,
    **attributes: Any,
) -> bytes:
    """Bytes of a model with one operator; operands named in `constants` become initialisers."""
    names = [f"x{i}" if array is not None else "" for i, array in enumerate(operands)]
    outputs = [f"y{i}" for i in range(results)]
    given = [(i, name, a) for i, (name, a) in enumerate(zip(names, operands, strict=True)) if name]
    graph = helper.make_graph(
        [helper.make_node(operator, names, outputs, **attributes)],
        operator.lower(),
        [
            helper.make_tensor_value_info(
                name, helper.np_dtype_to_tensor_dtype(array.dtype), array.shape
            )
            for i, name, array in given
            if array is not None and i not in constants
        ],
        [onnx.ValueInfoProto(name=name) for name in outputs],
        [
            numpy_helper.from_array(array, name)
            for i, name, array in given
            if array is not None and i in constants
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=10)
    typed = shape_inference.infer_shapes(model, strict_mode=True, data_prop=True)
    return bytes(typed.SerializeToString())


def read_plain(model: bytes) -> Graph:
    """What the evaluator reads of a graph, with the shapes that ONNX infers."""
    graph = onnx.ModelProto.FromString(model).graph
    types = {}
    for value in (*graph.input, *graph.value_info, *graph.output):
        kind = value.type.tensor_type
        shape = tuple(dimension.dim_value for dimension in kind.shape.dim)
        types[value.name] = TensorType(value.name, DType(kind.elem_type), shape)
    nodes = [
        SimpleNamespace(
            operator=node.op_type,
            inputs=tuple(node.input),
            outputs=tuple(node.output),
            attributes={a.name: helper.get_attribute_value(a) for a in node.attribute},
        )
        for node in graph.node
    ]
    constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    inputs, outputs = ([types[v.name] for v in values] for values in (graph.input, graph.output))
    fields = {"nodes": nodes, "types": types, "constants": constants}
    return cast(Graph, SimpleNamespace(inputs=inputs, outputs=outputs, **fields))


def run_reference(
    operator: str, operands: Sequence[Array | None], **options: Any
) -> tuple[bytes, tuple[Array, ...]]:
    """The model, and what the reference evaluator gives for it."""
    model = build_one(operator, operands, **options)
    graph = read_plain(model)
    feed = {f"x{i}": array for i, array in enumerate(operands) if array is not None}
    tensors = evaluate(graph, feed)
    return model, tuple(tensors[kind.name] for kind in graph.outputs)


def compare_engines(
    operator: str, operands: Sequence[Array | None], **options: Any
) -> tuple[Array, ...]:
    """Asserts equal canonical bits; returns them as the reference evaluator gave them."""
    model, ours = run_reference(operator, operands, **options)
    session = build_session(model)
    feed = {kind.name: np.asarray(operands[int(kind.name[1:])]) for kind in session.get_inputs()}
    theirs = run_session(session, [f"y{i}" for i in range(len(ours))], feed)
    assert tuple(map(to_tensor, ours)) == theirs, f"{operator} {options}"
    return ours


def draw_array(
    seed: int,
    dtype: Any,
    shape: tuple[int, ...],
    *,
    small: bool = False,
    nan: bool = True,
    bits: int = 64,
) -> Array:
    """Random values of a type and of every magnitude, a third of them extremes.

    `small` ones are from -5 to 5; `bits` keeps wider integers out, `nan` allows it.
    """
    rng, dtype = np.random.default_rng(seed), np.dtype(dtype)
    if dtype.kind == "b":
        return np.asarray(rng.integers(0, 2, shape).astype(bool))
    if small:
        return np.asarray(rng.integers(0 if dtype.kind == "u" else -5, 6, shape).astype(dtype))
    if dtype.kind == "f":
        finite = np.finfo(dtype)
        extremes = [0.0, -0.0, np.inf, -np.inf, finite.max, finite.min, finite.tiny / 4, 0.5, 2.5]
        edges = np.array([*extremes, np.nan] if nan else extremes, dtype)
        drawn = (rng.standard_normal(shape) * 100).astype(dtype)
    else:
        limits = np.iinfo(dtype)
        drawn = rng.integers(limits.min, limits.max, shape, dtype, endpoint=True)
        drawn >>= rng.integers(max(limits.bits - bits - 1, 0), limits.bits, shape).astype(dtype)
        ends = (int(limits.min), int(limits.max), int(limits.max) - 1, 0, 1)
        edges = np.array([end for end in ends if end.bit_length() <= bits], dtype)
    return np.asarray(np.where(rng.random(shape) < 1 / 3, rng.choice(edges, shape), drawn), dtype)


@pytest.fixture(scope="session")
def compare() -> Compare:
    """`compare_engines`."""
    return compare_engines


@pytest.fixture(scope="session")
def refer() -> Compare:
    """The reference evaluator alone."""
    return lambda *args, **options: run_reference(*args, **options)[1]


@pytest.fixture(scope="session")
def build() -> Callable[..., bytes]:
    """`build_one`."""
    return build_one


@pytest.fixture(scope="session")
def read() -> Callable[[bytes], Graph]:
    """`read_plain`."""
    return read_plain


@pytest.fixture(scope="session")
def draw() -> Draw:
    """`draw_array`."""
    return draw_array
