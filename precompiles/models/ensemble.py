"""Ensemble: the trees of one operator as one table of nodes, whichever way the file lists them.

TreeEnsembleClassifier and TreeEnsembleRegressor name nodes by tree and number, leaves among them;
TreeEnsemble of ai.onnx.ml 5 names branches by position and keeps leaves in lists of their own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from precompiles.models.reading.constant import Array, read_constant

BRANCHES = ("LEQ", "LT", "GTE", "GT", "EQ", "NEQ", "MEMBER")
MODES = (*(f"BRANCH_{branch}" for branch in BRANCHES), "LEAF")  # in ONNX's order
LEAF = len(BRANCHES)
TILE = 1 << 16  # leaves or votes looked at together, if one row has no more
NOWHERE = -1  # a branch to a node that its tree lacks
MAY_HOLD_NAN = ("membership_values", "nodes_splits")  # between sets, and where a set stands
_AGGREGATES = ("AVERAGE", "SUM", "MIN", "MAX")  # in ONNX's order


@dataclass(frozen=True, slots=True)
class Ensemble:
    """Nodes in the order of the file, those that are leaves last in the newer form."""

    kinds: Array  # (nodes,) index into MODES
    features: Array  # (nodes,) column of the input
    splits: Array  # (nodes,) of the type of the input
    yes: Array  # (nodes,) position of the child; a leaf is its own
    no: Array
    missing: Array  # (nodes,) bool: NaN goes to `yes`
    members: Mapping[int, tuple[float, ...]]  # of each MEMBER node, by position
    roots: Array  # (trees,) positions
    voters: Array  # (votes,) position of the leaf that votes
    targets: Array  # (votes,) result that it votes for
    weights: Array  # (votes,) of the type of the input
    width: int  # results a row
    aggregate: str

    @property
    def is_leaf(self) -> Array:
        return np.asarray(self.kinds == LEAF)


def read_ensemble(operator: str, attributes: Mapping[str, Any]) -> Ensemble:
    """The trees of an operator whose lists have the lengths that `fitting/trees` asks for."""
    if operator == "TreeEnsemble":
        return _read_positions(attributes)
    return _read_names(operator, attributes)


def get_leaf_prefix(operator: str) -> str:
    """What the names of attributes about leaves begin with."""
    return "class" if operator == "TreeEnsembleClassifier" else "target"


def read_list(attributes: Mapping[str, Any], name: str) -> Array:
    """An attribute that is a tensor or a list of numbers; nothing if it is left out."""
    value = attributes.get(name, ())
    if hasattr(value, "data_type"):
        return read_constant(value, f"attribute '{name}'", may_hold_nan=name in MAY_HOLD_NAN)
    return np.array(value)


def list_members(attributes: Mapping[str, Any]) -> tuple[tuple[float, ...], ...]:
    """Sets of values, each ended by NaN; the last one may do without."""
    sets: list[tuple[float, ...]] = []
    current: list[float] = []
    for value in read_list(attributes, "membership_values").tolist():
        if value == value:
            current.append(value)
            continue
        sets.append(tuple(current))
        current = []
    return (*sets, tuple(current)) if current else tuple(sets)


def _read_names(operator: str, attributes: Mapping[str, Any]) -> Ensemble:
    prefix = get_leaf_prefix(operator)
    trees, names = (list(attributes[f"nodes_{part}"]) for part in ("treeids", "nodeids"))
    place = {name: index for index, name in enumerate(zip(trees, names, strict=True))}
    kinds = np.array([MODES.index(bytes(mode).decode()) for mode in attributes["nodes_modes"]])
    first: dict[int, int] = {}
    for index, tree in enumerate(trees):
        first.setdefault(tree, index)

    def find(children: Sequence[int]) -> Array:
        found = [place.get(name, NOWHERE) for name in zip(trees, children, strict=True)]
        return np.where(kinds == LEAF, np.arange(len(kinds)), found)

    voters = zip(*(attributes[f"{prefix}_{part}"] for part in ("treeids", "nodeids")), strict=True)
    width = attributes.get("n_targets", 1)
    if operator == "TreeEnsembleClassifier":
        width = len(attributes.get("classlabels_int64s", ()))
    return Ensemble(
        kinds=kinds,
        features=read_list(attributes, "nodes_featureids"),
        splits=read_list(attributes, "nodes_values").astype(np.float32),
        yes=find(attributes["nodes_truenodeids"]),
        no=find(attributes["nodes_falsenodeids"]),
        missing=_read_missing(attributes, len(kinds)),
        members={},
        roots=np.array(list(first.values())),
        voters=np.array([place.get(name, NOWHERE) for name in voters]),
        targets=read_list(attributes, f"{prefix}_ids"),
        weights=read_list(attributes, f"{prefix}_weights").astype(np.float32),
        width=width,
        aggregate=attributes.get("aggregate_function", b"SUM").decode(),
    )


def _read_positions(attributes: Mapping[str, Any]) -> Ensemble:
    modes = read_list(attributes, "nodes_modes").astype(np.int64)
    weights = read_list(attributes, "leaf_weights")
    inner, leaves = len(modes), len(weights)
    own = np.arange(inner, inner + leaves)

    def find(side: str) -> Array:
        children = read_list(attributes, f"nodes_{side}nodeids")
        to_leaf = read_list(attributes, f"nodes_{side}leafs") != 0
        inside = (children >= 0) & (children < np.where(to_leaf, leaves, inner))
        found = np.where(inside, children + inner * to_leaf, NOWHERE)
        return np.concatenate([found, own])

    def pad(values: Array) -> Array:
        return np.concatenate([values, np.zeros(leaves, values.dtype)])

    member_nodes = np.flatnonzero(modes == BRANCHES.index("MEMBER")).tolist()
    return Ensemble(
        kinds=np.concatenate([modes, np.full(leaves, LEAF)]),
        features=pad(read_list(attributes, "nodes_featureids")),
        splits=pad(read_list(attributes, "nodes_splits")),
        yes=find("true"),
        no=find("false"),
        missing=pad(_read_missing(attributes, inner)),
        members=dict(zip(member_nodes, list_members(attributes), strict=True)),
        roots=read_list(attributes, "tree_roots"),
        voters=own,
        targets=read_list(attributes, "leaf_targetids"),
        weights=weights,
        width=attributes.get("n_targets", 0),
        aggregate=_AGGREGATES[attributes.get("aggregate_function", 1)],
    )


def _read_missing(attributes: Mapping[str, Any], count: int) -> Array:
    given = attributes.get("nodes_missing_value_tracks_true") or (0,) * count
    return np.array(given, np.bool_)


def count_rows(ensemble: Ensemble) -> int:
    """Rows that are scored together, so that scratch space is bounded."""
    return max(1, TILE // max(ensemble.roots.size, ensemble.weights.size))


def measure_depth(ensemble: Ensemble) -> int:
    """Branches from a root to the farthest leaf, in trees that were checked."""
    depth, at = 0, ensemble.roots
    while (inner := at[ensemble.kinds[at] != LEAF]).size:
        at = np.unique(np.concatenate([ensemble.yes[inner], ensemble.no[inner]]))
        depth += 1
    return depth
