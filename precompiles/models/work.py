"""Static work of a graph: what gas is charged for, counted from declared shapes alone.

Multiply-adds are counted for products, windows and recurrences; what takes longer per element than
a copy is counted as the multiply-adds that take as long: 100 a nanosecond, as measured.
"""

import math
from collections.abc import Callable, Mapping

from precompiles.errors import TooLarge
from precompiles.models.ensemble import read_ensemble
from precompiles.models.graph import Graph, Node
from precompiles.models.limits import MAX_MACS, MAX_MOVED_BYTES, MAX_PEAK_BYTES, MAX_PORTABLE_MACS
from precompiles.models.manifest import Work
from precompiles.models.naming import for_each
from precompiles.models.scratch import compute_scratch
from precompiles.tensor import DType, TensorType

_WIDE = (DType.INT32, DType.INT64, DType.UINT32, DType.UINT64)
_SPARING = ("Gather", "GatherElements", "GatherND", "Shape", "Size", "Slice")
_WIDE_COST = 32  # multiply-adds of float32 in the time of one of these: no vector kernels
_MATRIX_COST = 8_000  # multiply-adds in the time that each matrix of a stack takes by itself
_POINT_COSTS = {"nearest": 50, "linear": 300, "cubic": 10_000}  # of one resized element
_GRID_COSTS = {"nearest": 1_600, "cubic": 3_500, "bicubic": 3_500}  # of one sampled element
_WINDOW_COSTS = {"MaxPool": 10, "AveragePool": 160, "LpPool": 1_100}  # of one window element
_NEIGHBOUR_COST = 1_000  # of one element of a local norm


def compute_work(graph: Graph) -> Work:
    """Count one run.

    Units: macs in multiply-adds; moved and peak in bytes.
    Raises: TooLarge above MAX_MACS, MAX_MOVED_BYTES or MAX_PEAK_BYTES.
    """
    constants = sum(array.nbytes for array in graph.constants.values())
    work = Work(
        macs=sum(count_macs(node, graph.types) for node in graph.nodes),
        moved_bytes=sum(count_moved(node, graph.types) for node in graph.nodes),
        peak_bytes=constants
        + sum(tensor.size_bytes for tensor in graph.types.values())
        + max(compute_scratch(node, graph.types) for node in graph.nodes),
    )
    check_work(work, MAX_PEAK_BYTES)
    return work


def check_work(work: Work, peak_bytes: int) -> None:
    """Raises: TooLarge above MAX_MACS, MAX_PORTABLE_MACS, MAX_MOVED_BYTES or `peak_bytes`."""
    for what, count, cap in (
        ("multiply-adds", work.macs, MAX_MACS),
        ("portable multiply-adds", work.portable_macs, MAX_PORTABLE_MACS),
        ("bytes written", work.moved_bytes, MAX_MOVED_BYTES),
        ("bytes of memory", work.peak_bytes, peak_bytes),
    ):
        if count > cap:
            raise TooLarge(f"{count} {what} a run, at most {cap}; use a smaller model or input")


def count_macs(node: Node, types: Mapping[str, TensorType]) -> int:
    """Multiply-adds of one operator, or what takes as long."""
    own = count_products(node, types)
    first = _get(node, types, 0) if node.inputs and node.inputs[0] else None
    most = max((_size(types[name]) for name in node.outputs if name), default=0)
    if first is not None:
        most = max(most, _size(first))
    return own + node.row.macs * most


def count_products(node: Node, types: Mapping[str, TensorType]) -> int:
    """Of these, what follows from products, windows and recurrences."""
    count = _COUNTS.get(node.operator)
    return count(node, types) if count is not None else 0


def count_moved(node: Node, types: Mapping[str, TensorType]) -> int:
    """Bytes that one operator writes, or reads of its largest operand if that is more."""
    written = sum(types[name].size_bytes for name in node.outputs if name)
    if node.operator in _SPARING or node.operator in _COUNTS:
        return written
    return max(written, *(types[name].size_bytes for name in node.inputs if name), 0)


def _size(kind: TensorType) -> int:
    return math.prod(kind.shape)


def _get(node: Node, types: Mapping[str, TensorType], index: int) -> TensorType:
    return types[node.inputs[index]]


def _result(node: Node, types: Mapping[str, TensorType]) -> int:
    return max(_size(types[name]) for name in node.outputs if name)


def _matmul(node: Node, types: Mapping[str, TensorType]) -> int:
    left, result = _get(node, types, 0), types[node.outputs[0]]
    depth = left.shape[-1] if left.shape else 1
    stack = math.prod(result.shape[:-2]) - 1
    cost = _WIDE_COST if left.dtype in _WIDE else 1
    return _size(result) * depth * cost + stack * _MATRIX_COST


