"""Integer products, convolutions, quantisation: exact, and bit for bit as the runtime's."""

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from precompiles.engine.reference.application import NoRule, Undefined
from precompiles.engine.reference.product import multiply

Array = npt.NDArray[Any]
Compare = Callable[..., tuple[Array, ...]]
Draw = Callable[..., Array]
BYTES = ("uint8", "int8")
PAIRS = [pair for pair in product(BYTES, BYTES) if pair != ("int8", "uint8")]


@pytest.mark.parametrize("dtype", ["int32", "uint32", "int64", "uint64"])
@pytest.mark.parametrize("terms", [1, 7, 300])
def test_matrix_product_wraps_like_whole_numbers(draw: Draw, dtype: str, terms: int) -> None:
    """However wide the values, the sum is that of Python's integers modulo 2^64."""
    left, right = draw(terms, dtype, (3, terms)), draw(terms + 1, dtype, (terms, 2))
    exact = [
        [
            sum(int(a) * int(b) for a, b in zip(row, column, strict=True)) % 2**64
            for column in right.T
        ]
        for row in left
    ]
    assert multiply(left, right).tolist() == exact


def test_long_products_are_cut_into_chunks_that_do_not_round() -> None:
    """A million and a half products of the largest limbs."""
    terms = 3 << 19
    row = np.full((1, terms), 2**64 - 1, np.uint64)
    assert multiply(row, row.T).tolist() == [[terms]]


@pytest.mark.parametrize("dtype", ["int32", "uint32", "int64", "uint64"])
@pytest.mark.parametrize(
    ("left", "right"),
    [((3, 4, 7), (7, 5)), ((7,), (2, 7, 5)), ((2, 3, 7), (7,)), ((7,), (7,))],
)
def test_integer_matmul_agrees(
    compare: Compare, draw: Draw, dtype: str, left: tuple[int, ...], right: tuple[int, ...]
) -> None:
    """Batches broadcast, vectors lose the axis they lent."""
    compare("MatMul", [draw(1, dtype, left), draw(2, dtype, right)])


@pytest.mark.parametrize(("left", "right"), PAIRS)
def test_byte_matmul_agrees(compare: Compare, draw: Draw, left: str, right: str) -> None:
    """With zero points for either side, none, both, or one for each column."""
    a, b = draw(3, left, (2, 6, 40)), draw(4, right, (40, 9))
    a_zero, b_zero, b_zeros = draw(5, left, ()), draw(6, right, ()), draw(7, right, (9,))
    choices: list[list[Array | None]] = [[], [a_zero], [a_zero, b_zero], [None, b_zero]]
    for zeros in choices:
        compare("MatMulInteger", [a, b, *zeros])
    compare("MatMulInteger", [a, b, a_zero, b_zeros], constants=[3])


