"""Training: Adam on a loss of batches, seeded, in float64.

Knows neither ONNX nor the held-out part.
Source: Kingma, Ba 2014 (arXiv:1412.6980), algorithm 1.
"""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from .autodiff import Floats, Variable, differentiate

Parameters: TypeAlias = dict[str, Floats]
Loss: TypeAlias = Callable[[Mapping[str, Variable], npt.NDArray[np.int64]], Variable]

# Far above float64 noise, far below what training can tell: any BLAS lands on the same point.
GRID = 2.0**-20


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long and how fast to train."""

    epochs: int
    batch: int = 64  # samples
    rate: float = 3e-3  # of the first step; falls to zero along half a cosine if `falling`
    decay: float = 1e-3  # of matrices, added to their gradient
    falling: bool = True


def train(
    rng: np.random.Generator, parameters: Parameters, loss: Loss, count: int, schedule: Schedule
) -> Parameters:
    """Train from the given start on `count` samples and round each parameter to the grid.

    Args:
        loss: of a batch, from the parameters as variables and the indices of its samples.
    """
    values = {name: value.copy() for name, value in parameters.items()}
    adam = _Adam(values)
    batches = -(-count // schedule.batch)
    for epoch in range(schedule.epochs):
        order = rng.permutation(count)
        for batch in range(batches):
            chosen = order[batch * schedule.batch : (batch + 1) * schedule.batch]
            variables = {name: Variable(value) for name, value in values.items()}
            differentiate(loss(variables, chosen))
            gradients = {
                name: variable.gradient + schedule.decay * variable.value * (values[name].ndim > 1)
                for name, variable in variables.items()
            }
            done = (epoch * batches + batch) / (schedule.epochs * batches)
            pace = (1 + np.cos(np.pi * done)) / 2 if schedule.falling else 1.0
            adam.step(gradients, schedule.rate * pace)
        if (epoch + 1) % 20 == 0:
            print(f"  epoch {epoch + 1}/{schedule.epochs}", file=sys.stderr)
    return {name: np.rint(value / GRID) * GRID for name, value in values.items()}


def draw_matrix(rng: np.random.Generator, *shape: int, inputs: int) -> Floats:
    """He's normal start for weights that read `inputs` values."""
    return np.asarray(rng.normal(0, np.sqrt(2 / inputs), shape))


class _Adam:
    """Moments of the parameters it moves in place."""

    def __init__(self, parameters: Parameters) -> None:
        self._parameters = parameters
        self._first = {name: np.zeros_like(value) for name, value in parameters.items()}
        self._second = {name: np.zeros_like(value) for name, value in parameters.items()}
        self._steps = 0

    def step(self, gradients: Parameters, rate: float) -> None:
        """Move against one gradient."""
        self._steps += 1
        for name, slope in gradients.items():
            first, second = self._first[name], self._second[name]
            first += 0.1 * (slope - first)
            second += 0.001 * (slope * slope - second)
            mean = first / (1 - 0.9**self._steps)
            spread = np.sqrt(second / (1 - 0.999**self._steps))
            self._parameters[name] -= rate * mean / (spread + 1e-8)