def _gemm(node: Node, types: Mapping[str, TensorType]) -> int:
    rows_last = node.attributes.get("transA", 0)
    return _result(node, types) * _get(node, types, 0).shape[0 if rows_last else 1]


def _convolution(weights: int) -> Callable[[Node, Mapping[str, TensorType]], int]:
    def count(node: Node, types: Mapping[str, TensorType]) -> int:
        return _result(node, types) * math.prod(_get(node, types, weights).shape[1:])

    return count


def _transposed(node: Node, types: Mapping[str, TensorType]) -> int:
    return _size(_get(node, types, 0)) * math.prod(_get(node, types, 1).shape[1:])


def _window(node: Node, types: Mapping[str, TensorType]) -> int:
    kernel = node.attributes.get("kernel_shape", ())
    assert isinstance(kernel, list | tuple), "kernel_shape is a list"
    return _result(node, types) * math.prod(kernel) * _WINDOW_COSTS[node.operator]


def _neighbours(node: Node, types: Mapping[str, TensorType]) -> int:
    size = node.attributes.get("size", 1)
    assert isinstance(size, int), "size is an integer"
    return _result(node, types) * size * _NEIGHBOUR_COST


def _resampled(node: Node, types: Mapping[str, TensorType]) -> int:
    """With antialias an element takes as many points as the image shrinks by."""
    shrunk = 1
    if node.attributes.get("antialias", 0):
        shrunk = -(-_size(_get(node, types, 0)) // max(_result(node, types), 1))
    return _result(node, types) * _POINT_COSTS[_read_mode(node)] * shrunk


def _sampled(node: Node, types: Mapping[str, TensorType]) -> int:
    return _result(node, types) * _GRID_COSTS.get(_read_mode(node), 300)


def _read_mode(node: Node) -> str:
    mode = node.attributes.get("mode", b"nearest" if node.operator == "Resize" else b"linear")
    assert isinstance(mode, bytes), "mode is text"
    return mode.decode()


def _einsum(node: Node, types: Mapping[str, TensorType]) -> int:
    """Product of the sizes of all letters."""
    equation = node.attributes.get("equation", b"")
    assert isinstance(equation, bytes), "equation is text"
    terms = equation.decode().replace(" ", "").partition("->")[0].split(",")
    sizes: dict[str, int] = {}
    for term, name in zip(terms, node.inputs, strict=False):
        sizes |= dict(zip(term, types[name].shape, strict=False))
    wide = _get(node, types, 0).dtype in _WIDE
    return math.prod(sizes.values()) * (_WIDE_COST if wide else 1)


def _attention(node: Node, types: Mapping[str, TensorType]) -> int:
    """Scores and their weighted sum, as if every head looked at everything."""
    queries, values = _size(_get(node, types, 0)), _get(node, types, 2)
    past = types[node.inputs[5]] if len(node.inputs) > 5 and node.inputs[5] else None
    length = values.shape[-2] + (past.shape[-2] if past else 0)
    return 2 * queries * length * 16


def _recurrent(node: Node, types: Mapping[str, TensorType]) -> int:
    """Every step multiplies by both weight matrices."""
    steps, batch = _get(node, types, 0).shape[:2]
    return 3 * steps * batch * (_size(_get(node, types, 1)) + _size(_get(node, types, 2)))


def _transform(node: Node, types: Mapping[str, TensorType]) -> int:
    """As a naive Fourier transform over the longest axis."""
    return _result(node, types) * max(_get(node, types, 0).shape) * 10


def _determinant(node: Node, types: Mapping[str, TensorType]) -> int:
    kind = _get(node, types, 0)
    return _size(kind) * kind.shape[-1] * 10


def _trees(node: Node, types: Mapping[str, TensorType]) -> int:
    rows = _get(node, types, 0).shape[0]
    return 4 * rows * read_ensemble(node.operator, node.attributes).kinds.size


_COUNTS: Mapping[str, Callable[[Node, Mapping[str, TensorType]], int]] = {
    "MatMul": _matmul,
    "MatMulInteger": _matmul,
    "QLinearMatMul": _matmul,
    "Gemm": _gemm,
    "Conv": _convolution(1),
    "ConvInteger": _convolution(1),
    "QLinearConv": _convolution(3),
    "ConvTranspose": _transposed,
    "MaxPool": _window,
    "AveragePool": _window,
    "LpPool": _window,
    "LRN": _neighbours,
    "Resize": _resampled,
    "GridSample": _sampled,
    "Einsum": _einsum,
    "Attention": _attention,
    "LSTM": _recurrent,
    "GRU": _recurrent,
    "RNN": _recurrent,
    "DFT": _transform,
    "Det": _determinant,
    **for_each("TreeEnsemble TreeEnsembleClassifier TreeEnsembleRegressor", _trees),
}
