"""Tree ensembles: every tree walked at once, leaves added in float64 from the first tree on.

Comparisons are of numbers of one type, so no branch depends on a rounding. Rows are taken a few
at a time, so that scratch space is bounded; none of them changes another.
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
from precompiles.models.ensemble import LEAF, Ensemble, count_rows, read_ensemble
from precompiles.models.graph import Array

_COMPARE: tuple[Callable[[Any, Any], Any], ...] = (
    np.less_equal,
    np.less,
    np.greater_equal,
    np.greater,
    np.equal,
    np.not_equal,
)  # in the order of `BRANCHES`
_MEMBER = len(_COMPARE)


@dataclass(frozen=True, slots=True)
class Forest:
    """An ensemble ready to be walked; the votes of a leaf stand together."""

    ensemble: Ensemble
    known: Array  # values that members have, in order
    members: Array  # node * len(known) + place of a value in `known`, in order
    first: Array  # (nodes,) of the votes of a leaf, its first
    votes: Array  # (nodes,) how many a leaf has
    targets: Array  # (votes,)
    weights: Doubles  # (votes,)
    rows: int  # how many are taken at a time


def _plant(site: Site) -> Forest:
    ensemble = read_ensemble(site.use.node.operator, site.use.node.attributes)
    order = np.argsort(ensemble.voters, kind="stable")
    votes = np.bincount(ensemble.voters, minlength=ensemble.kinds.size)
    pairs = [(node, value) for node, group in ensemble.members.items() for value in group]
    values = np.array([value for _, value in pairs], ensemble.splits.dtype)
    known = np.unique(values)
    nodes = np.array([node for node, _ in pairs], np.int64)
    return Forest(
        ensemble=ensemble,
        known=known,
        members=np.sort(nodes * known.size + np.searchsorted(known, values)),
        first=np.cumsum(votes) - votes,
        votes=votes,
        targets=ensemble.targets[order],
        weights=ensemble.weights[order].astype(np.float64),
        rows=count_rows(ensemble),
    )


def _walk(forest: Forest, rows: Array) -> Array:
    """Leaf of every tree. Shapes: (rows, features) to (rows, trees)."""
    trees = forest.ensemble
    at = np.tile(trees.roots, rows.shape[0])
    row = np.repeat(np.arange(rows.shape[0]), trees.roots.size)
    walking = np.flatnonzero(trees.kinds[at] != LEAF)
    while walking.size:
        here = at[walking]
        found = rows[row[walking], trees.features[here]]
        goes = _decide(forest, here, found) | ((found != found) & trees.missing[here])
        there = np.where(goes, trees.yes[here], trees.no[here])
        at[walking] = there
        walking = walking[trees.kinds[there] != LEAF]
    return at.reshape(rows.shape[0], -1)


def _decide(forest: Forest, here: Array, found: Array) -> Array:
    kinds, splits = forest.ensemble.kinds[here], forest.ensemble.splits[here]
    goes = np.zeros(here.shape, np.bool_)
    for kind, compare in enumerate(_COMPARE):
        of_kind = kinds == kind
        if of_kind.any():
            goes |= of_kind & compare(found, splits)
    if forest.known.size:
        place = np.minimum(np.searchsorted(forest.known, found), forest.known.size - 1)
        keys = here * forest.known.size + place
        at = np.minimum(np.searchsorted(forest.members, keys), forest.members.size - 1)
        is_member = (forest.members[at] == keys) & (forest.known[place] == found)
        goes |= (kinds == _MEMBER) & is_member
    return goes


def _score(forest: Forest, rows: Array) -> tuple[Doubles, Array]:
    """Votes put together by row and result, and whether there were any."""
    width, starts = forest.ensemble.width, range(0, rows.shape[0], forest.rows)
    parts = [_score_tile(forest, rows[start : start + forest.rows], width) for start in starts]
    scores, heard = zip(*parts, strict=True)
    return np.concatenate(scores), np.concatenate(heard)


def _score_tile(forest: Forest, rows: Array, width: int) -> tuple[Doubles, Array]:
    leaves = _walk(forest, rows).reshape(-1)
    counts = forest.votes[leaves]
    ends = np.cumsum(counts)
    place = np.arange(ends[-1]) - np.repeat(ends - counts - forest.first[leaves], counts)
    row = np.repeat(np.arange(leaves.size) // forest.ensemble.roots.size, counts)
    cell = row * width + forest.targets[place]  # of one cell, votes come tree by tree
    weights, aggregate = forest.weights[place], forest.ensemble.aggregate
    heard = np.zeros(rows.shape[0] * width, np.bool_)
    heard[cell] = True
    if aggregate in ("MIN", "MAX"):
        pick, none = (np.minimum, np.inf) if aggregate == "MIN" else (np.maximum, -np.inf)
        total = np.full(heard.size, none)
        pick.at(total, cell, weights)
        total = np.where(heard, total, 0.0) + 0.0
    else:
        total = np.zeros(heard.size)
        np.add.at(total, cell, weights)
        if aggregate == "AVERAGE":
            total /= forest.ensemble.roots.size
    return total.reshape(-1, width), heard.reshape(-1, width)


def _regress(site: Site) -> Compute:
    forest = _plant(site)
    base = _read_base(site, forest.ensemble.width)
    transform, dtype = _read_transform(site), site.dtype

    def compute(operands: Operands) -> Array:
        scores, _ = _score(forest, operands[0])
        return _transform(scores + base, transform).astype(dtype)

    return compute


def _classify(site: Site) -> Compute:
    """More than two classes: the best of those that were voted for."""
    labels = np.array(site.use.node.attributes["classlabels_int64s"], np.int64)
    forest = _plant(site)
    if labels.size == 2:
        return _classify_pair(site, forest, labels)
    base, transform = _read_base(site, labels.size), _read_transform(site)
    has_base = bool(site.use.node.attributes.get("base_values"))

    def compute(operands: Operands) -> tuple[Array, Array]:
        scores, heard = _score(forest, operands[0])
        single = (scores + base).astype(np.float32)
        ranked = np.where(heard | has_base, single + np.float32(0), -np.inf)
        chosen = labels[np.argmax(ranked, axis=1)]
        return chosen, _transform(single.astype(np.float64), transform).astype(np.float32)

    return compute


def _classify_pair(site: Site, forest: Forest, labels: Array) -> Compute:
    """Two classes, of which only the second has votes, under id 0."""
    base, transform = _read_base(site, 1), _read_transform(site)
    positive = bool((forest.weights >= 0).all())

    def compute(operands: Operands) -> tuple[Array, Array]:
        scores, _ = _score(forest, operands[0])
        score = (scores[:, 0] + base[0]).astype(np.float32).astype(np.float64)
        chosen = labels[(score > (0.5 if positive else 0.0)).astype(np.int64)]
        if transform == "LOGISTIC":
            pair = compute_sigmoid(np.stack([-score, score], axis=1))
        else:
            pair = np.stack([1.0 - score if positive else -score, score], axis=1)
        return chosen, pair.astype(np.float32)

    return compute


def _read_base(site: Site, width: int) -> Doubles:
    given = site.use.node.attributes.get("base_values") or (0.0,) * width
    assert isinstance(given, Sequence), "base_values is a list"
    return np.array(given, np.float32).astype(np.float64)


def _read_transform(site: Site) -> str:
    if site.use.node.operator == "TreeEnsemble":
        return "NONE"
    return site.use.read_text("post_transform", "NONE")


def _transform(scores: Doubles, transform: str) -> Doubles:
    if transform == "LOGISTIC":
        return compute_sigmoid(scores)
    if transform in ("SOFTMAX", "SOFTMAX_ZERO"):
        exponentials = compute_exp(scores - np.max(scores, axis=1, keepdims=True))
        if transform == "SOFTMAX_ZERO":
            exponentials = np.where(scores == 0, 0.0, exponentials)
        return exponentials / add_up(exponentials)[:, None]
    return scores


RULES: dict[str, Rule] = {
    "TreeEnsemble": _regress,
    "TreeEnsembleClassifier": _classify,
    "TreeEnsembleRegressor": _regress,
}
