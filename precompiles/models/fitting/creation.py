"""Fitting of operators that make tensors from sizes, and of transforms of a whole axis."""

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


def _fit_dropout(operands: Operands) -> None:
    require_scalar(operands, 1, 2)
    require(not any(operands.numbers(2)), "training_mode; export for inference")
    ratio = operands.value(1)
    require(ratio is None or bool(((ratio >= 0) & (ratio < 1)).all()), "a ratio outside 0..1")


def _fit_fourier(operands: Operands) -> None:
    rank = operands.rank()
    require(
        rank >= 2 and operands.shape(0)[-1] in (1, 2), "no last axis of real and imaginary part"
    )
    require_scalar(operands, 1, 2)
    place = operands.numbers(2)[0] if operands.has(2) else operands.integer("axis", 1)
    if operands.opset >= 20 and not operands.has(2):
        place = -2
    require(normalize(place, rank) < rank - 1, "the axis of real and imaginary part")
    require(not operands.has(1), "dft_length; pad or cut the signal (Pad, Slice)")
    one = operands.integer("onesided")
    require(not (one and operands.integer("inverse")), "onesided and inverse")
    require(not one or operands.shape(0)[-1] == 1, "onesided on complex numbers")


def _fit_square(operands: Operands) -> None:
    shape = operands.shape(0)
    require(len(shape) >= 2 and shape[-1] == shape[-2], f"a matrix of shape {list(shape)}")


def _fit_window_size(operands: Operands) -> None:
    require(operands.shape(0) == (), "a size of rank above 0")
    require(operands.numbers(0)[0] >= 1, "a size below 1")


def _fit_mel(operands: Operands) -> None:
    for index in range(5):
        require(operands.shape(index) == (), f"operand {index} is no scalar")
    bins, length, rate = (operands.numbers(index)[0] for index in range(3))
    low, high = operands.value(3), operands.value(4)
    assert low is not None, "the lower edge is known"
    assert high is not None, "the upper edge is known"
    require(1 <= bins <= length // 2 + 1 and length >= 2, f"{bins} bins of {length} samples")
    require(rate > 0, "a sample rate below 1")
    require(0 <= float(low) < float(high) <= rate / 2, "edges outside 0..half the sample rate")
    last = (length + 1) * float(high) / rate
    require(last < length // 2 + 0.99, "an upper edge beyond the last bin")


def _fit_crop(operands: Operands) -> None:
    axes = operands.integers("axes") or tuple(range(operands.rank()))
    places = [normalize(axis, operands.rank()) for axis in axes]
    require(len(set(places)) == len(places), "an axis twice")
    require_shape(operands, 1, len(axes))
    require(min(operands.numbers(1), default=0) >= 1, "a size below 1")


def _fit_range(operands: Operands) -> None:
    for index in range(3):
        require(operands.shape(index) == (), f"operand {index} is no scalar")
    step = operands.value(2)
    require(step is not None and float(step) != 0, "a step of 0")


def _fit_eye(operands: Operands) -> None:
    require(operands.rank() == 2, "an operand of another rank than 2")
    require(abs(operands.integer("k")) <= 1 << 20, "a diagonal far outside")


def _fit_filler(operands: Operands) -> None:
    value = operands.attributes.get("value")
    require(operands.rank() == 1, "a shape of another rank than 1")
    require(value is None or count(tuple(value.dims)) == 1, "a value of several elements")


CREATIONS: dict[str, Fit] = {
    "ConstantOfShape": _fit_filler,
    "EyeLike": _fit_eye,
    "Range": _fit_range,
    **for_each("BlackmanWindow HammingWindow HannWindow", _fit_window_size),
    "MelWeightMatrix": _fit_mel,
    "CenterCropPad": _fit_crop,
    "Dropout": _fit_dropout,
    "DFT": _fit_fourier,
    "Det": _fit_square,
}
