"""Scratch space: bytes an operator of the runtime needs beside its operands and results."""

import math
from collections.abc import Callable, Mapping

from precompiles.models.graph import Node
from precompiles.models.naming import for_each
from precompiles.tensor import DType, TensorType

Types = Mapping[str, TensorType]


def compute_scratch(node: Node, types: Types) -> int:
    """Upper bound for one application.

    Units: bytes.
    """
    named = [types[name] for name in (*node.inputs, *node.outputs) if name]
    operands = sum(kind.size_bytes for kind in named)
    halves = sum(kind.size_bytes for kind in named if kind.dtype is DType.FLOAT16)
    own = _SCRATCH.get(node.operator)
    return 2 * halves + (own(node, types) if own is not None else operands)


def _columns(weights: int, always: bool) -> Callable[[Node, Types], int]:
    """The image unrolled into one column for each output pixel."""

    def scratch(node: Node, types: Types) -> int:
        kernel = types[node.inputs[weights]]
        image, result = types[node.inputs[0]], types[node.outputs[0]]
        pixels = math.prod(result.shape[2:])
        if not always and kernel.shape[0] <= pixels:
            return image.size_bytes  # float kernels unroll only what a tile needs
        return math.prod(kernel.shape[1:]) * pixels * image.dtype.size_bytes + result.size_bytes * 4

    return scratch


def _transposed_columns(node: Node, types: Types) -> int:
    image, kernel = types[node.inputs[0]], types[node.inputs[1]]
    pixels = math.prod(image.shape[2:])
    return math.prod(kernel.shape[1:]) * pixels * image.dtype.size_bytes


def _scores(node: Node, types: Types) -> int:
    """Every query against every key, several times over: the operator is written out in others."""
    queries, values = types[node.inputs[0]], types[node.inputs[2]]
    past = types[node.inputs[5]] if len(node.inputs) > 5 and node.inputs[5] else None
    length = values.shape[-2] + (past.shape[-2] if past else 0)
    heads = node.attributes.get("q_num_heads") or 1
    assert isinstance(heads, int), "q_num_heads is an integer"
    rows = math.prod(queries.shape[:-1]) * heads
    everything = sum(types[name].size_bytes for name in node.inputs if name)
    return 6 * rows * length * queries.dtype.size_bytes + 4 * everything


def _written_out(node: Node, types: Types) -> int:
    """An operator that the runtime writes out in others: several copies of everything."""
    return 8 * sum(types[name].size_bytes for name in (*node.inputs, *node.outputs) if name)


def _gates(node: Node, types: Types) -> int:
    steps, batch = types[node.inputs[0]].shape[:2]
    directions, rows = types[node.inputs[1]].shape[:2]
    return 4 * steps * batch * directions * rows * 4 + _written_out(node, types)


_SCRATCH: Mapping[str, Callable[[Node, Types], int]] = {
    **for_each("Constant Identity Reshape Shape Size", lambda node, types: 0),
    "Conv": _columns(1, always=False),
    "ConvInteger": _columns(1, always=True),
    "QLinearConv": _columns(3, always=True),
    "ConvTranspose": _transposed_columns,
    "Attention": _scores,
    **for_each("LSTM GRU RNN", _gates),
    **for_each(
        "BlackmanWindow CenterCropPad DFT GroupNormalization HammingWindow HannWindow "
        "LayerNormalization MeanVarianceNormalization RMSNormalization RotaryEmbedding "
        "TopK",
        _written_out,
    ),
}
