"""Fitting of tree ensembles: every branch leads to a node of its tree, every leaf to a result.

The runtime builds the trees by recursion and trusts what it follows.
"""

from collections.abc import Iterable

import numpy as np

from precompiles.dtypes import NUMPY_DTYPES
from precompiles.models.ensemble import (
    BRANCHES,
    LEAF,
    NOWHERE,
    Ensemble,
    get_leaf_prefix,
    list_members,
    read_ensemble,
    read_list,
)
from precompiles.models.fitting.operands import Fit, Operands, require
from precompiles.models.limits import MAX_ATTRIBUTE_VALUES
from precompiles.models.naming import for_each
from precompiles.tensor import DType

_MAX_DEPTH = 256  # branches from a root to a leaf
_MAX_WIDTH = 1 << 12  # results a row


def _fit_names(operands: Operands) -> None:
    """TreeEnsembleClassifier and TreeEnsembleRegressor."""
    prefix = get_leaf_prefix(operands.operator)
    for name in operands.attributes:
        require(not name.endswith(("_as_tensor", "_strings")), f"attribute {name}")
    count = len(operands.attributes.get("nodes_modes", ()))
    require(count >= 1, "no nodes")
    nodes = ("nodeids", "treeids", "featureids", "values", "truenodeids", "falsenodeids")
    _require_lengths(operands, (f"nodes_{part}" for part in nodes), count, "nodes_modes")
    for name in ("nodes_hitrates", "nodes_missing_value_tracks_true"):
        _require_optional(operands, name, count, "nodes_modes")
    leaves = len(operands.attributes.get(f"{prefix}_weights", ()))
    require(leaves >= 1, f"no {prefix}_weights")
    names = (f"{prefix}_{part}" for part in ("treeids", "nodeids", "ids"))
    _require_lengths(operands, names, leaves, f"{prefix}_weights")
    trees, ids = operands.integers("nodes_treeids"), operands.integers("nodes_nodeids")
    require(len(set(zip(trees, ids, strict=True))) == count, "a node twice")
    ensemble = read_ensemble(operands.operator, operands.attributes)
    _check_trees(operands, ensemble, shares_leaves=False)
    _check_width(ensemble, f"{prefix}_ids")
    _check_voters(ensemble, prefix)
    base = len(operands.attributes.get("base_values", ()))
    allowed = (0, 1, 2) if prefix == "class" and ensemble.width == 2 else (0, ensemble.width)
    require(base in allowed, f"{base} base_values for {ensemble.width} results")


def _fit_positions(operands: Operands) -> None:
    """TreeEnsemble of ai.onnx.ml 5."""
    kind = operands.dtypes[0]
    assert kind is not None, "the input is required"
    _require_type(operands, ("nodes_modes",), DType.UINT8)
    floats = ("nodes_splits", "leaf_weights", "nodes_hitrates", "membership_values")
    _require_type(operands, floats, kind)
    modes = read_list(operands.attributes, "nodes_modes")
    count, leaves = modes.size, read_list(operands.attributes, "leaf_weights").size
    require(count >= 1, "no nodes")
    require(leaves >= 1, "no leaf_weights")
    require(int(modes.max()) < len(BRANCHES), f"a mode {modes.max()} among nodes_modes")
    nodes = ("splits", "featureids", "truenodeids", "trueleafs", "falsenodeids", "falseleafs")
    _require_lengths(operands, (f"nodes_{part}" for part in nodes), count, "nodes_modes")
    for name in ("nodes_hitrates", "nodes_missing_value_tracks_true"):
        _require_optional(operands, name, count, "nodes_modes")
    _require_lengths(operands, ("leaf_targetids",), leaves, "leaf_weights")
    weights = read_list(operands.attributes, "leaf_weights")
    require(bool(np.isfinite(weights).all()), "leaf_weights that are not finite")
    is_set = modes == BRANCHES.index("MEMBER")
    blank = np.isnan(read_list(operands.attributes, "nodes_splits"))
    require(not (blank & ~is_set).any(), "nodes_splits that are no numbers")
    _check_members(operands, int(is_set.sum()))
    roots = operands.integers("tree_roots")
    require(len(roots) >= 1, "no tree_roots")
    require(min(roots) >= 0 and max(roots) < count, f"tree_roots outside 0..{count - 1}")
    ensemble = read_ensemble(operands.operator, operands.attributes)
    _check_trees(operands, ensemble, shares_leaves=True)
    _check_width(ensemble, "leaf_targetids")


