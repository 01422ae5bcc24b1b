"""Digits: what the three digit readers have in common.

pixels float32 [1,64], counting 0..16 -> digit int64 [1], scores float32 [1,10]
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt
from onnx import NodeProto

from .autodiff import Floats, Variable, cross_entropy
from .dataset import Digits
from .graph import FLOAT, INT64, Constants, encode, node
from .training import Parameters, Schedule, train

PIXELS = 64
SIDE = 8
CLASSES = 10
PIXEL_MAX = 16
SEED = 0


def train_reader(
    rng: np.random.Generator,
    start: Parameters,
    compute_scores: Callable[[Mapping[str, Variable], Floats], Variable],
    digits: Digits,
    schedule: Schedule,
) -> Parameters:
    """Train on softmax cross-entropy.

    Args:
        compute_scores: of images (n, 64) with pixels in 0..1 -> (n, 10).
    """
    images = digits.pixels / PIXEL_MAX

    def loss(parameters: Mapping[str, Variable], chosen: npt.NDArray[np.int64]) -> Variable:
        return cross_entropy(compute_scores(parameters, images[chosen]), digits.labels[chosen])

    return train(rng, start, loss, len(images), schedule)


def encode_reader(name: str, nodes: Sequence[NodeProto], constants: Constants) -> bytes:
    """A reader; `nodes` take `inputs`, pixels in 0..1, to `scores`."""
    return encode(
        name,
        [
            node("Mul", "pixels pixel_step", "inputs"),
            *nodes,
            node("ArgMax", "scores", "digit", axis=1, keepdims=0),
        ],
        {"pixel_step": np.float32(1 / PIXEL_MAX), **constants},
        {"pixels": (FLOAT, [1, PIXELS])},
        {"digit": (INT64, [1]), "scores": (FLOAT, [1, CLASSES])},
    )


def shift_images(digits: Digits, steps: Sequence[tuple[int, int]]) -> Digits:
    """The images moved down and right by each of the steps, zeros moving in."""
    images = digits.pixels.reshape(-1, SIDE, SIDE)
    moved = []
    for down, right in steps:
        padded = np.pad(images, ((0, 0), (1, 1), (1, 1)))
        top, left = 1 - down, 1 - right
        moved.append(padded[:, top : top + SIDE, left : left + SIDE].reshape(-1, PIXELS))
    count = len(steps)
    return Digits(
        np.concatenate(moved), np.tile(digits.labels, count), np.tile(digits.index, count)
    )
