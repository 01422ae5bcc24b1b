"""Report: everything the check finds, operator by operator, refused or not."""

import numpy as np

from precompiles.models.admission import admit_model
from precompiles.models.manifest import Profile
from precompiles.models.report import check_model
from precompiles.models.samples import read_sample
from tests.models.conftest import Build, Step


def test_exact_model_has_no_obstacle() -> None:
    """Its manifest is admission's, every operator is exact."""
    model = read_sample("digits_exact")
    report = check_model(model)
    assert report.is_admitted
    assert report.manifest == admit_model(model)
    assert report.refusals == ()
    assert report.obstacles == ()
    assert len(report.verdicts) > 5


def test_float_model_lists_what_keeps_it_from_exact() -> None:
    """Each with why and what to do instead."""
    report = check_model(read_sample("digits_float"))
    assert report.is_admitted
    assert {verdict.profile for verdict in report.obstacles} == {Profile.PORTABLE}
    gemm = next(verdict for verdict in report.obstacles if verdict.node.operator == "Gemm")
    assert "order" in gemm.why
    assert "MatMulInteger" in gemm.remedy


def test_operators_that_keep_a_model_from_portable_are_listed(build: Build) -> None:
    """With the reason; the others of the model are not."""
    steps: list[Step] = [("Exp", ["x"], ["e"], {}), ("Det", ["e"], ["y"], {})]
    report = check_model(build(steps, {"x": ("f32", [2, 2])}, {"y": "f32"}))
    assert report.manifest is not None
    assert report.manifest.profile is Profile.PINNED
    (found,) = report.portable_obstacles
    assert found.node.operator == "Det"
    assert "no portable formula" in found.why


def test_every_refused_operator_is_listed_not_only_the_first(build: Build) -> None:
    """Admission stops at the first, a report goes on."""
    steps: list[Step] = [
        ("Div", ["x", "x"], ["a"], {}),
        ("Gather", ["t", "x"], ["b"], {}),
        ("Neg", ["b"], ["c"], {}),
    ]
    constants = {"t": np.arange(3, dtype=np.int64)}
    report = check_model(build(steps, {"x": ("i64", [2])}, {"a": "i64", "c": "i64"}, constants))
    assert not report.is_admitted
    assert len(report.refusals) == 2
    assert "may be zero" in report.refusals[0]
    assert "outside" in report.refusals[1]
    assert [verdict.profile for verdict in report.verdicts] == [None, None, Profile.EXACT]


def test_operators_refused_by_name_are_all_listed(build: Build) -> None:
    """Even though types end at the first of them."""
    steps: list[Step] = [
        ("NonZero", ["x"], ["n"], {}),
        ("RandomNormalLike", ["x"], ["r"], {}),
        ("Invented", ["r"], ["i"], {}),
        ("NonZero", ["x"], ["m"], {}),
    ]
    report = check_model(build(steps, {"x": ("f32", [2])}, {"n": "i64", "i": "f32"}))
    assert report.manifest is None
    assert [text.split()[0] for text in report.refusals] == [
        "NonZero",
        "RandomNormalLike",
        "operator",
    ]


def test_file_that_is_no_model_gets_a_report_too() -> None:
    """One refusal, no verdicts."""
    report = check_model(b"hello")
    assert not report.is_admitted
    assert len(report.refusals) == 1
    assert "not an ONNX file" in report.refusals[0]
    assert report.verdicts == ()


def test_dynamic_model_is_reported_with_its_bindings(build: Build) -> None:
    """Unbound: how to bind; bound: the manifest."""
    model = build([("Neg", ["x"], ["y"], {})], {"x": ("f32", ["N", 2])}, {"y": "f32"})
    assert "bind it" in check_model(model).refusals[0]
    manifest = check_model(model, {"N": 5}).manifest
    assert manifest is not None
    assert manifest.dimensions == (("N", 5),)
