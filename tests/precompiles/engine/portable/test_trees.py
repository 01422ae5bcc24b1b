"""Tree ensembles: both forms give the same bits, and the scores and labels of the runtime."""

import random
from typing import Any

import numpy as np
import pytest
from onnx import numpy_helper

from precompiles.engine.comparison import check_comparison
from precompiles.engine.session import build_session
from precompiles.models.admission import admit_model
from precompiles.models.ensemble import count_rows, read_ensemble
from precompiles.models.manifest import Profile
from tests.models.forest import (
    BRANCHES,
    COLUMNS,
    Branch,
    Tree,
    build_forest,
    grow,
    name_nodes,
    place_nodes,
)
from tests.precompiles.engine.portable.conftest import Array, run_model

TRANSFORMS = ("NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO")


def draw(rows: int, seed: int = 0) -> Array:
    """Quarters, so that splits are met, and NaN."""
    values = np.random.default_rng(seed).integers(-9, 10, (rows, COLUMNS)) / 4
    return np.where(values == 2.25, np.nan, values).astype(np.float32)


def grow_branches(dice: random.Random, count: int, width: int) -> list[Branch]:
    trees: list[Branch] = []
    while len(trees) < count:
        tree = grow(dice, 4, width, 1, BRANCHES)
        if isinstance(tree, Branch):
            trees.append(tree)
    return trees


@pytest.mark.parametrize("aggregate", ["AVERAGE", "SUM", "MIN", "MAX"])
def test_both_forms_of_the_same_trees_give_the_same_bits(aggregate: str) -> None:
    """TreeEnsembleRegressor and the TreeEnsemble that replaces it, for every way to add up."""
    dice = random.Random(7)
    for width in (1, 3):
        trees = grow_branches(dice, 9, width)
        old = name_nodes(trees, "target") | {"n_targets": width, "aggregate_function": aggregate}
        number = ("AVERAGE", "SUM", "MIN", "MAX").index(aggregate)
        new = place_nodes(trees) | {"n_targets": width, "aggregate_function": number}
        rows = draw(50)
        (by_name,) = run_model(build_forest("TreeEnsembleRegressor", old, width, 50), [rows])
        (by_place,) = run_model(build_forest("TreeEnsemble", new, width, 50), [rows])
        assert by_name.tobytes() == by_place.tobytes()
        (theirs,) = build_session(build_forest("TreeEnsemble", new, width, 50)).run(
            None, {"x": rows}
        )
        np.testing.assert_allclose(by_place, theirs, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("transform", TRANSFORMS)
@pytest.mark.parametrize("width", [2, 3, 5])
def test_labels_and_scores_are_the_runtimes(width: int, transform: str) -> None:
    """Of two classes the second alone has votes; of more, only those voted for can win."""
    dice = random.Random(width)
    for has_base in (False, True):
        for votes in (1, width):
            voters = 1 if width == 2 else votes
            trees: list[Tree] = [
                grow(dice, 3, 1 if width == 2 else width, voters, BRANCHES) for _ in range(5)
            ]
            attributes = name_nodes(trees, "class")
            attributes |= {"post_transform": transform}
            attributes |= {"classlabels_int64s": [100 * place for place in range(width)]}
            if has_base:
                attributes["base_values"] = [0.25] * (1 if width == 2 else width)
            model = build_forest("TreeEnsembleClassifier", attributes, width, 40)
            manifest = admit_model(model)
            assert manifest.profile is Profile.PORTABLE
            check_comparison(model, manifest, 1)
            rows = draw(40, votes)
            labels, scores = run_model(model, [rows])
            their_labels, their_scores = build_session(model).run(None, {"x": rows})
            np.testing.assert_array_equal(labels, their_labels)
            np.testing.assert_allclose(scores, their_scores, rtol=1e-5, atol=1e-6)


def test_a_row_alone_is_the_row_of_a_batch() -> None:
    """Also where a batch is taken in several tiles."""
    trees = grow_branches(random.Random(3), 200, 2)
    attributes = place_nodes(trees) | {"n_targets": 2}
    count = 2 * count_rows(read_ensemble("TreeEnsemble", attributes)) + 1
    rows = draw(count)
    (whole,) = run_model(build_forest("TreeEnsemble", attributes, 2, count), [rows])
    alone = build_forest("TreeEnsemble", attributes, 2)
    for row in (0, count // 2, count - 1):
        (part,) = run_model(alone, [rows[row : row + 1]])
        assert part.tobytes() == whole[row : row + 1].tobytes()


def test_members_are_met_one_by_one() -> None:
    """In order or not, next to them, and NaN."""
    leaf: tuple[Tree, Tree] = (((0, 1.0),), ((0, 2.0),))
    trees = [Branch("BRANCH_MEMBER", side, 0.0, side == 0, *leaf) for side in (0, 1)]
    sets = [0.0, 3.0, 2.5, np.nan, 30.0, 1.0, 2.0]
    attributes: dict[str, Any] = place_nodes(trees) | {
        "n_targets": 1,
        "membership_values": numpy_helper.from_array(np.array(sets, np.float32)),
    }
    values = np.array([0.0, -0.0, 3.0, 30.0, 2.0, 2.5, np.nan, np.inf, -3.0], np.float32)
    rows = np.zeros((len(values), COLUMNS), np.float32)
    rows[:, 0] = rows[:, 1] = values
    model = build_forest("TreeEnsemble", attributes, 1, len(values))
    (ours,) = run_model(model, [rows])
    assert ours[:, 0].tolist() == [3.0, 3.0, 3.0, 3.0, 3.0, 3.0, 3.0, 4.0, 4.0]
    (theirs,) = build_session(model).run(None, {"x": rows})
    assert np.array_equal(ours, theirs)
