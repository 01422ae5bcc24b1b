"""Quantisation: the float perceptron in integers, after training, calibrated on training images.

Nothing overflows, whatever 64 bytes come in. For weights w and bias b the accumulator acc and all
its partial sums stay within A = max over units of (255 * sum |w| + |b|). A < 2^31 and M < 2^31 are
asserted, so |acc * M| < 2^62, and with half = 2^31, |acc * M + half| < 2^63; asserted as well.
"""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from .dataset import Digits
from .training import PIXEL_MAX, Floats, Perceptron

Integers: TypeAlias = npt.NDArray[np.int64]

WEIGHT_MAX = 127
LEVEL_MAX = 255
SHIFT = 32
HALF = 1 << (SHIFT - 1)


@dataclass(frozen=True, slots=True)
class IntegerPerceptron:
    """scores = level(pixels @ hidden_weights + hidden_bias) @ score_weights + score_bias.

    level(sum) = min(255, max(0, sum * multiplier + HALF) >> SHIFT), the relu included.
    """

    hidden_weights: Integers  # (64, 32) in -127..127
    hidden_bias: Integers  # (32,)
    multiplier: int
    score_weights: Integers  # (32, 10) in -127..127
    score_bias: Integers  # (10,)


def quantise(perceptron: Perceptron, calibration: Digits) -> IntegerPerceptron:
    """One scale per weight matrix; the largest calibrated hidden sum becomes level 255."""
    hidden_weights, hidden_step = _quantise_weights(perceptron.hidden_weights)
    hidden_step /= PIXEL_MAX
    hidden_bias = _round(perceptron.hidden_bias / hidden_step)
    sum_max = int((calibration.pixels @ hidden_weights + hidden_bias).max())
    score_weights, score_step = _quantise_weights(perceptron.score_weights)
    score_step *= hidden_step * sum_max / LEVEL_MAX
    score_bias = _round(perceptron.score_bias / score_step)
    multiplier = ((LEVEL_MAX << SHIFT) + sum_max // 2) // sum_max
    integer = IntegerPerceptron(hidden_weights, hidden_bias, multiplier, score_weights, score_bias)
    _assert_in_range(integer)
    return integer


def _quantise_weights(weights: Floats) -> tuple[Integers, float]:
    """Integer weights and the float value of one step."""
    step = float(np.abs(weights).max()) / WEIGHT_MAX
    return _round(weights / step), step


def _round(values: Floats) -> Integers:
    return np.rint(values).astype(np.int64)


def _assert_in_range(integer: IntegerPerceptron) -> None:
    """The bounds of the module header, from the magnitudes of these very weights."""
    hidden = _compute_sum_bound(integer.hidden_weights, integer.hidden_bias)
    scores = _compute_sum_bound(integer.score_weights, integer.score_bias)
    assert hidden < 1 << 31, f"hidden sums reach {hidden}: beyond int32"
    assert scores < 1 << 31, f"scores reach {scores}: beyond int32"
    assert 0 < integer.multiplier < 1 << 31, f"multiplier {integer.multiplier} beyond 31 bits"
    assert hidden * integer.multiplier + HALF < 1 << 63, "requantisation overflows int64"


def _compute_sum_bound(weights: Integers, bias: Integers) -> int:
    """Largest magnitude of any sum over inputs 0..255."""
    return int((LEVEL_MAX * np.abs(weights).sum(axis=0) + np.abs(bias)).max())
