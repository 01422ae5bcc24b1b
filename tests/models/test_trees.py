"""Tree ensembles in admission: what is refused, what to do instead, and what a run costs."""

import random
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import defs, numpy_helper

from precompiles.engine.comparison import check_comparison
from precompiles.errors import NotAdmitted
from precompiles.models.admission import admit_model
from precompiles.models.manifest import Profile
from precompiles.models.operators import OPERATORS
from tests.models.forest import (
    BRANCHES,
    Branch,
    Tree,
    build_forest,
    grow,
    name_nodes,
    place_nodes,
)

LEAVES: tuple[Tree, Tree] = (((0, 1.0),), ((0, 2.0),))
STUMP = Branch("BRANCH_LEQ", 0, 0.5, False, *LEAVES)
PAIR = Branch("BRANCH_LEQ", 0, 0.5, False, ((0, 1.0),), ((1, 2.0),))


def tensor(*values: float, dtype: type = np.float32) -> onnx.TensorProto:
    return numpy_helper.from_array(np.array(values, dtype))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"nodes_truenodeids": [2]}, "node 0 branches to a node that its tree lacks"),
        ({"nodes_truenodeids": [-1]}, "node 0 branches to a node that its tree lacks"),
        ({"nodes_trueleafs": [0]}, "two branches to node 0, or a cycle through it"),
        ({"nodes_falsenodeids": [0]}, "node 2, which no root reaches"),
        ({"tree_roots": [0, 0]}, "two branches to node 0"),
        ({"tree_roots": [1]}, "tree_roots outside 0..0"),
        ({"nodes_featureids": [3]}, "features outside 0..2"),
        ({"nodes_featureids": [0, 0]}, "2 nodes_featureids for 1 nodes_modes"),
        (
            {"nodes_splits": tensor(0.5, dtype=np.float64)},
            "nodes_splits of float64, not of float32",
        ),
        ({"nodes_modes": tensor(7, dtype=np.uint8)}, "a mode 7"),
        ({"nodes_splits": tensor(np.nan)}, "nodes_splits that are no numbers"),
        ({"leaf_targetids": [0, 1]}, "leaf_targetids outside 0..0"),
        ({"leaf_weights": tensor(1.0, np.inf)}, "not finite"),
        ({"nodes_modes": tensor(6, dtype=np.uint8)}, "0 sets of membership_values for 1"),
        ({"membership_values": tensor(1, np.nan)}, "1 sets of membership_values for 0"),
        (
            {
                "nodes_modes": tensor(6, dtype=np.uint8),
                "membership_values": tensor(np.nan, dtype=np.float32),
            },
            "an empty set",
        ),
        ({"post_transform": 1}, "put Sigmoid or Softmax after the trees"),
        (
            {"nodes_modes": tensor(6, dtype=np.uint8), "membership_values": tensor(40)},
            "number the categories from 0 to 30",
        ),
        ({"nodes_trueleafs": [2]}, "attribute 'nodes_trueleafs' of TreeEnsemble 'y' is 2"),
        ({"aggregate_function": 4}, "of TreeEnsemble 'y' is 4; admitted: 0 to 3"),
    ],
)
def test_malformed_tree_ensembles_are_refused_by_name(changes: dict[str, Any], reason: str) -> None:
    """Before the runtime sees them; the message names the list and what is wrong with it."""
    attributes = place_nodes([STUMP]) | {"n_targets": 1}
    assert admit_model(build_forest("TreeEnsemble", attributes, 1)).profile is Profile.PORTABLE
    with pytest.raises(NotAdmitted, match="TreeEnsemble") as refused:
        admit_model(build_forest("TreeEnsemble", attributes | changes, 1))
    assert reason in str(refused.value)


