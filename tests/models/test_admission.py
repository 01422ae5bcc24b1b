"""Admission: bytes to a manifest or a refusal, the same on every host."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from precompiles.engine.session import build_session
from precompiles.errors import NotAdmitted, TooLarge
from precompiles.models.admission import admit_model
from precompiles.models.limits import MAX_IR, MAX_OPSET, MIN_IR, MIN_OPSET
from precompiles.models.manifest import (
    Profile,
    Registration,
    decode_registration,
    encode_registration,
)
from precompiles.models.samples import list_samples, read_sample
from tests.models.conftest import Build, Step

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = """
from precompiles.models.admission import admit_model
from precompiles.models.manifest import Registration, encode_registration
from precompiles.models.samples import list_samples, read_sample
for name in list_samples():
    manifest = admit_model(read_sample(name))
    print(name, encode_registration(Registration(manifest, bytes(20))).hex())
"""


def change(model: bytes, field: str, value: int) -> bytes:
    """The sample with another version."""
    proto = onnx.ModelProto.FromString(model)
    if field == "opset":
        proto.opset_import[0].version = value
    else:
        proto.ir_version = value
    return bytes(proto.SerializeToString())


def test_sample_models_keep_their_profiles() -> None:
    """The exact forms are proven exact, the float forms portable, and ids are digests."""
    for name in list_samples():
        model = read_sample(name)
        manifest = admit_model(model)
        wanted = Profile.EXACT if name.endswith("_exact") else Profile.PORTABLE
        assert manifest.profile is wanted, name
        assert manifest.model_id == hashlib.sha256(model).digest()
        assert manifest.size_bytes == len(model)
        assert manifest.dimensions == ()


@pytest.mark.parametrize("seed", ["0", "1"])
def test_answer_depends_on_the_bytes_alone(seed: str, tmp_path: Path) -> None:
    """Another process, folder and hash seed give the same manifests."""
    environment = os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=environment,
        check=True,
    )
    ours = ""
    for name in list_samples():
        registration = Registration(admit_model(read_sample(name)), bytes(20))
        ours += f"{name} {encode_registration(registration).hex()}\n"
    assert done.stdout == ours


@pytest.mark.parametrize("field", ["opset", "ir"])
def test_versions_are_admitted_from_first_to_last(field: str) -> None:
    """One below and one above are refused with the admitted range."""
    model = read_sample("digits_exact")
    low, high = (MIN_OPSET, MAX_OPSET) if field == "opset" else (MIN_IR, MAX_IR)
    for version in (low, high):
        assert admit_model(change(model, field, version)).profile is Profile.EXACT
    for version in (low - 1, high + 1, 0, -1):
        with pytest.raises(NotAdmitted, match=f"export with {low} to {high}"):
            admit_model(change(model, field, version))


def test_an_opset_may_be_imported_again_but_not_another_one() -> None:
    """skl2onnx writes the same one twice, and the runtime reads that."""
    proto = onnx.ModelProto.FromString(read_sample("digits_exact"))
    first = proto.opset_import[0].version
    proto.opset_import.append(onnx.helper.make_opsetid("ai.onnx", first))
    model = bytes(proto.SerializeToString())
    assert admit_model(model).profile is Profile.EXACT
    assert build_session(model).get_inputs()
    proto.opset_import[1].version = 20
    with pytest.raises(NotAdmitted, match=f"opsets {first} and 20 of ai.onnx; import one"):
        admit_model(bytes(proto.SerializeToString()))


def build_dynamic(build: Build) -> bytes:
    steps: list[Step] = [("MatMul", ["x", "w"], ["m"], {}), ("Add", ["m", "z"], ["y"], {})]
    inputs: Any = {"x": ("f32", ["batch", 4]), "z": ("f32", ["batch", "width"])}
    return build(steps, inputs, {"y": "f32"}, {"w": np.ones((4, 3), np.float32)})


def test_dynamic_dimension_is_refused_until_it_is_bound(build: Build) -> None:
    """The refusal names the dimension and how to bind it; the manifest has the bound shapes."""
    model = build_dynamic(build)
    with pytest.raises(NotAdmitted, match=r"dimension 0 of input 'x'.*'batch'.*batch=1"):
        admit_model(model)
    with pytest.raises(NotAdmitted, match=r"dimension 1 of input 'z'.*'width'"):
        admit_model(model, {"batch": 2})
    manifest = admit_model(model, {"width": 3, "batch": 2})
    assert manifest.dimensions == (("batch", 2), ("width", 3))
    assert [kind.shape for kind in manifest.inputs] == [(2, 4), (2, 3)]
    assert [kind.shape for kind in manifest.outputs] == [(2, 3)]
    stored = encode_registration(Registration(manifest, bytes(20)))
    assert decode_registration(stored).manifest == manifest


def test_dimension_is_bound_by_input_and_axis_as_well(build: Build) -> None:
    """For dimensions without a name, or with one that two axes share."""
    model = build_dynamic(build)
    manifest = admit_model(model, {"x:0": 1, "z:0": 1, "z:1": 3})
    assert manifest.dimensions == (("x:0", 1), ("z:0", 1), ("z:1", 3))
    assert manifest.inputs[0].shape == (1, 4)
    with pytest.raises(NotAdmitted, match="two sizes"):
        admit_model(model, {"batch": 1, "x:0": 2, "width": 3})


@pytest.mark.parametrize(
    ("dimensions", "words"),
    [
        ({"batch": 1, "width": 3, "bacth": 1}, "no dynamic dimension 'bacth'.*batch"),
        ({"batch": 0, "width": 3}, "bind it to at least 1"),
        ({"batch": -5, "width": 3}, "bind it to at least 1"),
        ({"batch": 1 << 40, "width": 3}, "bound to"),
        ({"batch": 1, "width": 2}, "does not fit"),
    ],
)
def test_binding_that_does_not_fit_is_refused(
    build: Build, dimensions: dict[str, int], words: str
) -> None:
    """Misspelt, empty, negative, absurd, or against the weights."""
    with pytest.raises(NotAdmitted, match=words):
        admit_model(build_dynamic(build), dimensions)


def test_binding_counts_against_the_caps(build: Build) -> None:
    """A batch of a billion is too large, not a crash."""
    with pytest.raises((TooLarge, NotAdmitted), match="at most"):
        admit_model(build_dynamic(build), {"batch": 10**9, "width": 3})


def test_static_model_takes_no_binding() -> None:
    """A size for a dimension that is a number is a mistake."""
    with pytest.raises(NotAdmitted, match="all its dimensions are numbers"):
        admit_model(read_sample("digits_exact"), {"batch": 1})


def test_shape_computed_from_a_bound_dimension_is_static(build: Build) -> None:
    """Shape, Gather, Concat and Reshape, as exporters write them, are worked out."""
    steps: list[Step] = [
        ("Shape", ["x"], ["s"], {}),
        ("Gather", ["s", "first"], ["n"], {}),
        ("Unsqueeze", ["n", "axis"], ["u"], {}),
        ("Concat", ["u", "rest"], ["target"], {"axis": 0}),
        ("Reshape", ["x", "target"], ["y"], {}),
    ]
    constants = {
        "first": np.int64(0),
        "axis": np.array([0]),
        "rest": np.array([-1]),
    }
    model = build(steps, {"x": ("u8", ["N", 2, 6])}, {"y": "u8"}, constants)
    manifest = admit_model(model, {"N": 3})
    assert manifest.outputs[0].shape == (3, 12)
    assert manifest.profile is Profile.EXACT


def test_refusal_is_readable_as_a_revert(build: Build) -> None:
    """The reason a contract reads names the class, the operator and the remedy."""
    model = build(
        [("Div", ["x", "z"], ["y"], {})], {"x": ("i64", [1]), "z": ("i64", [1])}, {"y": "i64"}
    )
    with pytest.raises(NotAdmitted) as refusal:
        admit_model(model)
    assert refusal.value.reason.startswith("NotAdmitted: Div 'y' is refused: the divisor 'z'")
    assert "divide by a constant" in refusal.value.reason
