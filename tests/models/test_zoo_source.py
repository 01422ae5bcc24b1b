"""Zoo's sources: the held-out data is real and unseen, and the models can be made again."""

import re
import runpy
import subprocess
import sys
from pathlib import Path

import numpy as np
from sklearn.datasets import load_breast_cancer, load_digits

from precompiles.models.admission import admit_model
from precompiles.models.manifest import Profile
from precompiles.models.samples import read_digits, read_held_out, read_sample

ROOT = Path(__file__).resolve().parents[2]
QUICK = ("digits", "diagnosis", "volatility")  # families that train in a few seconds


def make_models(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the script."""
    return subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "make_models"), *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_held_out_digits_are_the_scripts_split_and_unseen_in_training() -> None:
    """The archive is scikit-learn's images at the held-out indices, disjoint from training."""
    split = runpy.run_path(str(ROOT / "scripts" / "models" / "dataset.py"))
    train, held_out = split["load_split"]()
    every = load_digits()
    assert not set(train.index) & set(held_out.index)
    assert sorted((*train.index, *held_out.index)) == list(range(len(every.target)))
    pixels, labels = read_digits()
    np.testing.assert_array_equal(pixels, every.data[held_out.index])
    np.testing.assert_array_equal(labels, every.target[held_out.index])
    assert not {row.tobytes() for row in pixels} & {row.tobytes() for row in train.pixels}
    assert (abs(np.bincount(labels) - np.bincount(every.target) / 4) < 2).all()


def test_held_out_patients_are_real() -> None:
    """Each stands in scikit-learn's table with that diagnosis; a quarter of both kinds."""
    every = load_breast_cancer()
    table = every.data.astype(np.float32)
    known = {row.tobytes(): int(kind == 0) for row, kind in zip(table, every.target, strict=True)}
    data = read_held_out("diagnosis")
    found = [known[row.tobytes()] for row in data["measurements"]]
    assert found == data["malignant"].tolist()
    assert abs(sum(found) - (every.target == 0).sum() / 4) < 2


def test_models_made_from_scratch_keep_the_same_promise(tmp_path: Path) -> None:
    """The script makes the quick ones anew elsewhere: same signatures, same data, as accurate."""
    done = make_models("--out", str(tmp_path), *QUICK)
    assert done.returncode == 0, done.stderr
    forms = [f"{family}_{form}" for family in QUICK for form in ("float", "exact")]
    made = {path.name for path in tmp_path.iterdir()}
    assert made == {f"{name}.onnx" for name in forms} | {f"{n}_held_out.npz" for n in QUICK}
    for name in forms:
        model = (tmp_path / f"{name}.onnx").read_bytes()
        made_again, committed = admit_model(model), admit_model(read_sample(name))
        assert (made_again.inputs, made_again.outputs) == (committed.inputs, committed.outputs)
        assert (made_again.profile is Profile.EXACT) == name.endswith("_exact")
        if not name.startswith("volatility"):
            figures = re.search(rf"^{name} .* (\d+) of (\d+) ", done.stdout, re.MULTILINE)
            assert figures is not None
            assert int(figures[1]) / int(figures[2]) >= 0.95
    for family in QUICK:
        with np.load(tmp_path / f"{family}_held_out.npz", allow_pickle=False) as arrays:
            for key, array in read_held_out(family).items():
                np.testing.assert_allclose(arrays[key], array, rtol=1e-6)


def test_unknown_family_is_refused_by_the_script(tmp_path: Path) -> None:
    """With the names there are; nothing is written."""
    done = make_models("--out", str(tmp_path), "cats")
    assert done.returncode == 2
    assert "no model 'cats'; there are digits, digits_cnn" in done.stderr
    assert not list(tmp_path.iterdir())
