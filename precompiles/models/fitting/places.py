"""Fitting of operators that take axes or places: each exists, none twice."""

from precompiles.models.fitting.operands import (
    Fit,
    Operands,
    count,
    normalize,
    require,
    require_scalar,
    require_shape,
)
from precompiles.models.naming import for_each
from precompiles.tensor import DType


def _fit_axis(default: int) -> Fit:
    def fit(operands: Operands) -> None:
        operands.axis(default)

    return fit


def _fit_top(operands: Operands) -> None:
    require_shape(operands, 1, 1)
    axis = operands.axis(-1)
    (number,) = operands.numbers(1)
    require(
        1 <= number <= operands.shape(0)[axis], f"the top {number} of {operands.shape(0)[axis]}"
    )


def _fit_pad(operands: Operands) -> None:
    rank = operands.rank()
    require_scalar(operands, 2)
    axes = operands.numbers(3) if operands.has(3) else tuple(range(rank))
    places = [normalize(axis, rank) for axis in axes]
    require(len(set(places)) == len(places), "an axis twice")
    pads = operands.numbers(1)
    require(operands.rank(1) == 1 and len(pads) == 2 * len(axes), f"{len(pads)} pads")
    mode = operands.text("mode", "constant")
    for index, pad in enumerate(pads):
        size = operands.shape(0)[places[index % len(places)]]
        require(mode == "constant" or pad >= 0, f"pad {pad} in mode {mode}")
        require(pad > -size, f"pad {pad} of an axis of {size}")
        require(mode not in ("reflect", "wrap") or pad < size, f"pad {pad} of an axis of {size}")


def _fit_one_hot(operands: Operands) -> None:
    require_scalar(operands, 1)
    require_shape(operands, 2, 2)
    require(operands.numbers(1)[0] >= 1, "a depth below 1")
    normalize(operands.integer("axis", -1), operands.rank() + 1)


def _fit_gather_elements(operands: Operands) -> None:
    data, indices = operands.shape(0), operands.shape(1)
    require(len(data) == len(indices) and len(data) >= 1, "indices of another rank")
    axis = operands.axis(0)
    for place, (size, whole) in enumerate(zip(indices, data, strict=True)):
        require(place == axis or size <= whole, f"indices of {list(indices)} on {list(data)}")


def _fit_scatter_elements(operands: Operands) -> None:
    _fit_gather_elements(operands)
    require_shape(operands, 2, *operands.shape(1))
    half = operands.dtypes[0] in (DType.FLOAT16, DType.BOOL)
    require(not half or operands.text("reduction", "none") == "none", "a reduction of this type")


def _fit_scatter_tuples(operands: Operands) -> None:
    data, indices = operands.shape(0), operands.shape(1)
    require(len(indices) >= 1 and len(data) >= 1, "a scalar operand")
    require(1 <= indices[-1] <= len(data), f"tuples of {indices[-1]} on rank {len(data)}")
    require_shape(operands, 2, *indices[:-1], *data[indices[-1] :])
    half = operands.dtypes[0] in (DType.FLOAT16, DType.BOOL)
    require(not half or operands.text("reduction", "none") == "none", "a reduction of this type")


def _fit_gather_tuples(operands: Operands) -> None:
    data, indices = operands.shape(0), operands.shape(1)
    skipped = operands.integer("batch_dims")
    require(len(indices) >= 1 and len(data) >= 1, "a scalar operand")
    require(skipped < min(len(data), len(indices)), f"batch_dims {skipped}")
    require(data[:skipped] == indices[:skipped], "batches of different size")
    require(1 <= indices[-1] <= len(data) - skipped, f"tuples of {indices[-1]}")


def _fit_reverse(operands: Operands) -> None:
    time, batch = operands.integer("time_axis"), operands.integer("batch_axis", 1)
    require(operands.rank() >= 2 and time != batch, "time_axis is batch_axis")
    require_shape(operands, 1, operands.shape(0)[batch])


def _fit_running_sum(operands: Operands) -> None:
    require_scalar(operands, 1)
    require(operands.rank() >= 1, "a scalar")
    normalize(operands.numbers(1)[0], operands.rank())


