"""Fitting of operators that slide over an image: convolutions, pools and what undoes them."""

from precompiles.models.fitting.operands import (
    Fit,
    Operands,
    Shape,
    require,
    require_scalar,
    require_shape,
)
from precompiles.models.naming import for_each
from precompiles.tensor import DType

_SPATIAL = ("kernel_shape", "strides", "dilations", "output_padding")


def _fit_windows(operands: Operands, kernel: Shape) -> None:
    """Attributes have one number an axis, and no window lies in the padding alone."""
    spatial = operands.rank() - 2
    require(1 <= spatial <= 3, f"an image of rank {operands.rank()}; 3 to 5 are run")
    for name in _SPATIAL:
        given = operands.integers(name)
        require(len(given) in (0, spatial), f"{name} {list(given)} for {spatial} image axes")
    require(len(kernel) == spatial, f"a kernel of {len(kernel)} axes on an image of {spatial}")
    pads = operands.integers("pads")
    require(len(pads) in (0, 2 * spatial), f"pads {list(pads)} for {spatial} image axes")
    automatic = operands.text("auto_pad", "NOTSET")
    require(automatic == "NOTSET" or not any(pads), f"both pads and auto_pad {automatic}")
    dilations = operands.integers("dilations") or (1,) * spatial
    for axis, pad in enumerate(pads):
        reach = (kernel[axis % spatial] - 1) * dilations[axis % spatial] + 1
        require(pad < reach, f"pad {pad} is not below the window of {reach}")
    if automatic in ("SAME_UPPER", "SAME_LOWER"):
        require(set(dilations) == {1}, f"auto_pad {automatic} with dilations {list(dilations)}")
        strides = operands.integers("strides") or (1,) * spatial
        for side, stride in zip(kernel, strides, strict=True):
            require(stride <= side, f"auto_pad {automatic} with stride {stride} above {side}")


def _fit_convolution(image: int, weights: int, bias: int) -> Fit:
    def fit(operands: Operands) -> None:
        kernel, group = operands.shape(weights), operands.integer("group", 1)
        require(len(kernel) == operands.rank(image), f"weights of rank {len(kernel)}")
        declared = operands.integers("kernel_shape")
        require(declared in ((), kernel[2:]), f"kernel_shape {list(declared)} is {kernel[2:]}")
        channels = operands.shape(image)[1]
        require(
            channels == kernel[1] * group, f"{channels} channels by {kernel[1]} x {group} groups"
        )
        require(kernel[0] % group == 0, f"{kernel[0]} results in {group} groups")
        _fit_windows(operands, kernel[2:])
        require_shape(operands, bias, kernel[0])

    return fit


def _fit_integer_convolution(operands: Operands) -> None:
    _fit_convolution(0, 1, 9)(operands)
    require_scalar(operands, 2, 3)


def _fit_quantised_convolution(operands: Operands) -> None:
    _fit_convolution(0, 3, 8)(operands)
    channels = operands.shape(3)[0]
    require_scalar(operands, 1, 2, 6, 7)
    _require_channels(operands, 4, channels)
    _require_channels(operands, 5, channels)
    zeros = operands.numbers(5)
    require(len(set(zeros)) <= 1, "weights with several zero points")


def _require_channels(operands: Operands, index: int, channels: int) -> None:
    if operands.has(index):
        found = operands.shape(index)
        require(
            found in ((), (1,), (channels,)),
            f"operand {index} has shape {list(found)} for {channels} channels",
        )


def _fit_transposed(operands: Operands) -> None:
    image, kernel = operands.shape(0), operands.shape(1)
    group = operands.integer("group", 1)
    require(len(kernel) == len(image), f"weights of rank {len(kernel)}")
    require(image[1] == kernel[0], f"{image[1]} channels by weights of {kernel[0]}")
    require(image[1] % group == 0, f"{image[1]} channels in {group} groups")
    declared = operands.integers("kernel_shape")
    require(declared in ((), kernel[2:]), f"kernel_shape {list(declared)} is {kernel[2:]}")
    require(not operands.integers("output_shape"), "output_shape; give pads instead")
    require(
        operands.text("auto_pad", "NOTSET") in ("NOTSET", "VALID"), "auto_pad; give pads instead"
    )
    _fit_windows(operands, kernel[2:])
    spatial = len(image) - 2
    strides = operands.integers("strides") or (1,) * spatial
    for extra, stride in zip(operands.integers("output_padding"), strides, strict=False):
        require(extra < stride, f"output_padding {extra} is not below stride {stride}")
    require_shape(operands, 2, kernel[1] * group)


def _fit_pool(operands: Operands) -> None:
    _fit_windows(operands, operands.integers("kernel_shape"))


def _fit_pooled(operands: Operands) -> None:
    """No last window lies beyond the image, which the runtime leaves out and ONNX counts."""
    result, spatial = operands.results[0], operands.rank() - 2
    assert result is not None, "a pool has a first result"
    strides = operands.integers("strides") or (1,) * spatial
    before = (operands.integers("pads") or (0,) * spatial)[:spatial]
    for axis in range(spatial):
        start = (result[axis + 2] - 1) * strides[axis] - before[axis]
        require(start < operands.shape(0)[axis + 2], "a last window of padding alone")


