"""Sliding windows of convolution and pooling: padding, strides, dilation, one tap at a time.

A tap is what one kernel position sees at every output position, so memory stays that of the
output however large the kernel is.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np

from precompiles.engine.reference.application import Application, Undefined
from precompiles.models.graph import Array


@dataclass(frozen=True, slots=True)
class Window:
    """Geometry over the spatial axes; `before` counts padding in front of each."""

    kernel: tuple[int, ...]
    strides: tuple[int, ...]
    dilations: tuple[int, ...]
    before: tuple[int, ...]
    out: tuple[int, ...]

    def compute_after(self, spatial: tuple[int, ...]) -> tuple[int, ...]:
        """How far the last window reaches beyond an array, along each spatial axis."""
        reach = (
            (count - 1) * stride + dilation * (width - 1) + 1
            for count, stride, dilation, width in zip(
                self.out, self.strides, self.dilations, self.kernel, strict=True
            )
        )
        return tuple(
            max(end - size - front, 0)
            for end, size, front in zip(reach, spatial, self.before, strict=True)
        )


def read_window(
    application: Application, spatial: tuple[int, ...], kernel: tuple[int, ...]
) -> Window:
    """Geometry from attributes; the number of output positions is the declared one."""
    rank = len(spatial)
    ones = (1,) * rank
    strides = application.read_integers("strides") or ones
    dilations = application.read_integers("dilations") or ones
    pads = application.read_integers("pads") or (0,) * (2 * rank)
    before = pads[:rank]
    automatic = application.read_text("auto_pad", "NOTSET")
    if automatic == "VALID":
        before = (0,) * rank
    elif automatic != "NOTSET":
        total = tuple(
            (-(-size // stride) - 1) * stride + dilation * (width - 1) + 1 - size
            for size, stride, dilation, width in zip(
                spatial, strides, dilations, kernel, strict=True
            )
        )
        if min(total) < 0:
            raise Undefined(f"{automatic} with strides that step over the kernel")
        before = tuple((t + 1) // 2 if automatic == "SAME_LOWER" else t // 2 for t in total)
    return Window(kernel, strides, dilations, before, application.result.shape[2:])


def take_taps(array: Array, window: Window, fill: float) -> Iterator[tuple[tuple[int, ...], Array]]:
    """Kernel positions in row-major order, each with its view of the padded array.

    Shapes: array (n, c, *spatial); each view (n, c, *out).
    """
    padded = _pad(array, window, fill)
    for position in product(*map(range, window.kernel)):
        slices = tuple(
            slice(at * dilation, at * dilation + (count - 1) * stride + 1, stride)
            for at, dilation, stride, count in zip(
                position, window.dilations, window.strides, window.out, strict=True
            )
        )
        yield position, padded[(slice(None), slice(None), *slices)]


def _pad(array: Array, window: Window, fill: float) -> Array:
    after = window.compute_after(array.shape[2:])
    widths = ((0, 0), (0, 0), *zip(window.before, after, strict=True))
    return np.pad(array, widths, constant_values=fill)
