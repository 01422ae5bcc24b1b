"""Entry: which integers a float input becomes.

| on the calibration data the input holds      | becomes                                    |
|----------------------------------------------|--------------------------------------------|
| whole numbers in 0..255                      | uint8, scale 1                             |
| whole numbers in -128..127, -32768..32767    | int8, int16, scale 1                       |
| other reals, read by products only           | uint8, scale and zero point from its span  |
| other reals                                  | int16 around zero, twice its magnitude     |

An input that is integer in the source keeps its type; uint32 and int64 become int32.
"""

import numpy as np

from precompiles.models.graph import Array
from precompiles.quantization.grid import Grid, Span, build_byte_grid
from precompiles.quantization.lowering import Lowering
from precompiles.quantization.refusal import CannotQuantize
from precompiles.quantization.source import Source
from precompiles.quantization.value import Levels, Sum, Value
from precompiles.tensor import DType, TensorType

_LIMITS = {
    DType.UINT8: (0, (1 << 8) - 1),
    DType.INT8: (-(1 << 7), (1 << 7) - 1),
    DType.INT16: (-(1 << 15), (1 << 15) - 1),
    DType.INT32: (-(1 << 31), (1 << 31) - 1),
    DType.UINT16: (0, (1 << 16) - 1),
}
_NARROWED = (DType.UINT32, DType.INT64)
_FITTING = (DType.UINT8, DType.INT8, DType.INT16, DType.INT32)  # tried in this order
_PRODUCTS = ("MatMul", "Gemm", "Conv")
_MOVES = ("Reshape", "Flatten", "Squeeze", "Unsqueeze", "Transpose", "Identity", "Slice", "Split")
_FACTORS = ("Mul", "Div")


def choose_grid(source: Source, tensor: TensorType, data: Array, scale: float | None) -> Grid:
    """The grid of one input; `scale` makes it count in that unit, in the smallest type that fits.

    Raises: CannotQuantize for a type or values that no integer type here holds.
    """
    if not tensor.dtype.is_float:
        dtype = DType.INT32 if tensor.dtype in _NARROWED else tensor.dtype
        if dtype not in _LIMITS:
            kind = tensor.dtype.name.lower()
            raise CannotQuantize(f"input '{tensor.name}' is {kind}; make it a float or an integer")
        return Grid(1.0, 0, *_LIMITS[dtype], dtype)
    span = Span(float(data.min()), float(data.max()))
    if scale is not None:
        return _count(tensor, scale, span)
    if bool((data == np.rint(data)).all()) and span.magnitude < _LIMITS[DType.INT16][1]:
        return _count(tensor, 1.0, span)
    if _is_factor_only(source, tensor.name):
        return build_byte_grid(span)
    low, high = _LIMITS[DType.INT16]
    return Grid(2 * span.magnitude / high, 0, low, high, DType.INT16)


def build_entry(lowering: Lowering, tensor: TensorType, grid: Grid) -> Value:
    """The value of one input of the exact model, `tensor` in the source."""
    levels = Levels(tensor.name, grid, tensor.shape)
    return Sum(lowering.graph, tensor.name, lowering.span(tensor.name), levels.to_linear())


def _count(tensor: TensorType, scale: float, span: Span) -> Grid:
    """Whole multiples of `scale` around zero, in the smallest type that holds the span."""
    for dtype in _FITTING:
        low, high = _LIMITS[dtype]
        if low <= np.rint(span.low / scale) and np.rint(span.high / scale) <= high:
            return Grid(scale, 0, low, high, dtype)
    raise CannotQuantize(
        f"input '{tensor.name}' reaches {span.magnitude:g}, beyond int32 at scale {scale:g}; "
        "choose a larger scale"
    )


def _is_factor_only(source: Source, name: str) -> bool:
    """Whether all a tensor ever meets are products, after movement and constant factors."""
    if name in [tensor.name for tensor in source.outputs]:
        return False
    for operation in source.operations:
        if name not in operation.inputs:
            continue
        if operation.operator in _MOVES:
            followed = all(_is_factor_only(source, output) for output in operation.outputs)
        elif operation.operator in _FACTORS:
            others = [each for each in operation.inputs if each != name]
            constant = all(
                each in source.constants and source.constants[each].size == 1 for each in others
            )
            followed = constant and _is_factor_only(source, operation.outputs[0])
        else:
            followed = operation.operator in _PRODUCTS
        if not followed:
            return False
    return True
