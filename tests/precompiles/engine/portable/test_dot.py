"""Sums of products: the correctly rounded value, whatever order BLAS adds in."""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from precompiles.engine.portable.sums import dot, settling
from precompiles.engine.portable.sums.dot import hold_columns, multiply, prepare_columns
from precompiles.engine.portable.sums.filters import multiply_filters, prepare_filters

Array = npt.NDArray[Any]
Draw = Callable[[np.random.Generator, tuple[int, ...]], Array]
F32 = np.dtype(np.float32)


def round_fraction(value: Fraction) -> np.float32:
    """The nearest float32, ties to even, found without any float arithmetic but comparison."""
    near = np.float32(float(value))
    around = (np.nextafter(near, np.float32(-np.inf)), near, np.nextafter(near, np.float32(np.inf)))
    return min(
        (f for f in around if np.isfinite(f)),
        key=lambda f: (abs(Fraction(float(f)) - value), int(f.view(np.int32)) & 1),
    ) + np.float32(0)


def compute_exactly(left: Array, right: Array, offset: Array | None) -> Array:
    """The product in rational numbers, each element rounded once."""
    out = np.empty((left.shape[0], right.shape[1]), F32)
    for i, j in np.ndindex(out.shape):
        total = sum(
            (
                Fraction(float(a)) * Fraction(float(b))
                for a, b in zip(left[i], right[:, j], strict=True)
            ),
            Fraction(0 if offset is None else float(offset[j])),
        )
        out[i, j] = round_fraction(total)
    return out