@pytest.mark.parametrize(
    ("tree", "changes", "width", "remedy"),
    [
        (STUMP, {"classlabels_int64s": [4]}, 1, "use TreeEnsembleRegressor"),
        (PAIR, {"classlabels_int64s": [4, 5]}, 2, "vote for class id 0 alone"),
        (STUMP, {"classlabels_int64s": [4, 5], "base_values": [0.0, 1.0]}, 2, "one base value"),
        (STUMP, {"n_targets": 1, "post_transform": "LOGISTIC"}, 1, "put Sigmoid or Softmax"),
        (PAIR, {"n_targets": 2, "base_values": [0.5, 1.0]}, 2, "let every leaf vote"),
    ],
)
def test_what_runtimes_score_differently_is_refused(
    tree: Branch, changes: dict[str, Any], width: int, remedy: str
) -> None:
    """Otherwise every validator would find the runtime against it and abstain."""
    is_class = "classlabels_int64s" in changes
    operator = "TreeEnsembleClassifier" if is_class else "TreeEnsembleRegressor"
    attributes = name_nodes([tree], "class" if is_class else "target") | changes
    with pytest.raises(NotAdmitted, match=f"{operator} '.*' is refused: .*{remedy}"):
        admit_model(build_forest(operator, attributes, width))


def test_withdrawn_operator_says_which_opsets_have_it() -> None:
    """ai.onnx.ml 5 has TreeEnsemble instead."""
    attributes = name_nodes([STUMP], "target") | {"n_targets": 1}
    model = build_forest("TreeEnsembleRegressor", attributes, 1, opset=5)
    with pytest.raises(NotAdmitted, match=r"not in opset 5 of ai\.onnx\.ml; .* opset 1 to 4"):
        admit_model(model)


def test_trees_alone_need_no_opset_of_the_other_operators() -> None:
    """As onnxmltools writes XGBoost models."""
    attributes = name_nodes([STUMP], "target") | {"n_targets": 1}
    proto = onnx.ModelProto.FromString(build_forest("TreeEnsembleRegressor", attributes, 1))
    del proto.opset_import[0]
    model = bytes(proto.SerializeToString())
    check_comparison(model, admit_model(model), 0)
    proto.graph.node.append(onnx.helper.make_node("Neg", ["y"], ["z"]))
    with pytest.raises(NotAdmitted, match=r"Neg needs operator set ai\.onnx, which is not"):
        admit_model(bytes(proto.SerializeToString()))


@pytest.mark.parametrize(
    ("operator", "remedy"), [("LinearClassifier", "use Gemm"), ("Scaler", "use Sub and Mul")]
)
def test_other_classic_operators_name_what_to_use_instead(operator: str, remedy: str) -> None:
    """Every operator of ai.onnx.ml has its row."""
    with pytest.raises(NotAdmitted, match=remedy):
        admit_model(build_forest(operator, {}, 1))
    known = {schema.name for schema in defs.get_all_schemas() if schema.domain == "ai.onnx.ml"}
    assert known == {row.name for row in OPERATORS if row.domain == "ai.onnx.ml"}


def test_work_follows_rows_depth_and_votes() -> None:
    """More rows are as many more branches to follow; one long tree costs its levels."""
    dice = random.Random(1)
    trees = [grow(dice, 5, 2, 2, BRANCHES) for _ in range(100)]
    attributes = name_nodes(trees, "target") | {"n_targets": 2}
    one, many = (
        admit_model(build_forest("TreeEnsembleRegressor", attributes, 2, rows)).work
        for rows in (1, 400)
    )
    assert many.macs == 400 * one.macs
    assert many.portable_macs > 50 * one.portable_macs
    chain = STUMP
    for _ in range(200):
        chain = Branch("BRANCH_LEQ", 0, 0.5, False, ((0, 1.0),), chain)
    attributes = place_nodes([chain]) | {"n_targets": 1}
    long = admit_model(build_forest("TreeEnsemble", attributes, 1)).work
    assert long.portable_macs > 10 * one.portable_macs
    for _ in range(60):
        chain = Branch("BRANCH_LEQ", 0, 0.5, False, ((0, 1.0),), chain)
    attributes = place_nodes([chain]) | {"n_targets": 1}
    with pytest.raises(NotAdmitted, match="a tree deeper than 256"):
        admit_model(build_forest("TreeEnsemble", attributes, 1))
