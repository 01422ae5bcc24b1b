"""Static work of a graph in the portable evaluator, in multiply-adds of its matrix products.

Ten of them take a nanosecond. Every operator also has a price of its own, since a call of numpy
takes as long as thousands of them; figures were measured with `scripts/bench portable`.
"""

import math
from collections.abc import Mapping

import numpy as np

from precompiles.models.ensemble import count_rows, measure_depth, read_ensemble
from precompiles.models.graph import Graph, Node
from precompiles.models.limits import MAX_PORTABLE_PEAK_BYTES
from precompiles.models.manifest import Work
from precompiles.models.naming import for_each
from precompiles.models.work import check_work, count_macs, count_moved, count_products
from precompiles.tensor import TensorType

Types = Mapping[str, TensorType]
_DOUBLE = 8  # bytes of the float64 that everything is computed in
_PRODUCTS = (
    *("Attention", "Conv", "ConvInteger", "ConvTranspose", "Einsum", "GRU", "Gemm", "LSTM"),
    *("MatMul", "MatMulInteger", "QLinearConv", "QLinearMatMul", "RNN"),
)
_TILE_BYTES = 1 << 21  # of unrolled windows, sums and slices held at a time
_CALL, _FUNCTION_CALL, _LONG_CALL = 40_000, 300_000, 600_000  # of one operator
_STEP = 2_500_000  # of one step of a recurrence
_LEVEL = 300_000  # of one level of all trees
_PLAIN, _CHEAP, _FUNCTION, _LONG_FUNCTION = 5, 50, 200, 500  # of one element
_ELEMENT = {
    **for_each("Abs Add Ceil Div Floor Identity Mul Neg Relu Reshape Round Sub Transpose", _PLAIN),
    **for_each(
        "Acos Asin Atan Celu Cosh Elu Exp Log LogSoftmax Mish ReduceLogSum ReduceLogSumExp Selu "
        "Sigmoid Sinh Softmax Swish Tanh",
        _FUNCTION,
    ),
    **for_each(
        "Acosh Asinh Atanh Cos Erf Gelu LRN LpPool Pow Sin Softplus Tan TopK",
        _LONG_FUNCTION,
    ),
}
_WINDOW = {"MaxPool": 10, "AveragePool": 10, "LpPool": 500}  # of one element of a window
_SLOW_PRODUCT = {"ConvInteger": 20, "MatMulInteger": 4, "QLinearConv": 20, "QLinearMatMul": 4}
_READ, _MANY = 3, 4  # factor of a product with fewer rows than these
_STACKED = 150_000  # of each matrix of a stack


def compute_portable_work(graph: Graph) -> Work:
    """Count one run; what the graph computes and moves is the same in any evaluator.

    Raises: TooLarge.
    """
    work = Work(
        macs=sum(count_macs(node, graph.types) for node in graph.nodes),
        moved_bytes=sum(count_moved(node, graph.types) for node in graph.nodes),
        peak_bytes=_compute_peak(graph),
        portable_macs=sum(_count(node, graph.types) for node in graph.nodes),
    )
    check_work(work, MAX_PORTABLE_PEAK_BYTES)
    return work


def _compute_peak(graph: Graph) -> int:
    """Bytes of constants as they came and in float64, of all tensors, and of scratch space."""
    constants = sum(array.nbytes for array in graph.constants.values())
    held = sum(array.size for array in graph.constants.values() if array.dtype.kind == "f")
    tensors = sum(kind.size_bytes for kind in graph.types.values())
    scratch = max(_compute_scratch(node, graph.types) for node in graph.nodes)
    return constants + held * _DOUBLE + tensors + scratch


