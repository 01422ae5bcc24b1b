"""Automatic differentiation: arrays that remember how they were made, in float64.

Reverse mode, one closure an operand; as many operations as the models of the zoo need.
"""

from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float64]
Pull: TypeAlias = Callable[[Floats], Floats]  # gradient of the result -> gradient of the operand

_GELU_RATE = np.sqrt(2 / np.pi)


class Variable:
    """An array and, after `differentiate`, the gradient of the loss with respect to it."""

    def __init__(self, value: Floats, parents: Sequence[tuple["Variable", Pull]] = ()) -> None:
        self.value = value
        self.gradient = np.zeros_like(value)
        self.parents = tuple(parents)

    def __add__(self, other: "Variable") -> "Variable":
        return Variable(
            self.value + other.value,
            [(self, lambda g: _fold(g, self)), (other, lambda g: _fold(g, other))],
        )

    def __matmul__(self, other: "Variable") -> "Variable":
        return Variable(
            self.value @ other.value,
            [
                (self, lambda g: _fold(g @ other.value.swapaxes(-1, -2), self)),
                (other, lambda g: _fold(self.value.swapaxes(-1, -2) @ g, other)),
            ],
        )

    def scale(self, factor: float) -> "Variable":
        """Every element times a number."""
        return Variable(self.value * factor, [(self, lambda g: g * factor)])

    def reshape(self, *shape: int) -> "Variable":
        """The same elements in another shape."""
        return Variable(self.value.reshape(shape), [(self, lambda g: g.reshape(self.value.shape))])

    def transpose(self, *axes: int) -> "Variable":
        """Axes in another order."""
        back = tuple(int(axis) for axis in np.argsort(axes))
        return Variable(self.value.transpose(axes), [(self, lambda g: g.transpose(back))])

    def mean(self, axis: int) -> "Variable":
        """Mean along one axis, which goes."""
        shape, count = self.value.shape, self.value.shape[axis]
        return Variable(
            self.value.mean(axis=axis),
            [(self, lambda g: np.broadcast_to(np.expand_dims(g, axis) / count, shape))],
        )


def relu(x: Variable) -> Variable:
    """The larger of each element and zero."""
    kept = x.value > 0
    return Variable(x.value * kept, [(x, lambda g: g * kept)])


def gelu(x: Variable) -> Variable:
    """Gaussian error linear unit by tanh. Source: Hendrycks, Gimpel 2016 (arXiv:1606.08415)."""
    v = x.value
    bent = np.tanh(_GELU_RATE * (v + 0.044715 * v**3))
    slope = (1 - bent**2) * _GELU_RATE * (1 + 3 * 0.044715 * v**2)
    return Variable(v * (1 + bent) / 2, [(x, lambda g: g * ((1 + bent) + v * slope) / 2)])


def softmax(x: Variable) -> Variable:
    """Shares of one along the last axis."""
    powers = np.exp(x.value - x.value.max(axis=-1, keepdims=True))
    shares = powers / powers.sum(axis=-1, keepdims=True)
    return Variable(
        shares, [(x, lambda g: shares * (g - (g * shares).sum(axis=-1, keepdims=True)))]
    )


def normalise(x: Variable, gain: Variable, bias: Variable, epsilon: float) -> Variable:
    """Layer normalisation along the last axis."""
    centred = x.value - x.value.mean(axis=-1, keepdims=True)
    spread = np.sqrt((centred**2).mean(axis=-1, keepdims=True) + epsilon)
    normal = centred / spread

    def pull(g: Floats) -> Floats:
        scaled = g * gain.value
        along = (scaled * normal).mean(axis=-1, keepdims=True)
        return np.asarray((scaled - scaled.mean(axis=-1, keepdims=True) - normal * along) / spread)

    return Variable(
        normal * gain.value + bias.value,
        [
            (x, pull),
            (gain, lambda g: _fold(g * normal, gain)),
            (bias, lambda g: _fold(g, bias)),
        ],
    )