def draw_normal(draw: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return draw.standard_normal(shape).astype(F32)


def draw_wide(draw: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Magnitudes from 2^-15 to 2^15."""
    scale = np.exp2(draw.integers(-15, 15, shape))
    return (draw.standard_normal(shape) * scale).astype(F32)


def draw_far(draw: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Magnitudes further apart than a grid of the operands has room for."""
    scale = np.exp2(draw.integers(-60, 60, shape))
    return (draw.standard_normal(shape) * scale).astype(F32)


def draw_whole(draw: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Whole numbers whose products need more than 24 bits, so that sums are often ties."""
    return draw.integers(-(1 << 13), 1 << 13, shape).astype(F32)


def draw_tiny(draw: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Products down to the subnormals of float32."""
    return (draw.standard_normal(shape) * 2.0**-74).astype(F32)


@pytest.mark.parametrize(("each", "handful"), [(0, 1 << 20), (0, 0), (1 << 40, 0)])
@pytest.mark.parametrize("kind", [draw_normal, draw_wide, draw_far, draw_whole, draw_tiny])
@pytest.mark.parametrize("cancels", [False, True])
def test_every_sum_is_the_correctly_rounded_one(
    kind: Draw, cancels: bool, each: int, handful: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Held to rational arithmetic; doubtful sums settled in each of the three ways."""
    monkeypatch.setattr(settling, "_EACH", each)
    monkeypatch.setattr(settling, "_HANDFUL", handful)
    draw = np.random.default_rng(1)
    left, right, offset = kind(draw, (6, 21)), kind(draw, (21, 9)), kind(draw, (9,))
    if cancels:
        left = np.concatenate([left, -left], axis=1)
        right = np.concatenate([right, right * F32.type(1 + 2.0**-23)], axis=0)
    for added in (None, offset):
        got = multiply(left.astype(np.float64), prepare_columns(right, added), F32)
        assert got.tobytes() == compute_exactly(left, right, added).tobytes()


@pytest.mark.parametrize("kind", [draw_normal, draw_far])
def test_order_of_the_terms_changes_nothing(kind: Draw) -> None:
    """The same terms in 20 orders give the same bits; float32 BLAS does not."""
    draw = np.random.default_rng(2)
    left, right = kind(draw, (8, 300)), kind(draw, (300, 8))
    ours, theirs = set(), set()
    for _ in range(20):
        order = draw.permutation(300)
        a, b = left[:, order], right[order]
        ours.add(multiply(a.astype(np.float64), prepare_columns(b), F32).tobytes())
        theirs.add((a @ b).tobytes())
    assert len(ours) == 1
    assert len(theirs) > 1, "these inputs show nothing"


def test_a_row_alone_is_the_row_of_a_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever tile it falls in."""
    draw = np.random.default_rng(3)
    left, columns = draw_wide(draw, (37, 50)), prepare_columns(draw_wide(draw, (50, 11)))
    rows = [multiply(left[i : i + 1].astype(np.float64), columns, F32) for i in range(37)]
    for tile in (11, 55, 1 << 16):
        monkeypatch.setattr(dot, "TILE", tile)
        assert np.array_equal(multiply(left.astype(np.float64), columns, F32), np.concatenate(rows))


@pytest.mark.parametrize("bits", [4, 8, 16, 24])
def test_coarse_rows_alone_are_correctly_rounded(bits: int) -> None:
    """Bytes and small numbers, whose sums are often ties, with an offset and a column of zeros."""
    draw = np.random.default_rng(bits)
    left = draw.integers(0, 1 << bits, (12, 64)).astype(F32) / F32.type(16)
    right, offset = draw_normal(draw, (64, 10)), draw_normal(draw, (10,))
    right[:, 3] = 0
    columns = hold_columns(right, offset)
    rows = [multiply(row[None].astype(np.float64), columns, F32) for row in left]
    assert np.concatenate(rows).tobytes() == compute_exactly(left, right, offset).tobytes()


def test_filters_give_what_columns_give() -> None:
    """The constant operand on either side: one sum, one value, zeros and ties included."""
    draw = np.random.default_rng(4)
    weights, windows = draw_whole(draw, (3, 5, 20)), draw_whole(draw, (3, 20, 31))
    offset = draw_whole(draw, (15,))
    got = multiply_filters(prepare_filters(weights, offset), windows.astype(np.float64), F32)
    for group in range(3):
        columns = prepare_columns(weights[group].T, offset[group * 5 : group * 5 + 5])
        turned = multiply(windows[group].T.astype(np.float64), columns, F32)
        assert got[group].tobytes() == np.ascontiguousarray(turned.T).tobytes()


def test_infinity_and_nan_come_out_as_ieee_754_adds_them() -> None:
    """inf - inf and 0 inf are NaN, in any order; what is finite beside them stays right."""
    draw = np.random.default_rng(5)
    values = np.array([0, 1, -1, 2.5, np.inf, -np.inf, np.nan], F32)
    odds = [0.3, 0.2, 0.2, 0.15, 0.05, 0.05, 0.05]
    left, right = draw.choice(values, (40, 6), p=odds), draw.choice(values, (6, 40), p=odds)
    with np.errstate(all="ignore"):
        got = multiply(left.astype(np.float64), prepare_columns(right), F32)
        expected = np.zeros((40, 40), F32)
        for k in range(6):
            expected += left[:, k : k + 1] * right[k : k + 1]
    assert np.array_equal(got, expected, equal_nan=True)
    assert np.isnan(got).any()
    assert np.isinf(got).any()


def test_a_sum_of_zero_is_plus_zero() -> None:
    """So no sign depends on what a BLAS starts from."""
    left = np.array([[-0.0, -0.0], [1, -1]], F32)
    got = multiply(left.astype(np.float64), prepare_columns(np.ones((2, 1), F32)), F32)
    assert got.tobytes() == np.zeros((2, 1), F32).tobytes()


def test_sums_beyond_float32_are_infinite() -> None:
    """From halfway between the largest number and 2^128 on, as IEEE 754 rounds."""
    most = np.finfo(F32).max
    left = np.array([[most, 2.0**102], [most, 2.0**103], [most, most]], F32)
    with np.errstate(over="ignore"):
        got = multiply(left.astype(np.float64), prepare_columns(np.ones((2, 1), F32)), F32)
    assert got[:, 0].tolist() == [most, np.inf, np.inf]


def test_long_sums_are_exact_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Longer than one chunk of slices."""
    monkeypatch.setattr(settling, "_EACH", 1 << 40)
    monkeypatch.setattr(settling, "_HANDFUL", 0)
    monkeypatch.setattr(settling, "MAX_TERMS", 64)
    draw = np.random.default_rng(6)
    left, right = draw_whole(draw, (3, 301)), draw_whole(draw, (301, 4))
    got = multiply(left.astype(np.float64), prepare_columns(right), F32)
    assert got.tobytes() == compute_exactly(left, right, None).tobytes()
