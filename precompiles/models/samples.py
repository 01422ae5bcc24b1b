"""Samples: the models and held-out data in `zoo/`, read as package data.

Holds bytes only; what is in them and how they were made stands in `zoo/README.md`.
"""

import io
from difflib import get_close_matches
from importlib.resources import files
from typing import Any

import numpy as np
import numpy.typing as npt

SUFFIX = ".onnx"
DATA_SUFFIX = "_held_out.npz"


def list_samples() -> tuple[str, ...]:
    """Names that `read_sample` takes, sorted."""
    return tuple(name.removesuffix(SUFFIX) for name in _list_files(SUFFIX))


def read_sample(name: str) -> bytes:
    """The bytes of one sample model, as registered on chain.

    Raises: LookupError for a name not in `list_samples()`.
    """
    known = list_samples()
    if name not in known:
        near = get_close_matches(name, known) or known
        raise LookupError(f"no sample model {name!r}; did you mean {' or '.join(near)}?")
    return _read(name + SUFFIX)


def read_digits() -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """Held-out digits: pixels (n, 64) counting 0..16 and labels (n,)."""
    arrays = read_held_out("digits")
    return arrays["pixels"], arrays["labels"]


def read_held_out(name: str) -> dict[str, npt.NDArray[Any]]:
    """Data no sample was trained on: arrays by name, each (n, ...). See `zoo/README.md`.

    Raises: LookupError for a name without data.
    """
    known = [entry.removesuffix(DATA_SUFFIX) for entry in _list_files(DATA_SUFFIX)]
    if name not in known:
        raise LookupError(f"no held-out data {name!r}; there is {', '.join(known)}")
    with np.load(io.BytesIO(_read(name + DATA_SUFFIX)), allow_pickle=False) as arrays:
        return {key: arrays[key] for key in arrays.files}


def _list_files(suffix: str) -> list[str]:
    zoo = files("precompiles.models") / "zoo"
    return sorted(entry.name for entry in zoo.iterdir() if entry.name.endswith(suffix))


def _read(file_name: str) -> bytes:
    return (files("precompiles.models") / "zoo" / file_name).read_bytes()
