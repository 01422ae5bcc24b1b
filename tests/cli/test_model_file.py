"""`model check` and `model quantize` as a user runs them: files in, a verdict or a file out."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from precompiles.models.samples import read_digits, read_sample

Command = Callable[..., Any]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The float digits, samples to calibrate on, and a model with a free batch size."""
    (tmp_path / "float.onnx").write_bytes(read_sample("digits_float"))
    pixels, labels = read_digits()
    np.savez(tmp_path / "samples.npz", pixels=pixels.astype(np.float32), labels=labels)
    kind = [
        helper.make_tensor_value_info(name, TensorProto.UINT8, ["batch", 4]) for name in ("x", "y")
    ]
    graph = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "g", kind[:1], kind[1:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    onnx.save(model, tmp_path / "batch.onnx")
    return tmp_path


def test_check_says_why_a_model_is_not_exact(devnet: Command, folder: Path) -> None:
    """Operator by operator, with the remedy; profile, signature, work and gas."""
    done = devnet("model", "check", str(folder / "float.onnx"))
    assert done.code == 0
    for part in ("portable", "pixels: float32[1, 64]", "2,368", "gas per call", "Gemm", "quantize"):
        assert part in done.out, part
    found = json.loads(devnet("model", "check", "digits_exact", "--json").out)
    assert (found["profile"], found["obstacles"]) == ("exact", [])


def test_check_of_a_refused_model_exits_1_with_the_remedy(devnet: Command, folder: Path) -> None:
    """An unbound dimension names itself and the option."""
    path = str(folder / "batch.onnx")
    refused = devnet("model", "check", path)
    assert refused.code == 1
    assert "batch" in refused.out
    bound = devnet("model", "check", path, "--dimension", "batch=2")
    assert bound.code == 0
    assert "uint8[2, 4]" in bound.out
    assert devnet("model", "check", path, "--dimension", "two").code == 2


def test_quantize_writes_an_exact_model_and_what_it_cost(devnet: Command, folder: Path) -> None:
    """The accuracy before and after on the given data; the result is admitted as exact."""
    target = folder / "exact.onnx"
    arguments = ("model", "quantize", str(folder / "float.onnx"), str(target))
    done = devnet(*arguments, "--calibrate", str(folder / "samples.npz"))
    assert done.code == 0, done.err
    assert "accuracy 98.00% float" in done.out
    assert "exact" in devnet("model", "check", str(target)).out


def test_quantize_writes_nothing_when_it_cannot(devnet: Command, folder: Path) -> None:
    """Integer models and missing samples: one line, no file."""
    target = folder / "nothing.onnx"
    exact = folder / "integer.onnx"
    exact.write_bytes(read_sample("digits_exact"))
    for source, samples in ((exact, "samples.npz"), (folder / "float.onnx", "missing.npz")):
        arguments = ("model", "quantize", str(source), str(target))
        done = devnet(*arguments, "--calibrate", str(folder / samples))
        assert done.code == 2
        assert done.err.startswith("error: ")
        assert not target.exists()


def test_a_bound_model_is_added_and_published(devnet: Command, folder: Path) -> None:
    """Dimensions and a release from the command line reach the chain."""
    done = devnet(
        *("model", "add", str(folder / "batch.onnx"), "--dimension", "batch=3"),
        *("--alias", "batch", "--release", "copies"),
    )
    assert done.code == 0, done.err
    shown = json.loads(devnet("model", "show", "batch", "--json").out)
    assert shown["dimensions"] == {"batch": 3}
    assert shown["inputs"][0]["shape"] == [3, 4]
