"""Header: what a file says of itself, before its graph is looked at."""

from collections.abc import Mapping

import onnx
from google.protobuf.message import DecodeError

from precompiles.errors import NotAdmitted, TooLarge
from precompiles.models.limits import (
    MAX_CONSTANTS,
    MAX_GRAPH_INPUTS,
    MAX_GRAPH_OUTPUTS,
    MAX_IR,
    MAX_MODEL_BYTES,
    MAX_NODES,
    MAX_OPSET,
    MAX_TREE_OPSET,
    MIN_IR,
    MIN_OPSET,
    MIN_TREE_OPSET,
)
from precompiles.models.reading.wire import scan_model

STANDARD, TREES = "", "ai.onnx.ml"
OPSETS: Mapping[str, tuple[int, int]] = {
    STANDARD: (MIN_OPSET, MAX_OPSET),
    TREES: (MIN_TREE_OPSET, MAX_TREE_OPSET),
}  # admitted, by domain


def parse_model(model: bytes) -> onnx.ModelProto:
    """Scan, then parse, then check versions and counts.

    Raises: NotAdmitted or TooLarge with what was found and what to do.
    """
    if len(model) > MAX_MODEL_BYTES:
        raise TooLarge(f"model of {len(model)} bytes, at most {MAX_MODEL_BYTES}; quantise it")
    scan_model(model)
    proto = onnx.ModelProto()
    try:
        proto.ParseFromString(model)
    except DecodeError as broken:
        raise NotAdmitted(f"not an ONNX file, or cut short: {broken}") from broken
    if not proto.graph.node:
        raise NotAdmitted("not an ONNX model: no graph with operators; export it again")
    if not MIN_IR <= proto.ir_version <= MAX_IR:
        raise NotAdmitted(f"IR version {proto.ir_version}; export with {MIN_IR} to {MAX_IR}")
    read_opsets(proto)
    _check_counts(proto.graph)
    return proto


def read_opsets(proto: onnx.ModelProto) -> dict[str, int]:
    """Opset version by domain; trees alone need no version of ai.onnx.

    Raises: NotAdmitted for a foreign domain, an unknown version, or two of one domain.
    """
    opsets: dict[str, int] = {}
    for opset in proto.opset_import:
        domain = normalize_domain(opset.domain)
        if domain not in OPSETS:
            raise NotAdmitted(
                f"operator set '{opset.domain}'; only standard ONNX operators run alike "
                "everywhere: export without custom or vendor operators"
            )
        if opsets.get(domain, opset.version) != opset.version:
            raise NotAdmitted(
                f"opsets {opsets[domain]} and {opset.version} of {domain or 'ai.onnx'}; import one"
            )
        low, high = OPSETS[domain]
        if not low <= opset.version <= high:
            raise NotAdmitted(
                f"opset {opset.version} of {domain or 'ai.onnx'}; export with {low} to {high}"
            )
        opsets[domain] = opset.version
    if not opsets:
        raise NotAdmitted(f"no ai.onnx operator set; export with opset {MIN_OPSET} to {MAX_OPSET}")
    return opsets


def normalize_domain(domain: str) -> str:
    """Both spellings of the standard domain as one."""
    return STANDARD if domain == "ai.onnx" else domain


def _check_counts(graph: onnx.GraphProto) -> None:
    for what, count, cap in (
        ("operators", len(graph.node), MAX_NODES),
        ("initialisers", len(graph.initializer), MAX_CONSTANTS),
        ("outputs", len(graph.output), MAX_GRAPH_OUTPUTS),
    ):
        if count > cap:
            raise TooLarge(f"{count} {what}, at most {cap}")
    names = {tensor.name for tensor in graph.initializer}
    inputs = sum(value.name not in names for value in graph.input)
    if inputs > MAX_GRAPH_INPUTS:
        raise TooLarge(f"{inputs} inputs, at most {MAX_GRAPH_INPUTS}")
    if not inputs or not graph.output:
        raise NotAdmitted("a model needs at least one input and one output; export it again")
