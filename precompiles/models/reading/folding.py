"""Folding: values of small tensors that are known before the run, such as computed shapes.

Numpy, element by element, integers wrapping as the runtime's do. What has no rule here or no single
answer stays unknown; nothing is folded that could be large.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import onnx

from precompiles.dtypes import NUMPY_DTYPES
from precompiles.models.limits import MAX_KNOWN_ELEMENTS
from precompiles.models.reading.constant import Array, read_constant
from precompiles.tensor import TensorType

Attributes: TypeAlias = Mapping[str, Any]
Operands: TypeAlias = Sequence[Array | None]
Fold: TypeAlias = Callable[[Operands, Attributes, TensorType], Array]


def read_attributes(node: onnx.NodeProto) -> dict[str, Any]:
    """Values by name: numbers, bytes, lists, or a TensorProto."""
    return {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}


def fold_node(
    node: onnx.NodeProto, operands: Operands, results: Sequence[TensorType | None]
) -> tuple[Array | None, ...]:
    """Value of each result, or None where it is not known.

    Shapes: each array has the shape and type of its result.
    """
    unknown: tuple[Array | None, ...] = (None,) * len(results)
    if node.op_type == "Split":
        return _fold_split(node, operands, results)
    fold = _FOLDS.get(node.op_type)
    result = results[0] if len(results) == 1 else None
    if fold is None or result is None:
        return unknown
    if int(np.prod(result.shape, dtype=object)) > MAX_KNOWN_ELEMENTS:
        return unknown
    given = [name for name in node.input if name]
    if sum(operand is not None for operand in operands) != len(given):
        return unknown
    try:
        with np.errstate(all="ignore"):
            array = np.asarray(fold(operands, read_attributes(node), result))
    except (ValueError, IndexError, TypeError, OverflowError):
        return unknown
    if array.shape != result.shape or array.dtype != NUMPY_DTYPES[result.dtype]:
        return unknown
    return (array,)


def _fold_split(
    node: onnx.NodeProto, operands: Operands, results: Sequence[TensorType | None]
) -> tuple[Array | None, ...]:
    data, axis = operands[0], read_attributes(node).get("axis", 0)
    if data is None:
        return (None,) * len(results)
    parts: list[Array | None] = []
    at = 0
    for result in results:
        assert result is not None, "every result of Split is named"
        size = result.shape[axis]
        parts.append(np.take(data, range(at, at + size), axis))
        at += size
    return tuple(parts)


def _at(operands: Operands, index: int) -> Array:
    """The operand at `index`; the caller knows it is given."""
    operand = operands[index]
    if operand is None:
        raise ValueError(f"operand {index} is absent")
    return operand


def _find(operands: Operands, index: int) -> Array | None:
    return operands[index] if index < len(operands) else None


def _axes(operands: Operands, attributes: Attributes) -> tuple[int, ...] | None:
    given = _find(operands, 1)
    if given is not None:
        return tuple(int(axis) for axis in given.reshape(-1)) or None
    return tuple(attributes["axes"]) if attributes.get("axes") else None


def _cast(operands: Operands, _: Attributes, result: TensorType) -> Array:
    source, target = _at(operands, 0), NUMPY_DTYPES[result.dtype]
    if source.dtype.kind == "f" and target.kind in "iu":
        limits = np.iinfo(target)
        whole = np.trunc(source.astype(np.float64))
        if not bool(((whole >= limits.min) & (whole <= limits.max)).all()):
            raise ValueError("outside the integer type")
        if limits.bits == 64 and not bool((np.abs(whole) < 2.0**62).all()):
            raise ValueError("outside the integer type")
    return source.astype(target)


def _slice(operands: Operands, _: Attributes, result: TensorType) -> Array:
    data, starts, ends = (_at(operands, index) for index in range(3))
    axes, steps = _find(operands, 3), _find(operands, 4)
    cut = [slice(None)] * data.ndim
    for index in range(len(starts)):
        axis = int(axes[index]) if axes is not None else index
        step = int(steps[index]) if steps is not None else 1
        start, end = int(starts[index]), int(ends[index])
        size = data.shape[axis]
        whole = end < -size if step < 0 else end > size
        cut[axis] = slice(start, None if whole else end, step)
    return data[tuple(cut)]


def _divide(operands: Operands, _: Attributes, result: TensorType) -> Array:
    left, right = _at(operands, 0), _at(operands, 1)
    if left.dtype.kind == "f":
        return left / right
    if bool((right == 0).any()):
        raise ValueError("division by zero")
    wide_left, wide_right = left.astype(object), right.astype(object)
    quotient = abs(wide_left) // abs(wide_right)
    signed = np.where((wide_left < 0) != (wide_right < 0), -quotient, quotient)
    return np.asarray(signed).astype(left.dtype)


def _modulo(operands: Operands, attributes: Attributes, result: TensorType) -> Array:
    left, right = _at(operands, 0), _at(operands, 1)
    if attributes.get("fmod") or left.dtype.kind == "f" or bool((right == 0).any()):
        raise ValueError("no single answer")
    return np.mod(left, right)


def _constant_of_shape(_: Operands, attributes: Attributes, result: TensorType) -> Array:
    value = attributes.get("value")
    filler = read_constant(value, "value").reshape(-1)[0] if value is not None else 0
    return np.full(result.shape, filler, NUMPY_DTYPES[result.dtype])


def _range(operands: Operands, _: Attributes, result: TensorType) -> Array:
    start, _limit, delta = (_at(operands, index) for index in range(3))
    if start.dtype.kind == "f":
        raise ValueError("float steps round")
    return np.asarray(start + np.arange(result.shape[0]).astype(start.dtype) * delta)


def _reshape(operands: Operands, _: Attributes, result: TensorType) -> Array:
    return _at(operands, 0).reshape(result.shape)


def _reduce(ufunc: Callable[..., Any]) -> Fold:
    def fold(operands: Operands, attributes: Attributes, result: TensorType) -> Array:
        data, axes = _at(operands, 0), _axes(operands, attributes)
        if data.dtype.kind == "f" or (axes is None and attributes.get("noop_with_empty_axes")):
            raise ValueError("a float sum has an order")
        keep = bool(attributes.get("keepdims", 1))
        return np.asarray(ufunc(data, axis=axes, keepdims=keep)).astype(data.dtype)

    return fold


def _binary(ufunc: Callable[..., Any]) -> Fold:
    return lambda operands, _, result: np.asarray(ufunc(_at(operands, 0), _at(operands, 1)))


def _unary(ufunc: Callable[..., Any]) -> Fold:
    return lambda operands, _, result: np.asarray(ufunc(_at(operands, 0)))


def _variadic(ufunc: Callable[..., Any]) -> Fold:
    def fold(operands: Operands, _: Attributes, result: TensorType) -> Array:
        folded = _at(operands, 0)
        for index in range(1, len(operands)):
            folded = np.asarray(ufunc(folded, _at(operands, index)))
        return folded

    return fold


_FOLDS: Mapping[str, Fold] = {
    "Identity": lambda operands, _, result: _at(operands, 0),
    "Cast": _cast,
    "Reshape": _reshape,
    "Flatten": _reshape,
    "Squeeze": _reshape,
    "Unsqueeze": _reshape,
    "Transpose": lambda operands, attributes, _: _at(operands, 0).transpose(attributes.get("perm")),
    "Expand": lambda operands, _, result: np.broadcast_to(_at(operands, 0), result.shape),
    "Tile": lambda operands, _, result: np.tile(_at(operands, 0), _at(operands, 1)),
    "Gather": lambda operands, attributes, _: np.take(
        _at(operands, 0), _at(operands, 1), axis=attributes.get("axis", 0), mode="raise"
    ),
    "Concat": lambda operands, attributes, _: np.concatenate(
        [_at(operands, index) for index in range(len(operands))], attributes["axis"]
    ),
    "Slice": _slice,
    "ConstantOfShape": _constant_of_shape,
    "Range": _range,
    "Where": lambda operands, _, result: np.where(*(_at(operands, index) for index in range(3))),
    "Equal": _binary(np.equal),
    "Greater": _binary(np.greater),
    "GreaterOrEqual": _binary(np.greater_equal),
    "Less": _binary(np.less),
    "LessOrEqual": _binary(np.less_equal),
    "And": _binary(np.logical_and),
    "Or": _binary(np.logical_or),
    "Xor": _binary(np.logical_xor),
    "Not": _unary(np.logical_not),
    "Add": _binary(np.add),
    "Sub": _binary(np.subtract),
    "Mul": _binary(np.multiply),
    "Div": _divide,
    "Mod": _modulo,
    "Neg": _unary(np.negative),
    "Abs": _unary(np.abs),
    "Max": _variadic(np.maximum),
    "Min": _variadic(np.minimum),
    "Floor": _unary(np.floor),
    "Ceil": _unary(np.ceil),
    "ReduceProd": _reduce(np.prod),
    "ReduceSum": _reduce(np.sum),
    "ReduceMax": _reduce(np.max),
    "ReduceMin": _reduce(np.min),
}
