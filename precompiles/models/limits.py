"""Limits: every cap of admission, in one table.

A file above one of them is refused before the work that the cap bounds is done. They are part of
consensus: a host with another figure would give another answer.
"""

from precompiles.tensor import MAX_RANK, MAX_TENSOR_BYTES, MAX_TENSORS

# THE FILE
MAX_MODEL_BYTES = 1 << 26  # bytes of a model file
MAX_FIELDS = 200_000  # protobuf fields of a file, every message counted
MAX_NODES = 5_000  # operators in a graph
MAX_CONSTANTS = 10_000  # initialisers in a graph
MAX_NAME_BYTES = 256  # bytes of a name in UTF-8
MAX_TEXT_BYTES = 1 << 16  # bytes of one description, one metadata value
MAX_STRING_BYTES = 256  # bytes of a text attribute: an equation, a mode
MAX_ATTRIBUTES = 32  # attributes of one operator
MAX_ATTRIBUTE_VALUES = 1 << 16  # numbers in one attribute
MAX_OPERANDS = 256  # inputs, or outputs, of one operator
MIN_IR, MAX_IR = 7, 13  # IR versions that every supported runtime reads
MIN_OPSET, MAX_OPSET = 13, 24  # ai.onnx
MIN_TREE_OPSET, MAX_TREE_OPSET = 1, 5  # ai.onnx.ml, for tree ensembles

# TENSORS
MAX_GRAPH_INPUTS = MAX_TENSORS  # inputs of a model, as many as one call carries
MAX_GRAPH_OUTPUTS = MAX_TENSORS  # outputs of a model
MAX_TENSOR_RANK = MAX_RANK  # dimensions of any tensor
MAX_ELEMENT_BYTES = MAX_TENSOR_BYTES  # bytes of any tensor, constants included
MAX_KNOWN_ELEMENTS = 1 << 12  # elements of a tensor whose values admission computes itself
MAX_DIMENSION = (1 << 31) - 1  # size of one axis

# THE RUN
MAX_MACS = 20_000_000_000  # multiply-adds of one run
MAX_PORTABLE_MACS = 40_000_000_000  # the same of a portable model, or what takes as long
MAX_MOVED_BYTES = 1 << 30  # bytes written by all operators of one run
MAX_PEAK_BYTES = 1 << 27  # bytes of all tensors of one run, constants twice, and scratch space
MAX_PORTABLE_PEAK_BYTES = 1 << 28  # the same of a portable model, whose constants are held doubly


def list_limits() -> tuple[tuple[str, int], ...]:
    """Name and figure of every cap, in the order of this file."""
    return tuple(
        (name, value)
        for name, value in globals().items()
        if name.startswith(("MAX_", "MIN_")) and name not in _BOUNDARY
    )


_BOUNDARY = ("MAX_RANK", "MAX_TENSOR_BYTES", "MAX_TENSORS")
