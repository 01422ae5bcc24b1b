"""Boosted trees: malignant or benign, from 30 measurements of cell nuclei, without any product.

Source of the data: UCI Machine Learning Repository, data set 17, Breast Cancer Wisconsin
(Diagnostic), as bundled with scikit-learn.

Every tree is complete, DEPTH deep: all comparisons of all trees at once, then for each leaf how
many of them lead there (a product with +1, -1, 0), then the value of the leaf that all lead to.
The exact form is the same graph in integers: measurements and thresholds in units of 1e-5.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.model_selection import train_test_split

from .autodiff import Floats
from .graph import FLOAT, INT32, INT64, UINT8, Constants, encode, node

Integers = npt.NDArray[np.int64]

MEASUREMENTS = 30
TREES, DEPTH = 80, 2
INNER, LEAVES = (1 << DEPTH) - 1, 1 << DEPTH
RATE = 0.2
SHARE = 0.7  # of the samples, for each tree
SEED = 0
HELD_OUT_SHARE = 0.25
MEASUREMENT_STEP = 1e-5
SCORE_STEP = 2.0**-16


@dataclass(frozen=True, slots=True)
class Patients:
    """Measurements and diagnoses."""

    measurements: npt.NDArray[np.float32]  # (n, 30)
    malignant: npt.NDArray[np.uint8]  # (n,)


@dataclass(frozen=True, slots=True)
class Forest:
    """Complete trees; inner nodes and leaves in breadth-first order.

    A comparison `measurement > threshold` that holds leads to the right.
    """

    measurement: Integers  # (trees, inner)
    threshold: Floats  # (trees, inner)
    value: Floats  # (trees, leaves) of the log-odds
    start: float  # log-odds before any tree


def load_patients() -> tuple[Patients, Patients]:
    """Training part and held-out part, stratified."""
    bunch = load_breast_cancer()
    measurements, malignant = bunch.data, (bunch.target == 0).astype(np.uint8)
    parts = train_test_split(
        measurements.astype(np.float32),
        malignant,
        test_size=HELD_OUT_SHARE,
        random_state=SEED,
        stratify=malignant,
    )
    return Patients(parts[0], parts[2]), Patients(parts[1], parts[3])


def grow_forest(patients: Patients) -> Forest:
    """Gradient boosting by scikit-learn, each tree filled up to a complete one."""
    # None of 4 settings did better in five-fold cross-validation on the training part.
    boosted = GradientBoostingClassifier(
        n_estimators=TREES, max_depth=DEPTH, learning_rate=RATE, subsample=SHARE, random_state=SEED
    ).fit(patients.measurements, patients.malignant)
    measurement = np.zeros((TREES, INNER), np.int64)
    threshold = np.full((TREES, INNER), np.inf)
    value = np.zeros((TREES, LEAVES))
    for index, grown in enumerate(boosted.estimators_[:, 0]):
        tree = grown.tree_
        places = [0]
        for inner in range(INNER):
            place = places[inner]
            if tree.feature[place] >= 0:
                measurement[index, inner] = tree.feature[place]
                threshold[index, inner] = tree.threshold[place]
                places += [tree.children_left[place], tree.children_right[place]]
            else:
                places += [place, place]  # nothing is above infinity: always to the left
        value[index] = RATE * tree.value[places[INNER:], 0, 0]
    share = patients.malignant.mean()
    return Forest(measurement, threshold, value, float(np.log(share / (1 - share))))


def build_float_forest(forest: Forest) -> bytes:
    """measurements float32 [1,30] -> malignant int64 [1], score float32 [1], the log-odds."""
    nearest = forest.threshold.astype(np.float32)
    below = np.nextafter(nearest, np.float32(-np.inf))
    largest = np.finfo(np.float32).max
    constants: Constants = {
        "thresholds": np.minimum(np.where(nearest > forest.threshold, below, nearest), largest),
        "values": forest.value.astype(np.float32),
        "nothing": np.float32(0),
        "start": np.float32(forest.start),
    }
    return _encode("diagnosis_float", forest, constants, FLOAT, FLOAT, {})


def build_exact_forest(forest: Forest) -> bytes:
    """measurements int32 [1,30] -> malignant int64 [1], score int32 [1]."""
    steps = np.floor(forest.threshold / MEASUREMENT_STEP)
    constants: Constants = {
        "thresholds": np.minimum(steps, np.iinfo(np.int32).max).astype(np.int32),
        "values": np.rint(forest.value / SCORE_STEP).astype(np.int32),
        "nothing": np.int32(0),
        "start": np.int32(round(forest.start / SCORE_STEP)),
    }
    metadata = {
        "devnet.scale.measurements": repr(MEASUREMENT_STEP),
        "devnet.zero_point.measurements": "0",
        "devnet.scale.score": repr(SCORE_STEP),
        "devnet.zero_point.score": "0",
    }
    return _encode("diagnosis_exact", forest, constants, INT32, INT32, metadata)


def _encode(
    name: str,
    forest: Forest,
    constants: Constants,
    measurement_type: int,
    score_type: int,
    metadata: Mapping[str, str],
) -> bytes:
    turns = np.array([[int(bit) for bit in f"{leaf:0{DEPTH}b}"] for leaf in range(LEAVES)])
    leads = np.zeros((INNER, LEAVES), np.int64)  # +1 to the right, -1 to the left
    for leaf in range(LEAVES):
        inner = 0
        for turn in turns[leaf]:
            leads[inner, leaf] = 2 * turn - 1
            inner = 2 * inner + 1 + turn
    nodes = [
        node("Gather", "measurements measurement_of", "compared", axis=1),
        node("Greater", "compared thresholds", "holds"),
        node("Cast", "holds", "steps", to=UINT8),
        node("MatMulInteger", "steps leads zero one", "leading"),
        node("Equal", "leading turns", "reached"),
        node("Where", "reached values nothing", "reached_values"),
        node("ReduceSum", "reached_values tree_axes", "total", keepdims=0),
        node("Add", "total start", "score"),
        node("Greater", "score nothing", "positive"),
        node("Cast", "positive", "malignant", to=INT64),
    ]
    shared: Constants = {
        "measurement_of": forest.measurement,
        "leads": (leads + 1).astype(np.uint8),
        "zero": np.uint8(0),
        "one": np.uint8(1),
        "turns": turns.sum(axis=1).astype(np.int32),
        "tree_axes": np.array([1, 2], np.int64),
    }
    return encode(
        name,
        nodes,
        {**shared, **constants},
        {"measurements": (measurement_type, [1, MEASUREMENTS])},
        {"malignant": (INT64, [1]), "score": (score_type, [1])},
        metadata,
    )