def _fit_triangle(operands: Operands) -> None:
    require(operands.rank() >= 2, "an operand of rank below 2")
    require_scalar(operands, 1)
    for number in operands.numbers(1):
        require(abs(number) <= 1 << 20, f"diagonal {number}")


def _fit_transpose(operands: Operands) -> None:
    order = operands.integers("perm")
    given = "perm" in operands.attributes
    require(not given or sorted(order) == list(range(operands.rank())), f"perm {list(order)}")


def _fit_split(operands: Operands) -> None:
    axis, results = operands.axis(0), len(operands.wanted)
    require(not operands.has(1) or operands.rank(1) == 1, "parts of another rank than 1")
    size = operands.shape(0)[axis]
    if operands.has(1):
        parts = operands.numbers(1)
        require(len(parts) == results and sum(parts) == size, f"parts {list(parts)} of {size}")
        require("num_outputs" not in operands.attributes, "both split and num_outputs")
        return
    if operands.opset >= 18:
        require(operands.integer("num_outputs") == results, "num_outputs is not their number")
        return
    require(size % results == 0, f"{size} in {results} equal parts")


def _fit_axes(operands: Operands) -> None:
    """Of reductions: as operand or attribute, each once."""
    axes = operands.numbers(1) or operands.integers("axes")
    require(not operands.has(1) or operands.rank(1) == 1, "axes of another rank than 1")
    places = [normalize(axis, operands.rank()) for axis in axes]
    require(len(set(places)) == len(places), "an axis twice")


def _fit_squeeze(operands: Operands) -> None:
    require(len(operands.shapes) < 2 or operands.has(1), "axes left out by an empty name")
    require(not operands.has(1) or operands.numbers(1) != (), "no axes")
    _fit_axes(operands)


def _fit_unsqueeze(operands: Operands) -> None:
    rank = operands.rank() + len(operands.numbers(1))
    require(operands.rank(1) == 1, "axes of another rank than 1")
    places = [normalize(axis, rank) for axis in operands.numbers(1)]
    require(len(set(places)) == len(places), "an axis twice")


def _fit_list(operands: Operands) -> None:
    """Sizes come as a list."""
    for index in range(1, len(operands.shapes)):
        if operands.has(index):
            require(operands.rank(index) == 1, f"operand {index} of another rank than 1")


def _fit_reshape(operands: Operands) -> None:
    result = operands.results[0]
    assert result is not None, "Reshape has one result"
    before, after = count(operands.shape(0)), count(result)
    require(before == after, f"{before} elements as {list(result)}")


def _fit_sequence(operands: Operands) -> None:
    """Of TensorScatter: updates no longer than the cache, as many starts as batches."""
    axis = operands.axis(-2)
    require(axis != 0, "axis 0, which is the batch")
    cache, update = operands.shape(0), operands.shape(1)
    require(len(cache) == len(update), "an update of another rank than the cache")
    for place, (whole, part) in enumerate(zip(cache, update, strict=True)):
        fits = part <= whole if place == axis else part == whole
        require(fits, f"an update of shape {list(update)} in a cache of shape {list(cache)}")
    require_shape(operands, 2, cache[0])


_REDUCTIONS = (
    "ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd "
    "ReduceSum ReduceSumSquare"
)
PLACES: dict[str, Fit] = {
    **for_each("Hardmax LogSoftmax LpNormalization Softmax", _fit_axis(-1)),
    **for_each("ArgMax ArgMin Gather", _fit_axis(0)),
    **for_each(_REDUCTIONS, _fit_axes),
    "Reshape": _fit_list,
    "Squeeze": _fit_squeeze,
    "Unsqueeze": _fit_unsqueeze,
    **for_each("Expand Slice Tile", _fit_list),
    "TopK": _fit_top,
    "Pad": _fit_pad,
    "OneHot": _fit_one_hot,
    "GatherElements": _fit_gather_elements,
    "GatherND": _fit_gather_tuples,
    "ScatterElements": _fit_scatter_elements,
    "ScatterND": _fit_scatter_tuples,
    "TensorScatter": _fit_sequence,
    "ReverseSequence": _fit_reverse,
    "CumSum": _fit_running_sum,
    "Trilu": _fit_triangle,
    "Transpose": _fit_transpose,
    "Split": _fit_split,
}
PLACE_RESULTS: dict[str, Fit] = {"Reshape": _fit_reshape}