def _require_type(operands: Operands, names: Iterable[str], kind: DType) -> None:
    for name in names:
        found, wanted = read_list(operands.attributes, name), NUMPY_DTYPES[kind]
        require(found.ndim == 1, f"{name} of rank {found.ndim}, not 1")
        fits = name not in operands.attributes or found.dtype == wanted
        require(fits, f"{name} of {found.dtype}, not of {wanted}")


def _require_lengths(operands: Operands, names: Iterable[str], count: int, what: str) -> None:
    for name in names:
        found = read_list(operands.attributes, name).size
        require(found == count, f"{found} {name} for {count} {what}")


def _require_optional(operands: Operands, name: str, count: int, what: str) -> None:
    found = read_list(operands.attributes, name).size
    require(found in (0, count), f"{found} {name} for {count} {what}")


def _check_members(operands: Operands, nodes: int) -> None:
    values = read_list(operands.attributes, "membership_values")
    most = MAX_ATTRIBUTE_VALUES
    require(values.size <= most, f"{values.size} membership_values, at most {most}")
    sets = list_members(operands.attributes)
    require(len(sets) == nodes, f"{len(sets)} sets of membership_values for {nodes} such nodes")
    require(all(sets), "an empty set among membership_values")


def _check_trees(operands: Operands, ensemble: Ensemble, shares_leaves: bool) -> None:
    """Every node has one way from one root, none of them too long."""
    require(operands.rank() == 2, f"an input of rank {operands.rank()}, not 2")
    width = operands.shape(0)[1]
    low, high = int(ensemble.features.min()), int(ensemble.features.max())
    require(low >= 0 and high < width, f"features outside 0..{width - 1}")
    lost = (ensemble.yes == NOWHERE) | (ensemble.no == NOWHERE)
    require(not lost.any(), f"node {np.argmax(lost)} branches to a node that its tree lacks")
    visits = np.zeros(ensemble.kinds.size, np.int64)
    at, depth = ensemble.roots, 0
    while at.size:
        require(depth <= _MAX_DEPTH, f"a tree deeper than {_MAX_DEPTH}")
        np.add.at(visits, at, 1)
        again = (visits > 1) & ((ensemble.kinds != LEAF) | (not shares_leaves))
        require(not again.any(), f"two branches to node {np.argmax(again)}, or a cycle through it")
        inner = at[ensemble.kinds[at] != LEAF]
        at = np.concatenate([ensemble.yes[inner], ensemble.no[inner]])
        depth += 1
    require(bool(visits.all()), f"node {np.argmin(visits)}, which no root reaches")


def _check_width(ensemble: Ensemble, name: str) -> None:
    require(1 <= ensemble.width <= _MAX_WIDTH, f"{ensemble.width} results a row")
    low, high = int(ensemble.targets.min()), int(ensemble.targets.max())
    require(low >= 0 and high < ensemble.width, f"{name} outside 0..{ensemble.width - 1}")


def _check_voters(ensemble: Ensemble, prefix: str) -> None:
    """The leaves vote, each once for a result."""
    leaves = np.flatnonzero(ensemble.kinds == LEAF)
    named = np.array_equal(np.unique(ensemble.voters), leaves)
    require(named, f"{prefix}_nodeids are not the leaves")
    pairs = ensemble.voters.astype(np.int64) * ensemble.width + ensemble.targets
    require(len(np.unique(pairs)) == len(pairs), "a leaf with two weights for one result")


TREES: dict[str, Fit] = {
    "TreeEnsemble": _fit_positions,
    **for_each("TreeEnsembleClassifier TreeEnsembleRegressor", _fit_names),
}
