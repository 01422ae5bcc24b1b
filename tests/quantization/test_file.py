"""Files: an exact model appears whole or not at all, and the report says what changed."""

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx.helper import make_node

from precompiles.models.admission import admit_model
from precompiles.models.manifest import Profile
from precompiles.models.samples import read_held_out, read_sample
from precompiles.quantization.file import quantize_file, read_samples
from precompiles.quantization.port import read_ports
from precompiles.quantization.quantize import quantize_model
from precompiles.quantization.refusal import BadCalibration, UnsupportedOperators


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path, Path]:
    """The digit perceptron, a place for its exact form, held-out digits with labels."""
    model, npz = tmp_path / "model.onnx", tmp_path / "data.npz"
    model.write_bytes(read_sample("digits_float"))
    data = read_held_out("digits")
    np.savez(npz, pixels=data["pixels"], labels=data["labels"])
    return model, tmp_path / "exact.onnx", npz


def test_digits_keep_their_accuracy(files: tuple[Path, Path, Path]) -> None:
    """The report's figures are those of the written file."""
    report = quantize_file(*files)
    written = files[1].read_bytes()
    assert (report.samples, report.bytes_exact) == (450, len(written))
    assert report.bytes_float == files[0].stat().st_size
    assert report.profile is admit_model(written).profile is Profile.EXACT
    digit, scores = report.results
    assert digit.agreement is not None
    assert digit.agreement > 0.99
    assert digit.accuracy_float == scores.accuracy_float == pytest.approx(0.98)
    assert digit.accuracy_exact == scores.accuracy_exact == pytest.approx(0.98, abs=0.005)
    assert digit.error is None
    assert scores.error is not None
    assert scores.error.relative_rms < 0.01
    assert 0 < scores.error.mean_abs < scores.error.max_abs


def test_ports_stand_in_the_file(files: tuple[Path, Path, Path]) -> None:
    """Scale and zero point of every input and output can be read back from the metadata."""
    report = quantize_file(*files)
    assert read_ports(files[1].read_bytes()) == (report.inputs, report.outputs)
    pixels = report.inputs[0]
    assert (pixels.type.dtype.name, pixels.scale, pixels.zero_point) == ("UINT8", 1.0, 0)


def test_unsupported_model_writes_nothing(
    files: tuple[Path, Path, Path], build: Callable[..., bytes]
) -> None:
    """An older file of that name stays; nothing is left beside it."""
    files[0].write_bytes(build([make_node("Floor", ["x"], ["y"])], {}, {"x": (1, 6)}))
    files[1].write_bytes(b"older")
    np.savez(files[2], x=np.ones((2, 6)))
    before = sorted(path.name for path in files[0].parent.iterdir())
    with pytest.raises(UnsupportedOperators):
        quantize_file(*files)
    assert files[1].read_bytes() == b"older"
    assert sorted(path.name for path in files[0].parent.iterdir()) == before


def test_failure_while_writing_leaves_nothing(
    files: tuple[Path, Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither half a model nor a temporary file."""

    def fail(*names: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("os.replace", fail)
    with pytest.raises(OSError, match="disk full"):
        quantize_file(*files)
    assert sorted(path.name for path in files[0].parent.iterdir()) == ["data.npz", "model.onnx"]


def test_archive_of_objects_is_refused(tmp_path: Path) -> None:
    """Nothing in it is run."""
    for name, arrays in {"objects": np.array([{}], object), "text": np.array(["a"])}.items():
        np.savez(tmp_path / f"{name}.npz", x=arrays)
        with pytest.raises(BadCalibration):
            read_samples(tmp_path / f"{name}.npz")
    (tmp_path / "no.npz").write_bytes(b"PK no archive")
    with pytest.raises(BadCalibration, match=r"numpy\.savez"):
        read_samples(tmp_path / "no.npz")


def test_regressor_is_held_against_real_labels(tmp_path: Path, build: Callable[..., Any]) -> None:
    """Mean distance to the labels before and after."""
    rng = np.random.default_rng(0)
    model, npz = tmp_path / "model.onnx", tmp_path / "data.npz"
    weights = rng.normal(size=(6, 1))
    model.write_bytes(
        build([make_node("MatMul", ["x", "w"], ["y"])], {"w": weights}, {"x": (1, 6)})
    )
    inputs = rng.normal(size=(50, 6)).astype(np.float32)
    np.savez(npz, x=inputs, labels=inputs @ weights + 1)
    (result,) = quantize_file(model, tmp_path / "exact.onnx", npz).results
    assert result.label_error_float == pytest.approx(1, abs=1e-3)
    assert result.label_error_exact == pytest.approx(1, abs=0.05)
    assert result.agreement is result.accuracy_float is None


def test_labels_too_few_are_refused(files: tuple[Path, Path, Path]) -> None:
    """One a sample."""
    data = read_held_out("digits")
    np.savez(files[2], pixels=data["pixels"], labels=data["labels"][:10])
    with pytest.raises(BadCalibration, match="10 labels for 450 samples"):
        quantize_file(*files)
    assert not files[1].exists()


def test_report_holds_values_only(files: tuple[Path, Path, Path]) -> None:
    """A program may turn it into anything."""
    assert asdict(quantize_file(*files))["samples"] == 450


def test_equal_arguments_give_equal_bytes() -> None:
    """No name, order or number depends on the run."""
    model, data = read_sample("digits_float"), read_held_out("digits")
    assert quantize_model(model, data).model == quantize_model(model, data).model
