"""Convolution as products of filters with unrolled windows, every element correctly rounded."""

import numpy as np

from precompiles.engine.portable.rules.window import pad, unroll, view_windows
from precompiles.engine.portable.site import Compute, Operands, Rule, Site, find
from precompiles.engine.portable.sums.filters import Filters, multiply_filters, prepare_filters
from precompiles.engine.reference.window import Window, read_window
from precompiles.models.graph import Array


def _convolve(site: Site) -> Compute:
    groups = site.use.read_integer("group", 1)
    shape = site.get(1).shape
    window = read_window(site.use, site.get(0).shape[2:], shape[2:])
    ready, offset = site.find_constant(1), site.find_constant(2)
    filters = None if ready is None else _prepare(ready, groups, offset)
    held = filters if offset is not None or not site.has(2) else None
    result, dtype = site.use.result.shape, site.dtype

    def compute(operands: Operands) -> Array:
        use = held
        if use is None:
            use = _prepare(operands[1], groups, find(operands, 2))
        return _slide(operands[0], use, window, groups, np.empty(result, dtype))

    return compute


def _prepare(weights: Array, groups: int, offset: Array | None) -> Filters:
    """Shapes: weights (groups * m, c, *kernel) to filters (groups, m, c * kernel)."""
    return prepare_filters(weights.reshape(groups, weights.shape[0] // groups, -1), offset)


def _slide(image: Array, filters: Filters, window: Window, groups: int, out: Array) -> Array:
    """Shapes: image (n, groups * c, *spatial), out (n, groups * m, *positions), written."""
    rank = len(window.kernel)
    view = view_windows(pad(image, window, 0), window)
    for index in range(image.shape[0]):
        for cover, tile in unroll(view[index], groups, rank):
            place = out[index][(slice(None), *cover)]
            place[...] = multiply_filters(filters, tile, out.dtype).reshape(place.shape)
    return out


def _convolve_transposed(site: Site) -> Compute:
    """As a convolution of the image, stretched with zeros, with the mirrored kernel."""
    groups = site.use.read_integer("group", 1)
    spatial, shape = site.get(0).shape[2:], site.get(1).shape
    kernel, rank = shape[2:], len(spatial)
    ones = (1,) * rank
    strides = site.use.read_integers("strides") or ones
    dilations = site.use.read_integers("dilations") or ones
    out = site.use.result.shape
    fronts = _find_fronts(site, kernel, strides, dilations)
    reach = tuple(d * (k - 1) for d, k in zip(dilations, kernel, strict=True))
    window = Window(
        kernel,
        ones,
        dilations,
        tuple(max(r - f, 0) for r, f in zip(reach, fronts, strict=True)),
        out[2:],
    )
    cropped = tuple(max(f - r, 0) for r, f in zip(reach, fronts, strict=True))
    dtype = site.dtype
    ready, offset = site.find_constant(1), site.find_constant(2)
    held = None
    if ready is not None and (offset is not None or not site.has(2)):
        held = _prepare(_mirror(ready, groups), groups, offset)

    def compute(operands: Operands) -> Array:
        use = held
        if use is None:
            added = find(operands, 2)
            use = _prepare(_mirror(operands[1], groups), groups, added)
        stretched = _stretch(operands[0], strides)
        stretched = stretched[(slice(None), slice(None), *(slice(c, None) for c in cropped))]
        return _slide(_trim(stretched, window), use, window, groups, np.empty(out, dtype))

    return compute


def _find_fronts(
    site: Site, kernel: tuple[int, ...], strides: tuple[int, ...], dilations: tuple[int, ...]
) -> tuple[int, ...]:
    """What is cut off in front of each axis of the full result."""
    spatial, out = site.get(0).shape[2:], site.use.result.shape[2:]
    rank = len(spatial)
    extra = site.use.read_integers("output_padding") or (0,) * rank
    pads = site.use.read_integers("pads") or (0,) * (2 * rank)
    automatic = site.use.read_text("auto_pad", "NOTSET")
    if automatic == "VALID":
        return (0,) * rank
    if automatic == "NOTSET" and not site.use.read_integers("output_shape"):
        return pads[:rank]
    total = tuple(
        stride * (size - 1) + more + (width - 1) * dilation + 1 - wanted
        for stride, size, more, width, dilation, wanted in zip(
            strides, spatial, extra, kernel, dilations, out, strict=True
        )
    )
    upper = automatic == "SAME_UPPER"
    return tuple(max(t, 0) // 2 if upper else max(t, 0) - max(t, 0) // 2 for t in total)


def _mirror(weights: Array, groups: int) -> Array:
    """(groups * c, m, *kernel) to (groups * m, c, *kernel), the kernel turned round."""
    depth, maps, kernel = weights.shape[0] // groups, weights.shape[1], weights.shape[2:]
    parts = weights.reshape(groups, depth, maps, *kernel).swapaxes(1, 2)
    turned = np.flip(parts, axis=tuple(range(3, parts.ndim)))
    return turned.reshape(groups * maps, depth, *kernel)


def _stretch(image: Array, strides: tuple[int, ...]) -> Array:
    """stride - 1 zeros between neighbours."""
    sizes = tuple((size - 1) * s + 1 for size, s in zip(image.shape[2:], strides, strict=True))
    wide = np.zeros((*image.shape[:2], *sizes), image.dtype)
    wide[(slice(None), slice(None), *(slice(None, None, s) for s in strides))] = image
    return wide


def _trim(image: Array, window: Window) -> Array:
    """Nothing that lies behind the last window."""
    ends = tuple(
        max(count + dilation * (width - 1) - front, 0)
        for count, dilation, width, front in zip(
            window.out, window.dilations, window.kernel, window.before, strict=True
        )
    )
    return image[(slice(None), slice(None), *(slice(None, end) for end in ends))]


RULES: dict[str, Rule] = {"Conv": _convolve, "ConvTranspose": _convolve_transposed}