def convolve(x: Variable, weights: Variable, bias: Variable) -> Variable:
    """3x3 convolution with a border of zeros.

    Shapes: x (n, in, h, w), weights (out, in, 3, 3), bias (out,) -> (n, out, h, w).
    """
    count, channels, height, width = x.value.shape
    padded = np.pad(x.value, ((0, 0), (0, 0), (1, 1), (1, 1)))
    taps = [(row, column) for row in range(3) for column in range(3)]
    windows = np.stack([padded[:, :, r : r + height, c : c + width] for r, c in taps], axis=2)
    columns = windows.reshape(count, channels * 9, height * width)
    flat = weights.value.reshape(len(weights.value), -1)  # (out, in * 9)
    result = (flat @ columns).reshape(count, -1, height, width)

    def pull_input(g: Floats) -> Floats:
        spread = flat.T @ g.reshape(count, len(flat), -1)
        parts = spread.reshape(count, channels, 9, height, width)
        total = np.zeros_like(padded)
        for tap, (r, c) in enumerate(taps):
            total[:, :, r : r + height, c : c + width] += parts[:, :, tap]
        return total[:, :, 1:-1, 1:-1]

    def pull_weights(g: Floats) -> Floats:
        across = g.reshape(count, len(flat), -1) @ columns.swapaxes(1, 2)
        return np.asarray(across.sum(axis=0).reshape(weights.value.shape))

    return Variable(
        result + bias.value[:, None, None],
        [
            (x, pull_input),
            (weights, pull_weights),
            (bias, lambda g: g.sum(axis=(0, 2, 3))),
        ],
    )


def pool(x: Variable) -> Variable:
    """Maxima of 2x2 tiles.

    Shapes: (n, c, h, w) -> (n, c, h / 2, w / 2).
    """
    count, channels, height, width = x.value.shape
    tiles = x.value.reshape(count, channels, height // 2, 2, width // 2, 2)
    best = tiles.max(axis=(3, 5), keepdims=True)
    chosen = tiles == best
    share = chosen / chosen.sum(axis=(3, 5), keepdims=True)
    return Variable(
        best[:, :, :, 0, :, 0],
        [(x, lambda g: np.reshape(share * g[:, :, :, None, :, None], x.value.shape))],
    )


def cross_entropy(scores: Variable, labels: npt.NDArray[np.uint8]) -> Variable:
    """Mean surprise at the labels under softmax of the scores (n, classes)."""
    shifted = scores.value - scores.value.max(axis=1, keepdims=True)
    logs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    rows = np.arange(len(labels))

    def pull(g: Floats) -> Floats:
        error = np.exp(logs)
        error[rows, labels] -= 1
        return np.asarray(error * g / len(labels))

    return Variable(np.asarray(-logs[rows, labels].mean()), [(scores, pull)])


def squared_error(values: Variable, targets: Floats) -> Variable:
    """Mean square of the differences."""
    difference = values.value - targets
    return Variable(
        np.asarray((difference**2).mean()),
        [(values, lambda g: 2 * difference * g / difference.size)],
    )


def differentiate(loss: Variable) -> None:
    """Fill in the gradient of every variable the loss was made from."""
    order: list[Variable] = []
    seen: set[int] = set()
    stack = [(loss, False)]
    while stack:
        variable, done = stack.pop()
        if done:
            order.append(variable)
        elif id(variable) not in seen:
            seen.add(id(variable))
            stack.append((variable, True))
            stack.extend((parent, False) for parent, _ in variable.parents)
    loss.gradient = np.ones_like(loss.value)
    for variable in reversed(order):
        for parent, pull in variable.parents:
            parent.gradient = parent.gradient + pull(variable.gradient)


def _fold(gradient: Floats, operand: Variable) -> Floats:
    """Sum over the axes along which the operand was repeated."""
    shape = operand.value.shape
    extra = gradient.ndim - len(shape)
    axes = (
        *range(extra),
        *(extra + axis for axis, size in enumerate(shape) if size == 1),
    )
    return np.asarray(gradient.sum(axis=axes, keepdims=True).reshape(shape)) if axes else gradient
