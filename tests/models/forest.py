"""Random trees, written down in both of ONNX's forms: by name, and by position."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from precompiles.models.ensemble import MODES

COLUMNS = 3  # of the input
BRANCHES = MODES[:-2]  # what both forms have
Votes = tuple[tuple[int, float], ...]  # result and weight


@dataclass(frozen=True, slots=True)
class Branch:
    """A comparison of one column; NaN goes to `yes` if it tracks it."""

    mode: str
    column: int
    split: float
    tracks: bool
    yes: "Tree"
    no: "Tree"


Tree = Branch | Votes


def grow(dice: random.Random, depth: int, width: int, votes: int, modes: Sequence[str]) -> Tree:
    """Splits and weights are quarters, so that float32 holds sums of them."""
    if depth == 0 or dice.random() < 0.2:
        chosen = sorted(dice.sample(range(width), votes))
        return tuple((result, dice.randrange(-9, 10) / 4) for result in chosen)
    children = [grow(dice, depth - 1, width, votes, modes) for _ in range(2)]
    split = dice.randrange(-8, 9) / 4
    return Branch(
        dice.choice(modes), dice.randrange(COLUMNS), split, dice.random() < 0.3, *children
    )


def list_nodes(tree: Tree) -> Iterator[Tree]:
    """Parents before their children."""
    yield tree
    if isinstance(tree, Branch):
        yield from list_nodes(tree.yes)
        yield from list_nodes(tree.no)


def name_nodes(trees: Sequence[Tree], prefix: str) -> dict[str, Any]:
    """Attributes of TreeEnsembleClassifier (prefix class) or TreeEnsembleRegressor (target)."""
    nodes: list[tuple[Any, ...]] = []
    leaves: list[tuple[Any, ...]] = []
    for number, tree in enumerate(trees):
        order = list(list_nodes(tree))
        for place, node in enumerate(order):
            if isinstance(node, Branch):
                yes = place + 1
                no = yes + sum(1 for _ in list_nodes(node.yes))
                nodes.append(
                    (number, place, node.mode, node.column, node.split, int(node.tracks), yes, no)
                )
                continue
            nodes.append((number, place, "LEAF", 0, 0.0, 0, 0, 0))
            leaves += [(number, place, *vote) for vote in node]
    names = ("treeids", "nodeids", "modes", "featureids", "values")
    columns = (*names, "missing_value_tracks_true", "truenodeids", "falsenodeids")
    return {
        **{f"nodes_{n}": list(c) for n, c in zip(columns, zip(*nodes, strict=True), strict=True)},
        **{
            f"{prefix}_{n}": list(c)
            for n, c in zip(
                ("treeids", "nodeids", "ids", "weights"), zip(*leaves, strict=True), strict=True
            )
        },
    }


def place_nodes(trees: Sequence[Branch], dtype: type = np.float32) -> dict[str, Any]:
    """Attributes of TreeEnsemble: of trees that branch at all, one vote a leaf."""
    nodes: list[list[Any]] = []
    leaves: list[tuple[int, float]] = []
    roots = []

    def add(tree: Tree) -> tuple[int, int]:
        """Position, and whether it is that of a leaf."""
        if not isinstance(tree, Branch):
            leaves.append(*tree)
            return len(leaves) - 1, 1
        place = len(nodes)
        nodes.append([])
        sides = (*add(tree.yes), *add(tree.no))
        mode = MODES.index(tree.mode)
        nodes[place] = [mode, tree.column, tree.split, int(tree.tracks), *sides]
        return place, 0

    for tree in trees:
        roots.append(add(tree)[0])
    modes, columns, splits, tracks, *sides = (list(part) for part in zip(*nodes, strict=True))
    names = ("truenodeids", "trueleafs", "falsenodeids", "falseleafs")
    return {
        "tree_roots": roots,
        "nodes_modes": numpy_helper.from_array(np.array(modes, np.uint8)),
        "nodes_featureids": columns,
        "nodes_splits": numpy_helper.from_array(np.array(splits, dtype)),
        "nodes_missing_value_tracks_true": tracks,
        **{f"nodes_{name}": side for name, side in zip(names, sides, strict=True)},
        "leaf_targetids": [result for result, _ in leaves],
        "leaf_weights": numpy_helper.from_array(np.array([w for _, w in leaves], dtype)),
    }


def build_forest(
    operator: str, attributes: dict[str, Any], width: int, rows: int = 1, opset: int | None = None
) -> bytes:
    """A model of one ensemble from `x` to scores `y`, and labels if it has them."""
    labels = ["label"] if operator == "TreeEnsembleClassifier" else []
    node = helper.make_node(operator, ["x"], [*labels, "y"], domain="ai.onnx.ml", **attributes)
    graph = helper.make_graph(
        [node],
        "forest",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [rows, COLUMNS])],
        [
            *(helper.make_tensor_value_info(name, TensorProto.INT64, [rows]) for name in labels),
            helper.make_tensor_value_info("y", TensorProto.FLOAT, [rows, width]),
        ],
    )
    version = opset or (5 if operator == "TreeEnsemble" else 3)
    opsets = [helper.make_opsetid("", 21), helper.make_opsetid("ai.onnx.ml", version)]
    return bytes(helper.make_model(graph, ir_version=10, opset_imports=opsets).SerializeToString())
