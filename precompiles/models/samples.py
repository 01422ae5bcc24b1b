"""Samples: the models and images in `zoo/`, read as package data.

Holds bytes only; what is in them and how they were made stands in `zoo/README.md`.
"""

import io
from difflib import get_close_matches
from importlib.resources import files

import numpy as np
import numpy.typing as npt

SUFFIX = ".onnx"


def list_samples() -> tuple[str, ...]:
    """Names that `read_sample` takes, sorted."""
    zoo = files("precompiles.models") / "zoo"
    names = (entry.name for entry in zoo.iterdir())
    return tuple(sorted(name.removesuffix(SUFFIX) for name in names if name.endswith(SUFFIX)))


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
    with np.load(io.BytesIO(_read("digits_held_out.npz")), allow_pickle=False) as arrays:
        return arrays["pixels"], arrays["labels"]


def _read(file_name: str) -> bytes:
    return (files("precompiles.models") / "zoo" / file_name).read_bytes()
