"""Fitting of tree ensembles: every branch leads to a node of its tree, every leaf to a target.

The runtime builds the trees by recursion and trusts what it follows.
"""

from collections.abc import Sequence

from precompiles.models.fitting.operands import Fit, Operands, require

_MAX_DEPTH = 256  # branches from a root to a leaf
_MAX_TARGETS = 1 << 12
_Node = tuple[int, int]  # tree, node


def _fit_ensemble(leaf: str) -> Fit:
    def fit(operands: Operands) -> None:
        require(operands.rank() == 2, f"an input of rank {operands.rank()}, not 2")
        for name in operands.attributes:
            require(not name.endswith(("_as_tensor", "_strings")), f"attribute {name}")
        modes = operands.attributes.get("nodes_modes", ())
        count = len(modes)
        require(count >= 1, "no nodes")
        for name in (
            *("nodes_nodeids", "nodes_treeids", "nodes_featureids", "nodes_values"),
            *("nodes_truenodeids", "nodes_falsenodeids"),
        ):
            found = len(operands.attributes.get(name, ()))
            require(found == count, f"{found} {name} for {count} nodes_modes")
        for name in ("nodes_hitrates", "nodes_missing_value_tracks_true"):
            found = len(operands.attributes.get(name, ()))
            require(found in (0, count), f"{found} {name} for {count} nodes_modes")
        features = operands.integers("nodes_featureids")
        width = operands.shape(0)[1]
        require(min(features) >= 0 and max(features) < width, f"features outside 0..{width - 1}")
        leaves = _find_leaves(operands, modes)
        targets = count_targets(operands)
        require(1 <= targets <= _MAX_TARGETS, f"{targets} results a row")
        _check_leaves(operands, leaf, leaves, targets)
        base = operands.attributes.get("base_values", ())
        require(len(base) in (0, targets), f"{len(base)} base_values for {targets} results")

    return fit


def count_targets(operands: Operands) -> int:
    """Scores of one row."""
    if operands.operator == "TreeEnsembleClassifier":
        return len(operands.attributes.get("classlabels_int64s", ()))
    return operands.integer("n_targets", 1)


def _find_leaves(operands: Operands, modes: Sequence[bytes]) -> set[_Node]:
    """All leaves, after walking every tree from its root."""
    trees, ids = operands.integers("nodes_treeids"), operands.integers("nodes_nodeids")
    names = list(zip(trees, ids, strict=True))
    require(len(set(names)) == len(names), "a node twice")
    place = {name: index for index, name in enumerate(names)}
    left = operands.integers("nodes_truenodeids")
    right = operands.integers("nodes_falsenodeids")
    children: set[_Node] = set()
    for index in range(len(names)):
        if modes[index] != b"LEAF":
            for child in ((trees[index], left[index]), (trees[index], right[index])):
                require(child in place, f"branch to node {child[1]}, which tree {child[0]} lacks")
                require(child not in children, f"two branches to node {child[1]}")
                children.add(child)
    roots = [name for name in names if name not in children]
    require(len(roots) == len(set(trees)), "a tree without one root: it is cyclic or in parts")
    first: dict[int, _Node] = {}
    for name in names:
        first.setdefault(name[0], name)
    require(set(roots) == set(first.values()), "a tree that does not start with its root")
    leaves: set[_Node] = set()
    pending = [(root, 0) for root in roots]
    walked = 0
    while pending:
        name, depth = pending.pop()
        walked += 1
        index = place[name]
        if modes[index] == b"LEAF":
            leaves.add(name)
            continue
        require(depth < _MAX_DEPTH, f"a tree deeper than {_MAX_DEPTH}")
        pending += [((name[0], left[index]), depth + 1), ((name[0], right[index]), depth + 1)]
    require(walked == len(names), "nodes that no root reaches")
    return leaves


def _check_leaves(operands: Operands, leaf: str, leaves: set[_Node], targets: int) -> None:
    names = list(
        zip(
            operands.integers(f"{leaf}_treeids"),
            operands.integers(f"{leaf}_nodeids"),
            strict=False,
        )
    )
    ids = operands.integers(f"{leaf}_ids")
    weights = operands.attributes.get(f"{leaf}_weights", ())
    lengths = {len(operands.integers(f"{leaf}_{part}")) for part in ("treeids", "nodeids", "ids")}
    require(lengths == {len(weights)} and len(weights) >= 1, f"{leaf}_* of different length")
    require(set(names) == leaves, f"{leaf}_nodeids are not the leaves")
    require(min(ids) >= 0 and max(ids) < targets, f"{leaf}_ids outside 0..{targets - 1}")
    given = list(zip(names, ids, strict=True))
    require(len(set(given)) == len(given), "a leaf with two weights for one result")


TREES: dict[str, Fit] = {
    "TreeEnsembleRegressor": _fit_ensemble("target"),
    "TreeEnsembleClassifier": _fit_ensemble("class"),
}
