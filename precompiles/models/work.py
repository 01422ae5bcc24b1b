"""Static work of a graph: what gas is charged for, counted from declared shapes alone."""

import math

from precompiles.errors import TooLarge
from precompiles.models.graph import Graph, Node
from precompiles.models.manifest import Work

MAX_MACS = 20_000_000_000  # multiply-adds of one run
MAX_PEAK_BYTES = 1 << 28  # bytes of all tensors of one run


def compute_work(graph: Graph) -> Work:
    """Count one run.

    Units: macs in multiply-adds; moved and peak in bytes.
    Raises: TooLarge above MAX_MACS or MAX_PEAK_BYTES.
    """
    work = Work(
        macs=sum(_count_macs(node, graph) for node in graph.nodes),
        moved_bytes=sum(_count_outputs(node, graph) for node in graph.nodes),
        peak_bytes=sum(tensor.size_bytes for tensor in graph.types.values()),
    )
    if work.macs > MAX_MACS:
        raise TooLarge(f"{work.macs} multiply-adds a run, at most {MAX_MACS}")
    if work.peak_bytes > MAX_PEAK_BYTES:
        raise TooLarge(f"{work.peak_bytes} bytes of tensors, at most {MAX_PEAK_BYTES}")
    return work


def _count_outputs(node: Node, graph: Graph) -> int:
    return sum(graph.types[name].size_bytes for name in node.outputs if name)


def _count_macs(node: Node, graph: Graph) -> int:
    result = math.prod(graph.types[node.outputs[0]].shape)
    if node.operator in ("MatMul", "MatMulInteger"):
        return result * graph.types[node.inputs[0]].shape[-1]
    if node.operator == "Gemm":
        rows_first = node.attributes.get("transA", 0)
        return result * graph.types[node.inputs[0]].shape[0 if rows_first else 1]
    if node.operator in ("Conv", "ConvInteger"):
        return result * math.prod(graph.types[node.inputs[1]].shape[1:])
    return 0