def _count(node: Node, types: Types) -> int:
    most = max(
        (math.prod(types[name].shape) for name in (*node.inputs, *node.outputs) if name), default=0
    )
    per_element = _ELEMENT.get(node.operator, _CHEAP)
    call = _CALL
    if per_element >= _FUNCTION:
        call = _LONG_CALL if per_element >= _LONG_FUNCTION else _FUNCTION_CALL
    if node.operator in _PRODUCTS:
        ends = types[node.inputs[0]].shape, types[node.outputs[0]].shape if node.outputs[0] else ()
        products = count_products(node, types) * _SLOW_PRODUCT.get(
            node.operator, _count_reads(ends)
        )
        return call + _CHEAP * sum(map(math.prod, ends)) + products + _count_more(node, types)
    return call + per_element * most + _count_more(node, types)


def _count_reads(ends: tuple[tuple[int, ...], ...]) -> int:
    """Few rows take as long as reading the weights does."""
    rows = math.prod(ends[1][:-1]) if len(ends[1]) == 2 else _MANY
    return _READ if rows < _MANY else 1


def _count_more(node: Node, types: Types) -> int:
    """What follows from windows, neighbours, steps and trees."""
    if node.operator in _WINDOW:
        kernel = node.attributes.get("kernel_shape", ())
        assert isinstance(kernel, list | tuple), "kernel_shape is a list"
        result = math.prod(types[node.outputs[0]].shape)
        return result * math.prod(kernel) * _WINDOW[node.operator] + math.prod(kernel) * _CALL
    if node.operator == "LRN":
        size = node.attributes.get("size", 1)
        assert isinstance(size, int), "size is an integer"
        return math.prod(types[node.outputs[0]].shape) * size * _CHEAP
    if node.operator in ("LSTM", "GRU", "RNN"):
        steps, batch = types[node.inputs[0]].shape[:2]
        directions, rows = types[node.inputs[1]].shape[:2]
        return directions * (steps * _STEP + steps * batch * rows * _LONG_FUNCTION)
    if node.operator in ("MatMul", "Einsum", "Attention"):
        return math.prod(types[node.outputs[0]].shape[:-2]) * _STACKED
    if node.operator in ("Conv", "ConvTranspose"):
        image, filters = (types[name] for name in node.inputs[:2])
        unrolled = math.prod(types[node.outputs[0]].shape[2:]) * math.prod(filters.shape[2:])
        return image.shape[0] * (image.shape[1] * unrolled * _PLAIN * 4 + _STACKED)
    if node.operator == "Resize":
        return math.prod(types[node.outputs[0]].shape) * 16 * _CHEAP
    if node.operator.startswith("TreeEnsemble"):
        return _count_trees(node, types[node.inputs[0]].shape[0])
    return 0


def _count_trees(node: Node, rows: int) -> int:
    """Branches that are followed and votes that are put together, in tiles of rows."""
    trees = read_ensemble(node.operator, node.attributes)
    depth, most = measure_depth(trees), int(np.bincount(trees.voters).max())
    branches = min(trees.roots.size * depth, trees.kinds.size)
    votes = min(trees.roots.size * most, trees.weights.size)
    tiles = -(-rows // count_rows(trees))
    return rows * (branches + votes) * _LONG_FUNCTION + tiles * (depth + 1) * _LEVEL


def _compute_scratch(node: Node, types: Types) -> int:
    """Operands and results in float64, as often as a formula holds them at a time."""
    named = [types[name] for name in (*node.inputs, *node.outputs) if name]
    elements = sum(math.prod(kind.shape) for kind in named)
    if node.operator in ("Conv", "ConvTranspose"):
        return 2 * sum(kind.size_bytes for kind in named) + 2 * _TILE_BYTES
    if node.operator.startswith("TreeEnsemble"):
        nodes = read_ensemble(node.operator, node.attributes).kinds.size
        return 4 * _DOUBLE * elements + 8 * _DOUBLE * nodes + 4 * _TILE_BYTES
    if node.operator in ("MatMul", "Gemm"):
        return 2 * _DOUBLE * elements + _TILE_BYTES
    return 4 * _DOUBLE * elements + _TILE_BYTES
