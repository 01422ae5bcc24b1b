"""A float64 evaluation of a float32 graph: what both evaluators are held against.

The operators of the samples and networks in numpy's and scipy's float64; nothing of the portable
evaluator is in it.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from scipy import special

from precompiles.dtypes import NUMPY_DTYPES
from precompiles.engine.reference.application import Application, Slot
from precompiles.engine.reference.evaluator import RULES as EXACT
from precompiles.engine.reference.window import read_window, take_taps
from precompiles.models.graph import Array, Graph, Node
from precompiles.tensor import TensorType

Values = Mapping[str, Array]
Truth = Callable[[Node, list[Any], Application], Array]


def evaluate_truth(graph: Graph, inputs: Values) -> dict[str, Array]:
    """Every tensor by name, floats in float64."""
    tensors = {name: _widen(array) for name, array in {**graph.constants, **inputs}.items()}
    for node in graph.nodes:
        operands = [tensors[name] if name else None for name in node.inputs]
        slots = tuple(_build_slot(graph.types[name]) if name else None for name in node.outputs)
        use = Application(node, tuple(operands), slots)
        if node.operator in _TRUTHS:
            results: Any = _TRUTHS[node.operator](node, operands, use)
        else:
            results = EXACT[node.operator](use)
        results = results if isinstance(results, tuple) else (results,)
        tensors |= {name: a for name, a in zip(node.outputs, results, strict=False) if name}
    return tensors


def _build_slot(kind: TensorType) -> Slot:
    dtype = np.dtype(np.float64) if kind.dtype.is_float else NUMPY_DTYPES[kind.dtype]
    return Slot(dtype, kind.shape)


def _widen(array: Array) -> Array:
    return array.astype(np.float64) if array.dtype.kind == "f" else np.asarray(array)


def _gemm(node: Node, operands: list[Any], use: Application) -> Array:
    left, right, *rest = operands
    left = left.T if use.read_integer("transA", 0) else left
    right = right.T if use.read_integer("transB", 0) else right
    product = float(node.attributes.get("alpha", 1.0)) * (left @ right)  # type: ignore[arg-type]
    if rest and rest[0] is not None:
        product = product + float(node.attributes.get("beta", 1.0)) * rest[0]  # type: ignore[arg-type]
    return np.asarray(product)


def _convolve(node: Node, operands: list[Any], use: Application) -> Array:
    image, filters = operands[:2]
    window = read_window(use, image.shape[2:], filters.shape[2:])
    total = np.zeros(use.result.shape)
    for position, tap in take_taps(image, window, 0):
        total += np.einsum("mc,nc...->nm...", filters[(slice(None), slice(None), *position)], tap)
    if len(operands) > 2:
        total += operands[2].reshape(-1, *(1,) * (image.ndim - 2))
    return total


def _gelu(node: Node, operands: list[Any], use: Application) -> Array:
    x = operands[0]
    if use.read_text("approximate", "none") == "tanh":
        return np.asarray(x * special.expit(1.5957691216057308 * (x + 0.044715 * x**3)))
    return np.asarray(x * special.ndtr(x))


def _normalize_batch(node: Node, operands: list[Any], use: Application) -> Array:
    column = (-1, *(1,) * (operands[0].ndim - 2))
    scale, bias, mean, variance = (operand.reshape(column) for operand in operands[1:5])
    return np.asarray((operands[0] - mean) / np.sqrt(variance + _epsilon(node)) * scale + bias)


def _normalize_layer(node: Node, operands: list[Any], use: Application) -> Array:
    x = operands[0]
    centred = x - x.mean(axis=-1, keepdims=True)
    deviation = np.sqrt((centred**2).mean(axis=-1, keepdims=True) + _epsilon(node))
    return np.asarray(centred / deviation * operands[1] + operands[2])


def _epsilon(node: Node) -> float:
    value = node.attributes.get("epsilon", 1e-5)
    assert isinstance(value, float), "epsilon is a number"
    return value


def _mean(node: Node, operands: list[Any], use: Application) -> Array:
    axes = tuple(range(2, operands[0].ndim))
    if node.operator == "ReduceMean":
        axes = tuple(int(axis) for axis in operands[1])
    keep = bool(use.read_integer("keepdims", 1))
    return np.asarray(operands[0].mean(axis=axes, keepdims=keep))


def _lstm(node: Node, operands: list[Any], use: Application) -> Array:
    x, weights, recurrent, bias = operands[:4]
    size = recurrent.shape[-1]
    h = c = np.zeros((x.shape[1], size))
    outputs = []
    for step in x:
        gates = step @ weights[0].T + h @ recurrent[0].T + bias[0].reshape(2, -1).sum(axis=0)
        enter, leave, forget = (
            special.expit(gates[:, i * size : (i + 1) * size]) for i in range(3)
        )
        c = forget * c + enter * np.tanh(gates[:, 3 * size :])
        h = leave * np.tanh(c)
        outputs.append(h[None])
    return np.stack(outputs)


_TRUTHS: Mapping[str, Truth] = {
    "BatchNormalization": _normalize_batch,
    "Cast": lambda node, operands, use: operands[0].astype(use.result.dtype),
    "Conv": _convolve,
    "Gelu": _gelu,
    "Gemm": _gemm,
    "GlobalAveragePool": _mean,
    "LSTM": _lstm,
    "LayerNormalization": _normalize_layer,
    "MatMul": lambda node, operands, use: operands[0] @ operands[1],
    "ReduceMean": _mean,
    "ReduceSum": lambda node, operands, use: np.asarray(
        operands[0].sum(
            axis=tuple(int(axis) for axis in operands[1]),
            keepdims=bool(use.read_integer("keepdims", 1)),
        )
    ),
    "Softmax": lambda node, operands, use: special.softmax(operands[0], axis=-1),
}
