"""Portability: which pinned uses the portable evaluator covers, and what keeps it from others."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from precompiles.models.graph import Graph, Node
from precompiles.models.manifest import Profile
from precompiles.models.rules.verdict import Verdict
from precompiles.models.table.operator import SHORT
from precompiles.models.table.portable import find_formula
from precompiles.tensor import DType

_PORTABLE_POWERS = ("f32", "f16", "i32", "i64")


def make_portable(graph: Graph, verdicts: Sequence[Verdict]) -> tuple[Verdict, ...]:
    """The verdicts with pinned uses that are covered made portable, and reasons for the rest."""
    return tuple(
        _lift(graph, verdict) if verdict.profile is Profile.PINNED else verdict
        for verdict in verdicts
    )


def _lift(graph: Graph, verdict: Verdict) -> Verdict:
    obstacle = find_obstacle(graph, verdict.node)
    if obstacle:
        return replace(verdict, why=f"{verdict.why}; not portable: {obstacle}")
    return replace(verdict, profile=Profile.PORTABLE)


def find_obstacle(graph: Graph, node: Node) -> str:
    """Why a use has no portable form; empty if it has one."""
    names = [name for name in (*node.inputs, *node.outputs) if name]
    floats = {graph.types[name].dtype for name in names if graph.types[name].dtype.is_float}
    if not floats:
        return "integers that may overflow have no meaning that every runtime shares"
    row = find_formula(node.operator)
    if row is None:
        return f"{node.operator} of floats has no portable formula"
    covered = {SHORT[word] for word in row.types.split()}
    if not floats <= covered and node.operator not in ("Cast", "CastLike"):
        kind = sorted(floats - covered)[0].name.lower()
        return f"{node.operator} of {kind} has no portable formula"
    check = _CHECKS.get(node.operator)
    return check(graph, node) if check is not None else ""


def _check_equation(graph: Graph, node: Node) -> str:
    """Two operands, no letter twice in one of them or missing from where it must be."""
    equation = node.attributes.get("equation", b"")
    assert isinstance(equation, bytes), "equation is text"
    terms, _, result = equation.decode().replace(" ", "").partition("->")
    left, comma, right = terms.partition(",")
    if not comma or "," in right or "." in equation.decode():
        return f"equation '{equation.decode()}' is no product of two named operands"
    for letter in {*left, *right}:
        alone = (letter in left) != (letter in right)
        if left.count(letter) > 1 or right.count(letter) > 1 or (alone and letter not in result):
            return f"equation '{equation.decode()}' sums or repeats '{letter}' of one operand"
    return ""


def _check_power(graph: Graph, node: Node) -> str:
    allowed = {SHORT[word] for word in _PORTABLE_POWERS}
    kinds = [graph.types[name].dtype for name in node.inputs]
    if not kinds[0].is_float or kinds[1] not in allowed:
        return f"a power of {kinds[0].name.lower()} by {kinds[1].name.lower()}"
    return ""


def _check_transform(graph: Graph, node: Node) -> str:
    transform = node.attributes.get("post_transform", b"NONE")
    return "post_transform PROBIT" if transform == b"PROBIT" else ""


def _check_sorting(graph: Graph, node: Node) -> str:
    return "" if node.attributes.get("sorted", 1) else "unsorted results have no stated order"


def _check_mode(graph: Graph, node: Node) -> str:
    if graph.types[node.inputs[0]].dtype in (DType.FLOAT32, DType.FLOAT16):
        return ""
    return "only floats are resampled"


def _check_training(graph: Graph, node: Node) -> str:
    return "training_mode" if node.attributes.get("training_mode", 0) else ""


_CHECKS: Mapping[str, Callable[[Graph, Node], str]] = {
    "BatchNormalization": _check_training,
    "Einsum": _check_equation,
    "Pow": _check_power,
    "Resize": _check_mode,
    "TopK": _check_sorting,
    "TreeEnsembleClassifier": _check_transform,
    "TreeEnsembleRegressor": _check_transform,
}
