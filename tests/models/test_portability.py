"""Portability: which float uses are portable, which stay pinned and why, and what that costs."""

from typing import Any

import numpy as np
import onnx
import pytest

from precompiles.models.admission import admit_model
from precompiles.models.graph import PINNED_PROPERTY, read_graph
from precompiles.models.manifest import Profile
from precompiles.models.report import check_model
from precompiles.models.samples import read_sample
from tests.models.conftest import Build, Step

PORTABLE, PINNED = Profile.PORTABLE, Profile.PINNED


def test_a_file_may_ask_for_the_runtimes_own_floats() -> None:
    """By a metadata property, which is part of its bytes and so of its id."""
    proto = onnx.ModelProto.FromString(read_sample("digits_float"))
    assert admit_model(bytes(proto.SerializeToString())).profile is PORTABLE
    onnx.helper.set_model_props(proto, dict([PINNED_PROPERTY]))
    assert admit_model(bytes(proto.SerializeToString())).profile is PINNED


@pytest.mark.parametrize(
    ("step", "shapes", "profile", "reason"),
    [
        (("Einsum", ["x", "z"], ["y"], {"equation": "ij,jk->ik"}), [[2, 2]] * 2, PORTABLE, ""),
        (("Einsum", ["x", "z"], ["y"], {"equation": "ij,jk->k"}), [[2, 2]] * 2, PINNED, "'i'"),
        (("Einsum", ["x"], ["y"], {"equation": "ij->ji"}), [[2, 2]], PINNED, "two named"),
        (("Det", ["x"], ["y"], {}), [[2, 2]], PINNED, "Det"),
        (("Exp", ["x"], ["y"], {}), [[2]], PORTABLE, ""),
        (("LSTM", ["x", "w", "r"], ["y"], {"hidden_size": 1}), [[2, 1, 3]], PORTABLE, ""),
    ],
)
def test_uses_are_portable_where_the_table_has_a_formula(
    build: Build, step: Step, shapes: list[list[int]], profile: Profile, reason: str
) -> None:
    """And the others say what they lack."""
    constants = {"w": np.ones((1, 4, 3), "f4"), "r": np.ones((1, 4, 1), "f4")}
    used = {name: array for name, array in constants.items() if name in step[1]}
    inputs: dict[str, Any] = {
        name: ("f32", shape) for name, shape in zip("xz", shapes, strict=False)
    }
    report = check_model(build([step], inputs, {"y": "f32"}, used))
    assert report.manifest is not None, report.refusals
    assert report.manifest.profile is profile
    assert all(reason in verdict.why for verdict in report.portable_obstacles)
    assert bool(report.portable_obstacles) == (profile is PINNED)


@pytest.mark.parametrize(("kind", "profile"), [("f16", PORTABLE), ("f64", PINNED)])
def test_the_table_covers_types_one_by_one(build: Build, kind: str, profile: Profile) -> None:
    """float16 is computed as float32 is; float64 has no wider type to be computed in."""
    model = build([("Exp", ["x"], ["y"], {})], {"x": (kind, [2])}, {"y": kind})
    assert admit_model(model).profile is profile


def test_integers_that_may_overflow_are_not_made_portable(build: Build) -> None:
    """Runtimes disagree on what they mean."""
    model = build([("Mul", ["x", "x"], ["y"], {})], {"x": ("i64", [2])}, {"y": "i64"})
    assert admit_model(model).profile is PINNED


def test_work_of_a_portable_model_counts_weights_in_float64() -> None:
    """Its memory holds the weights as they came and doubled, and its time is its own."""
    portable = admit_model(read_sample("digits_cnn_float")).work
    graph = read_graph(read_sample("digits_cnn_float"))
    weights = sum(array.nbytes for array in graph.constants.values())
    assert portable.peak_bytes > 3 * weights
    assert portable.portable_macs > portable.macs
