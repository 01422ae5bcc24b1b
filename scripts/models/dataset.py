"""Digits: scikit-learn's 1,797 bundled 8x8 images and the one split everybody uses.

Source: UCI Machine Learning Repository, data set 80, its test part; pixels count 0..16.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

HELD_OUT_SHARE = 0.25
SPLIT_SEED = 0


@dataclass(frozen=True, slots=True)
class Digits:
    """Images, their labels and where each stood in scikit-learn's order."""

    pixels: npt.NDArray[np.uint8]  # (n, 64)
    labels: npt.NDArray[np.uint8]  # (n,)
    index: npt.NDArray[np.int64]  # (n,)


def load_split() -> tuple[Digits, Digits]:
    """Training part and held-out part, stratified by label, each in ascending index."""
    bunch = load_digits()
    labels = bunch.target.astype(np.uint8)  # (1797,)
    train, held_out = train_test_split(
        np.arange(len(labels)),
        test_size=HELD_OUT_SHARE,
        random_state=SPLIT_SEED,
        stratify=labels,
    )
    pixels = bunch.data.astype(np.uint8)  # (1797, 64)

    def take(index: npt.NDArray[np.int64]) -> Digits:
        return Digits(pixels[index], labels[index], index)

    return take(np.sort(train)), take(np.sort(held_out))
