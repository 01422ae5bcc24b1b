"""Trees: uses of tree ensembles whose scores or labels runtimes do not agree on.

ONNX leaves them open, its reference evaluator and the runtime fill them in differently, and no
exporter needs them.
"""

import numpy as np

from precompiles.models.ensemble import LEAF, Ensemble, read_ensemble
from precompiles.models.graph import Node

Hazard = tuple[str, str]  # why, remedy
_MOST = 30  # largest member, and members of a set
_AFTER = "leave it out and put Sigmoid or Softmax after the trees"


def find_disagreement(node: Node) -> Hazard | None:
    """Why a use of an ensemble is refused, if it is."""
    transform = node.attributes.get("post_transform", b"NONE")
    ensemble = read_ensemble(node.operator, node.attributes)
    if node.operator == "TreeEnsemble":
        if transform not in (0, b"NONE"):
            return f"runtimes disagree on what post_transform {transform!r} is", _AFTER
        if not all(map(_is_plain, ensemble.members.values())):
            return (
                "the runtime rounds what it looks up in a large set of members",
                f"number the categories from 0 to {_MOST}, at most {_MOST} of them in a set",
            )
        return None
    base = node.attributes.get("base_values", ())
    assert isinstance(base, list | tuple), "base_values is a list"
    if node.operator == "TreeEnsembleRegressor":
        if ensemble.width == 1 and transform not in (b"NONE", b"PROBIT"):
            return "the runtime applies no post_transform to a single result", _AFTER
        if base and not _names_every_target(ensemble):
            return (
                "a result that no leaf votes for loses its base_values in the runtime",
                "let every leaf vote for every result, with a weight of 0 if need be",
            )
        return None
    if ensemble.width == 1:
        return "the runtime gives a single class labels of its own", "use TreeEnsembleRegressor"
    if ensemble.width == 2 and (ensemble.targets.any() or len(base) == 2):
        return (
            "votes or base_values for the second of two classes, which runtimes label differently",
            "vote for class id 0 alone, which means the second class, with at most one base value; "
            "or use TreeEnsembleRegressor and ArgMax",
        )
    return None


def _is_plain(members: tuple[float, ...]) -> bool:
    """A set whose members the runtime compares one by one."""
    return len(members) <= _MOST and all(0 <= member <= _MOST for member in members)


def _names_every_target(ensemble: Ensemble) -> bool:
    """Whatever leaves are reached, each result has a vote."""
    leaves, trees = np.flatnonzero(ensemble.kinds == LEAF), _find_trees(ensemble)
    sizes = np.bincount(trees[leaves], minlength=ensemble.roots.size)
    votes = np.zeros((ensemble.roots.size, ensemble.width), np.int64)
    np.add.at(votes, (trees[ensemble.voters], ensemble.targets), 1)
    return bool((votes == sizes[:, None]).any(axis=0).all())


def _find_trees(ensemble: Ensemble) -> np.ndarray:
    """Number of the tree that each node belongs to."""
    trees = np.zeros(ensemble.kinds.size, np.int64)
    at, number = ensemble.roots, np.arange(ensemble.roots.size)
    while at.size:
        trees[at] = number
        inner = ensemble.kinds[at] != LEAF
        at, number = at[inner], number[inner]
        at = np.concatenate([ensemble.yes[at], ensemble.no[at]])
        number = np.concatenate([number, number])
    return trees