def _fit_global_pool(operands: Operands) -> None:
    require(3 <= operands.rank() <= 5, f"an image of rank {operands.rank()}; 3 to 5 are run")


def _fit_unpool(operands: Operands) -> None:
    _fit_windows(operands, operands.integers("kernel_shape"))
    require_shape(operands, 1, *operands.shape(0))
    require(not operands.has(2), "output_shape; leave it out")


def _fit_columns(operands: Operands) -> None:
    """Column to image: as many columns as the windows of the image."""
    image, block = operands.numbers(1), operands.numbers(2)
    spatial = len(image)
    require(operands.rank() == 3 and 1 <= spatial <= 3, "an input of another rank than 3")
    require(len(block) == spatial, f"blocks of {len(block)} axes on an image of {spatial}")
    require(min(*image, *block) > 0, "a block or image of size 0")
    strides = operands.integers("strides") or (1,) * spatial
    dilations = operands.integers("dilations") or (1,) * spatial
    pads = operands.integers("pads") or (0,) * (2 * spatial)
    require(
        (len(strides), len(dilations), len(pads)) == (spatial, spatial, 2 * spatial),
        f"attributes for another number of image axes than {spatial}",
    )
    columns = elements = 1
    for axis in range(spatial):
        reach = dilations[axis] * (block[axis] - 1) + 1
        room = image[axis] + pads[axis] + pads[axis + spatial] - reach
        require(room >= 0, f"a block of {reach} on an image of {image[axis]}")
        columns *= room // strides[axis] + 1
        elements *= block[axis]
    _, rows, found = operands.shape(0)
    require(found == columns, f"{found} columns for {columns} windows")
    require(rows % elements == 0, f"{rows} rows for blocks of {elements}")


def _fit_local_norm(operands: Operands) -> None:
    require(operands.rank() == 4, f"an image of rank {operands.rank()}, not 4")
    require(operands.integer("size") % 2 == 1, "an even size")
    for name in ("alpha", "beta"):
        require(operands.attributes.get(name, 1.0) > 0, f"{name} that is not positive")


def _fit_resize(operands: Operands) -> None:
    rank, mode = operands.rank(), operands.text("mode", "nearest")
    axes = operands.integers("axes")
    require(not axes, "attribute axes; give scales or sizes for all axes")
    given = [index for index in (2, 3) if operands.has(index) and operands.shape(index) != (0,)]
    require(len(given) == 1, "not exactly one of scales and sizes")
    require_shape(operands, given[0], rank)
    before, after = operands.shape(0), operands.numbers(3)
    value = operands.value(2)
    if given == [2] and value is not None:
        require(bool((value > 0).all()) and bool((value <= 1 << 12).all()), "a scale beyond 4096")
        scales = tuple(float(scale) for scale in value)
        outer = all(scale == 1 for scale in scales[: max(rank - 2, 0)])
    else:
        outer = before[: max(rank - 2, 0)] == after[: max(rank - 2, 0)]
    integer = operands.dtypes[0] in (DType.UINT8, DType.INT8, DType.INT32)
    require(
        not operands.integer("exclude_outside") or mode == "cubic", "exclude_outside without cubic"
    )
    if mode == "nearest":
        require(rank >= 1, "a scalar")
        require(not operands.integer("antialias"), "antialias with mode nearest")
        return
    require(outer and rank in (2, 4), f"mode {mode} on other than the last two axes of 2 or 4")
    if mode == "cubic":
        require(not integer and rank == 4, "mode cubic on integers or on other than rank 4")


def _fit_grid(operands: Operands) -> None:
    image, grid = operands.shape(0), operands.shape(1)
    spatial = len(image) - 2
    require(spatial == 2 or (spatial == 3 and operands.opset >= 20), f"an image of {len(image)}")
    require(
        len(grid) == len(image) and grid[0] == image[0] and grid[-1] == spatial,
        f"a grid of shape {list(grid)} on an image of {list(image)}",
    )
    require(spatial == 2 or operands.text("mode", "linear") not in ("cubic",), "cubic in 3 axes")


def _fit_blocks(operands: Operands) -> None:
    require(operands.rank() == 4, f"an image of rank {operands.rank()}, not 4")
    side = operands.integer("blocksize")
    _, channels, height, width = operands.shape(0)
    if operands.operator == "DepthToSpace":
        require(channels % side**2 == 0, f"{channels} channels in blocks of {side} x {side}")
    else:
        require(height % side == 0 and width % side == 0, f"an image not of whole blocks of {side}")


WINDOWS: dict[str, Fit] = {
    "Conv": _fit_convolution(0, 1, 2),
    "ConvInteger": _fit_integer_convolution,
    "QLinearConv": _fit_quantised_convolution,
    "ConvTranspose": _fit_transposed,
    **for_each("AveragePool LpPool MaxPool", _fit_pool),
    **for_each("GlobalAveragePool GlobalMaxPool", _fit_global_pool),
    "MaxUnpool": _fit_unpool,
    "Col2Im": _fit_columns,
    "LRN": _fit_local_norm,
    "Resize": _fit_resize,
    "GridSample": _fit_grid,
    **for_each("DepthToSpace SpaceToDepth", _fit_blocks),
}
WINDOW_RESULTS: dict[str, Fit] = for_each("AveragePool LpPool MaxPool", _fit_pooled)