@pytest.mark.parametrize(("left", "right"), PAIRS)
@pytest.mark.parametrize("seed", range(8))
def test_byte_convolution_agrees(
    compare: Compare, draw: Draw, left: str, right: str, seed: int
) -> None:
    """One to three axes; groups, strides, dilation; what lies outside is the zero point."""
    rng = np.random.default_rng(seed)
    axes, groups = 1 + seed % 3, int(rng.choice([1, 2]))
    kernel = tuple(int(size) for size in rng.integers(1, 4, axes))
    array = draw(seed, left, (2, 4, *rng.integers(6, 9, axes)))
    weights = draw(seed + 1, right, (6, 4 // groups, *kernel))
    geometry: dict[str, Any] = {"group": groups, "strides": rng.integers(1, 3, axes).tolist()}
    if seed % 2:
        geometry |= {
            "dilations": rng.integers(1, 3, axes).tolist(),
            "pads": rng.integers(0, 3, 2 * axes).tolist(),
        }
    else:
        geometry |= {
            "auto_pad": ("SAME_UPPER", "SAME_LOWER", "VALID")[seed // 2 % 3],
            "strides": [1] * axes,
        }
    zeros = draw(seed + 2, left, ()), draw(seed + 3, right, ())
    compare("ConvInteger", [array, weights], **geometry)
    compare("ConvInteger", [array, weights, *zeros], constants=[1, 3], **geometry)
    scales = (rng.uniform(0.001, 0.1, 3) * (1, 1, 20)).astype(np.float32)
    one_each = rng.uniform(0.001, 0.1, 6).astype(np.float32)
    bias = rng.integers(-9999, 9999, 6, np.int32)
    for scale, zero in ((scales[1], zeros[1]), (one_each, np.full(6, zeros[1]))):
        operands = [array, scales[0], zeros[0], weights, scale, zero, scales[2], zeros[0], bias]
        operands = [np.asarray(operand) for operand in operands]
        compare("QLinearConv", operands, constants=[3, 4, 5], **geometry)


@pytest.mark.parametrize(("left", "right"), PAIRS)
@pytest.mark.parametrize("seed", range(4))
def test_requantised_product_agrees(
    compare: Compare, draw: Draw, left: str, right: str, seed: int
) -> None:
    """Sum, scale, round to even, saturate: with one scale, and with one for each column."""
    rng = np.random.default_rng(seed)
    a, b = draw(seed, left, (6, 40)), draw(seed + 1, right, (40, 9))
    scale, last = (np.asarray(rng.uniform(0.01, 1), np.float32) for _ in range(2))
    for columns in ((), (9,)):
        right_scale = np.asarray(rng.uniform(0.001, 0.1, columns), np.float32)
        operands = [a, scale, draw(7, left, ()), b, right_scale, draw(8, right, columns)]
        operands += [last * np.float32(30), draw(9, left, ())]
        compare("QLinearMatMul", [np.asarray(o) for o in operands], constants=[3, 4, 5])


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16", "uint16"])
def test_quantise_and_dequantise_agree(compare: Compare, draw: Draw, dtype: str) -> None:
    """Per tensor and per axis; ties go to even, infinities saturate."""
    rng = np.random.default_rng(3)
    ties = ((rng.integers(-300, 300, (3, 6, 5)) + 0.5) / 4).astype(np.float32)
    wild = draw(1, "float32", (3, 6, 5), nan=False)
    integers = draw(2, dtype, (3, 6, 5))
    for shape in ((), (6,)):
        zero, scale = draw(4, dtype, shape), np.asarray(rng.choice([0.25, 0.1, 3.7], shape))
        parameters = [scale.astype(np.float32), zero]
        compare("QuantizeLinear", [ties, *parameters])
        compare("QuantizeLinear", [wild, *parameters])
        compare("DequantizeLinear", [integers, *parameters])
    compare("DequantizeLinear", [draw(5, "int32", (9,)), np.asarray(0.1, np.float32)])


def test_quantising_nan_is_refused(refer: Compare) -> None:
    """One processor gives the lowest level for it, another the zero point."""
    nan = np.full((2, 2), np.nan, np.float32)
    with pytest.raises(Undefined, match="QuantizeLinear of NaN"):
        refer("QuantizeLinear", [nan, np.asarray(1, np.float32)])


def test_einsum_of_integers_agrees_where_it_does_not_overflow(
    compare: Compare, draw: Draw, refer: Compare
) -> None:
    """Beyond its type a runtime wraps in one step and saturates in another, so that is refused."""
    for dtype in ("int32", "int64"):
        small = [draw(seed, dtype, (4, 4), small=True) for seed in (1, 2)]
        for equation in ("ij,jk->ik", "ij, ij -> i", "ij , kj"):
            compare("Einsum", small, equation=equation)
        compare("Einsum", small[:1], equation="ii")
        with pytest.raises(Undefined, match="Einsum above"):
            refer("Einsum", [np.full((4, 4), np.iinfo(dtype).max, dtype)], equation="ij->i")


def test_products_of_floats_have_no_rule(refer: Compare) -> None:
    """Their sum depends on the order of a kernel, so they are not exact."""
    ones = np.ones((2, 2), np.float32)
    for operator, options in (("MatMul", {}), ("Einsum", {"equation": "ij,jk->ik"})):
        with pytest.raises(NoRule, match="float"):
            refer(operator, [ones, ones], **options)
