"""Training: a perceptron 64-32-10 by Adam on softmax cross-entropy, seeded, in float64.

Knows neither ONNX nor the held-out part.
Source: Kingma, Ba 2014 (arXiv:1412.6980), algorithm 1.
"""

import sys
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from .dataset import Digits

Floats: TypeAlias = npt.NDArray[np.float64]

PIXELS = 64
HIDDEN = 32
CLASSES = 10
PIXEL_MAX = 16
MACS = PIXELS * HIDDEN + HIDDEN * CLASSES

# None of 24 settings did better in five-fold cross-validation on the training part.
SEED = 0
EPOCHS = 160
BATCH = 64
RATE = 3e-3
DECAY = 1e-3
# Far above float64 noise, far below what training can tell: any BLAS lands on the same point.
GRID = 2.0**-20


@dataclass(frozen=True, slots=True)
class Perceptron:
    """scores = relu(pixels / 16 @ hidden_weights + hidden_bias) @ score_weights + score_bias."""

    hidden_weights: Floats  # (64, 32)
    hidden_bias: Floats  # (32,)
    score_weights: Floats  # (32, 10)
    score_bias: Floats  # (10,)


def train_perceptron(digits: Digits) -> Perceptron:
    """Train from scratch and round each parameter to the grid."""
    rng = np.random.default_rng(SEED)
    inputs = digits.pixels / PIXEL_MAX  # (n, 64)
    parameters = _draw_parameters(rng)
    adam = _Adam(parameters)
    for epoch in range(EPOCHS):
        order = rng.permutation(len(inputs))
        for start in range(0, len(order), BATCH):
            batch = order[start : start + BATCH]
            adam.step(_compute_gradient(parameters, inputs[batch], digits.labels[batch]))
        if (epoch + 1) % 40 == 0:
            print(f"  epoch {epoch + 1}/{EPOCHS}", file=sys.stderr)
    return Perceptron(*(np.rint(parameter / GRID) * GRID for parameter in parameters))


def _draw_parameters(rng: np.random.Generator) -> list[Floats]:
    """He's normal start for the weights, zero for the biases."""
    return [
        rng.normal(0, np.sqrt(2 / PIXELS), (PIXELS, HIDDEN)),
        np.zeros(HIDDEN),
        rng.normal(0, np.sqrt(2 / HIDDEN), (HIDDEN, CLASSES)),
        np.zeros(CLASSES),
    ]


def _compute_gradient(
    parameters: list[Floats], inputs: Floats, labels: npt.NDArray[np.uint8]
) -> list[Floats]:
    """Gradient of mean cross-entropy plus half of DECAY times the squared weights."""
    w1, b1, w2, b2 = parameters
    hidden = np.maximum(inputs @ w1 + b1, 0)  # (batch, 32)
    scores = hidden @ w2 + b2  # (batch, 10)
    error = np.exp(scores - scores.max(axis=1, keepdims=True))
    error /= error.sum(axis=1, keepdims=True)
    error[np.arange(len(labels)), labels] -= 1
    error /= len(labels)
    back = (error @ w2.T) * (hidden > 0)  # (batch, 32)
    return [
        inputs.T @ back + DECAY * w1,
        back.sum(axis=0),
        hidden.T @ error + DECAY * w2,
        error.sum(axis=0),
    ]


class _Adam:
    """Moments of the parameters it moves in place."""

    def __init__(self, parameters: list[Floats]) -> None:
        self._parameters = parameters
        self._first = [np.zeros_like(parameter) for parameter in parameters]
        self._second = [np.zeros_like(parameter) for parameter in parameters]
        self._steps = 0

    def step(self, gradient: list[Floats]) -> None:
        """Move against one gradient."""
        self._steps += 1
        moments = zip(self._parameters, self._first, self._second, gradient, strict=True)
        for parameter, first, second, slope in moments:
            first += 0.1 * (slope - first)
            second += 0.001 * (slope * slope - second)
            mean = first / (1 - 0.9**self._steps)
            spread = np.sqrt(second / (1 - 0.999**self._steps))
            parameter -= RATE * mean / (spread + 1e-8)
