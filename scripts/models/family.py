"""Families: what the zoo holds, each in a float and an exact form, with data neither has seen."""

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum

import numpy as np
import numpy.typing as npt

from precompiles.quantization.quantize import quantize_model

from .convolution import make_convolution
from .dataset import Digits, load_split
from .perceptron import make_perceptron
from .transformer import make_transformer
from .trees import build_exact_forest, build_float_forest, grow_forest, load_patients
from .volatility import SCALES, draw_markets, guess_fee, make_volatility

Arrays = Mapping[str, npt.NDArray[np.generic]]


class Task(Enum):
    """How an answer is held against the right one."""

    CHOOSE = "choose"  # right or wrong
    ESTIMATE = "estimate"  # by its distance


@dataclass(frozen=True, slots=True)
class Family:
    """One model in both forms, and data held out from training and calibration."""

    name: str
    float_model: bytes
    exact_model: bytes
    held_out: str  # the archive, without its suffix
    data: Arrays  # inputs by name, and the right answers under the output's name
    output: str  # the output that answers
    task: Task
    trained_on: int  # samples
    baseline: float = 0.0  # mean error of a formula without a model


def make_digits() -> Family:
    """The perceptron."""
    return _read_digits("digits", make_perceptron)


def make_digits_cnn() -> Family:
    """The convolutional network."""
    return _read_digits("digits_cnn", make_convolution)


def make_digits_transformer() -> Family:
    """The transformer encoder block."""
    return _read_digits("digits_transformer", make_transformer)


def make_diagnosis() -> Family:
    """The boosted trees."""
    train, held_out = load_patients()
    forest = grow_forest(train)
    return Family(
        name="diagnosis",
        float_model=build_float_forest(forest),
        exact_model=build_exact_forest(forest),
        held_out="diagnosis_held_out",
        data={"measurements": held_out.measurements, "malignant": held_out.malignant},
        output="malignant",
        task=Task.CHOOSE,
        trained_on=len(train.malignant),
    )


def make_volatility_fee() -> Family:
    """The volatility regressor."""
    train, held_out = draw_markets()
    model = make_volatility(train)
    guesses = guess_fee(held_out.returns.astype(np.float64))
    return Family(
        name="volatility",
        float_model=model,
        exact_model=quantize_model(model, {"returns": train.returns}, SCALES).model,
        held_out="volatility_held_out",
        data={"returns": held_out.returns, "fee": held_out.fee},
        output="fee",
        task=Task.ESTIMATE,
        trained_on=len(train.fee),
        baseline=float(np.abs(guesses - held_out.fee).mean()),
    )


FAMILIES: Mapping[str, Callable[[], Family]] = {
    "digits": make_digits,
    "digits_cnn": make_digits_cnn,
    "digits_transformer": make_digits_transformer,
    "diagnosis": make_diagnosis,
    "volatility": make_volatility_fee,
}


def encode_arrays(data: Arrays) -> bytes:
    """An .npz of the arrays; stored, so the bytes depend on no zlib version."""
    file = io.BytesIO()
    np.savez(file, allow_pickle=False, **data)
    return file.getvalue()


def _read_digits(name: str, make: Callable[[Digits], bytes]) -> Family:
    train, held_out = load_split()
    model = make(train)
    return Family(
        name=name,
        float_model=model,
        exact_model=quantize_model(model, {"pixels": train.pixels}).model,
        held_out="digits_held_out",
        data={"pixels": held_out.pixels, "labels": held_out.labels},
        output="digit",
        task=Task.CHOOSE,
        trained_on=len(train.labels),
    )
