"""Functions of one element: within the table's bound of the true value, special values as IEEE."""

from pathlib import Path

import mpmath
import numpy as np
import pytest
from accuracy.function import Function, list_functions
from accuracy.sweep import sweep

from precompiles.engine import portable
from precompiles.engine.portable.functions.angle import reduce_angle
from precompiles.engine.portable.functions.power import compute_pow
from precompiles.engine.portable.rules.elementwise import FUNCTIONS
from precompiles.models.table.portable import find_formula, read_bound

QUICK, STRATIFIED = 100_000, 10_000_000  # inputs, spread over all patterns of float32
INF, NAN = np.inf, np.nan
README = Path(portable.__file__).parent / "README.md"
SPECIAL = {  # at -inf, -0, +0, inf
    "Atan": (-np.pi / 2, -0.0, 0.0, np.pi / 2),
    "Cos": (NAN, 1, 1, NAN),
    "Erf": (-1, -0.0, 0.0, 1),
    "Exp": (0, 1, 1, INF),
    "Log": (NAN, -INF, -INF, INF),
    "Reciprocal": (-0.0, -INF, INF, 0.0),
    "Sigmoid": (0, 0.5, 0.5, 1),
    "Sin": (NAN, -0.0, 0.0, NAN),
    "Sinh": (-INF, -0.0, 0.0, INF),
    "Softplus": (0, np.log(2), np.log(2), INF),
    "Sqrt": (NAN, -0.0, 0.0, INF),
    "Tanh": (-1, -0.0, 0.0, 1),
}


def check(function: Function, count: int) -> None:
    row = find_formula(function.name.split()[0])
    assert row is not None
    outcome = sweep(function, count)
    assert outcome.inputs > 0.9 * count
    assert outcome.ulp <= read_bound(row), f"{function.name} at {outcome.worst!r}"


@pytest.mark.parametrize("function", list_functions(), ids=lambda function: function.name)
def test_error_is_within_the_bound_of_the_table(function: Function) -> None:
    """Against mpmath wherever float64 of another library leaves it open."""
    check(function, QUICK)


@pytest.mark.slow
@pytest.mark.parametrize("function", list_functions(), ids=lambda function: function.name)
def test_error_is_within_the_bound_on_ten_million_inputs(function: Function) -> None:
    """The same; `scripts/check_functions --all` takes all 2^32."""
    check(function, STRATIFIED)


def test_every_function_has_been_swept() -> None:
    """The table of whole sweeps names each function, with an error within its bound."""
    lines = README.read_text().split("## Every float32")[1].splitlines()
    rows = [line.strip("| ").split(" | ") for line in lines if line.count("|") == 4][2:]
    assert [name for name, _, _ in rows] == sorted(f.name for f in list_functions())
    for name, _, ulp in rows:
        row = find_formula(name.split()[0])
        assert row is not None
        assert 0.5 <= float(ulp) <= read_bound(row), name


@pytest.mark.parametrize("name", SPECIAL)
def test_zeros_infinities_and_nan_are_as_ieee_754_has_them(name: str) -> None:
    """Signs of zeros included; NaN in, NaN out."""
    with np.errstate(all="ignore"):
        got = FUNCTIONS[name](np.array([-INF, -0.0, 0.0, INF, NAN])).astype(np.float32)
    expected = np.array([*SPECIAL[name], NAN], np.float32)
    assert np.array_equal(got, expected, equal_nan=True)
    zero = expected == 0
    assert np.signbit(got[zero]).tolist() == np.signbit(expected[zero]).tolist()


def test_powers_follow_the_cases_of_ieee_754_pow() -> None:
    """All pairs of special values against the C library's float64 pow, which rounds no case."""
    values = np.array([-INF, -3, -2, -1, -0.5, -0.0, 0.0, 0.5, 1, 2, 3, INF, NAN])
    x, y = (grid.reshape(-1) for grid in np.meshgrid(values, values))
    with np.errstate(all="ignore"):
        got, expected = compute_pow(x, y).astype(np.float32), np.power(x, y).astype(np.float32)
    assert np.array_equal(got, expected, equal_nan=True)
    zero = expected == 0
    assert np.signbit(got[zero]).tolist() == np.signbit(expected[zero]).tolist()


def test_powers_are_within_the_bound() -> None:
    """Against float64 of the C library, whose own error is far smaller."""
    draw = np.random.default_rng(0)
    x = np.exp2(draw.uniform(-20, 20, 200_000)).astype(np.float32).astype(np.float64)
    y = draw.uniform(-6, 6, 200_000).astype(np.float32).astype(np.float64)
    got, true = compute_pow(x, y).astype(np.float32), np.power(x, y)
    unit = np.spacing(np.abs(true).astype(np.float32)).astype(np.float64)
    row = find_formula("Pow")
    assert row is not None
    assert np.max(np.abs(got.astype(np.float64) - true) / unit) <= read_bound(row) + 2.0**-18


def test_angles_are_reduced_without_loss_at_any_size() -> None:
    """The float32 closest to a multiple of pi/2, and the largest, keep all digits."""
    x = np.array([16367173 * 2.0**72, float(np.finfo(np.float32).max), 1e22])
    x = x.astype(np.float32).astype(np.float64)
    _, remainder = reduce_angle(x)
    with mpmath.workdps(80):
        for value, got in zip(x.tolist(), remainder.tolist(), strict=True):
            half = mpmath.pi / 2
            turn = mpmath.mpf(value) / half
            true = (turn - mpmath.nint(turn)) * half
            assert abs(mpmath.mpf(got) - true) <= abs(true) * mpmath.mpf(2) ** -50
