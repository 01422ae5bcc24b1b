"""Tree ensembles: every tree walked at once, leaves added in float64 from the first tree on.

Comparisons are of float32 with float32, so no branch depends on a rounding.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from precompiles.engine.portable.functions.exponential import compute_exp
from precompiles.engine.portable.functions.polynomial import Doubles
from precompiles.engine.portable.rules.elementwise import compute_sigmoid
from precompiles.engine.portable.site import Compute, Operands, Rule, Site
from precompiles.engine.portable.sums.total import add_up
from precompiles.models.graph import Array

_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "BRANCH_LEQ": np.less_equal,
    "BRANCH_LT": np.less,
    "BRANCH_GTE": np.greater_equal,
    "BRANCH_GT": np.greater,
    "BRANCH_EQ": np.equal,
    "BRANCH_NEQ": np.not_equal,
}


@dataclass(frozen=True, slots=True)
class Forest:
    """Nodes of all trees in one table; a leaf is its own child."""

    modes: tuple[str, ...]  # each that occurs
    kinds: Array  # index into modes, -1 for a leaf
    features: Array
    values: Array  # float32
    yes: Array
    no: Array
    missing: Array  # whether NaN goes to `yes`
    roots: Array
    leaves: Doubles  # (nodes, targets): what a leaf adds, NaN where it says nothing


def _read(site: Site, name: str) -> Sequence[Any]:
    value = site.use.node.attributes.get(name, ())
    assert isinstance(value, list | tuple), f"{name} is a list"
    return value


def _plant(site: Site, leaf: str, targets: int) -> Forest:
    trees, ids = _read(site, "nodes_treeids"), _read(site, "nodes_nodeids")
    place = {name: index for index, name in enumerate(zip(trees, ids, strict=True))}
    modes = [bytes(mode).decode() for mode in _read(site, "nodes_modes")]
    known = tuple(mode for mode in _COMPARE if mode in modes)
    kinds = np.array([known.index(mode) if mode != "LEAF" else -1 for mode in modes])
    own = np.arange(len(modes))
    yes, no = (
        np.array(
            [
                own[i] if kinds[i] < 0 else place[tree, child]
                for i, (tree, child) in enumerate(zip(trees, _read(site, name), strict=True))
            ]
        )
        for name in ("nodes_truenodeids", "nodes_falsenodeids")
    )
    first: dict[int, int] = {}
    for index, tree in enumerate(trees):
        first.setdefault(tree, index)
    leaves = np.full((len(modes), targets), np.nan)
    for tree, node, target, weight in zip(
        *(_read(site, f"{leaf}_{part}") for part in ("treeids", "nodeids", "ids", "weights")),
        strict=True,
    ):
        leaves[place[tree, node], target] = np.float32(weight)
    tracks = _read(site, "nodes_missing_value_tracks_true") or (0,) * len(modes)
    return Forest(
        known,
        kinds,
        np.array(_read(site, "nodes_featureids")),
        np.array(_read(site, "nodes_values"), np.float32),
        yes,
        no,
        np.array(tracks, np.bool_),
        np.array(list(first.values())),
        leaves,
    )


def _walk(forest: Forest, rows: Array) -> Array:
    """Leaf of every tree. Shapes: (batch, features) to (batch, trees)."""
    at = np.broadcast_to(forest.roots, (rows.shape[0], forest.roots.size))
    while bool((forest.kinds[at] >= 0).any()):
        found = np.take_along_axis(rows, forest.features[at], axis=1)
        goes = np.zeros(at.shape, np.bool_)
        for kind, mode in enumerate(forest.modes):
            met = _COMPARE[mode](found, forest.values[at])
            goes = np.where(forest.kinds[at] == kind, met, goes)
        goes = goes | ((found != found) & forest.missing[at])
        at = np.where(goes, forest.yes[at], forest.no[at])
    return at


def _regress(site: Site) -> Compute:
    targets = site.use.read_integer("n_targets", 1)
    forest = _plant(site, "target", targets)
    aggregate = site.use.read_text("aggregate_function", "SUM")
    base = np.array([np.float32(v) for v in _read(site, "base_values") or (0.0,) * targets], "f8")
    transform = site.use.read_text("post_transform", "NONE")

    def compute(operands: Operands) -> Array:
        said = forest.leaves[_walk(forest, operands[0])]  # (batch, trees, targets)
        if aggregate in ("MIN", "MAX"):
            pick, none = (np.minimum, np.inf) if aggregate == "MIN" else (np.maximum, -np.inf)
            scores = pick.reduce(np.where(np.isnan(said), none, said) + 0.0, axis=1)
            scores = np.where(np.isinf(scores), 0.0, scores)
        else:
            scores = add_trees(said)
            if aggregate == "AVERAGE":
                scores = scores / forest.roots.size
        return _transform(scores + base, transform).astype(np.float32)

    return compute


def add_trees(said: Doubles) -> Doubles:
    """(batch, trees, targets) to (batch, targets), the first tree first."""
    heard = np.where(np.isnan(said), 0.0, said)
    total = np.zeros((said.shape[0], said.shape[2]))
    for tree in range(said.shape[1]):
        total += heard[:, tree]
    return total


def _transform(scores: Doubles, transform: str) -> Doubles:
    if transform == "LOGISTIC":
        return compute_sigmoid(scores)
    if transform in ("SOFTMAX", "SOFTMAX_ZERO"):
        exponentials = compute_exp(scores - np.max(scores, axis=1, keepdims=True))
        if transform == "SOFTMAX_ZERO":
            exponentials = np.where(scores == 0, 0.0, exponentials)
        return exponentials / add_up(exponentials)[:, None]
    return scores


def _classify(site: Site) -> Compute:
    labels = np.array(_read(site, "classlabels_int64s"), np.int64)
    forest = _plant(site, "class", labels.size)
    given = _read(site, "base_values")
    base = np.array([np.float32(v) for v in given or (0.0,) * labels.size], np.float64)
    transform = site.use.read_text("post_transform", "NONE")
    named = sorted(set(_read(site, "class_ids")))
    positive = all(weight >= 0 for weight in _read(site, "class_weights"))

    def compute(operands: Operands) -> tuple[Array, Array]:
        said = forest.leaves[_walk(forest, operands[0])]
        scores = add_trees(said) + base
        if labels.size == 2 and len(named) == 1:
            score = scores[:, named[0]].astype(np.float32).astype(np.float64)
            chosen = labels[(score > (0.5 if positive else 0.0)).astype(np.int64)]
            if positive:
                pair = np.stack([1.0 - score, score], axis=1)
            else:
                pair = np.stack([-score, score], axis=1)
                pair = compute_sigmoid(pair) if transform == "LOGISTIC" else pair
            return chosen, pair.astype(np.float32)
        single = scores.astype(np.float32)
        chosen = labels[np.argmax(single + np.float32(0), axis=1)]
        return chosen, _transform(single.astype(np.float64), transform).astype(np.float32)

    return compute


RULES: dict[str, Rule] = {
    "TreeEnsembleClassifier": _classify,
    "TreeEnsembleRegressor": _regress,
}
