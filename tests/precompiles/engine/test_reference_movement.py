"""Movement, indexing, creation and resampling: the same elements where the runtime puts them."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from precompiles.engine.reference.application import NoRule, OutOfBounds

Array = npt.NDArray[Any]
Compare = Callable[..., tuple[Array, ...]]
Draw = Callable[..., Array]
DTYPES = ("bool", "uint8", "int32", "int64", "float32")
SHAPE = (4, 3, 6, 5)


def longs(*values: int) -> Array:
    """An int64 operand."""
    return np.array(values, np.int64)


LAST = 2**63 - 1
MOVES: list[tuple[str, list[Array | None], dict[str, Any]]] = [
    ("Reshape", [longs(0, -1, 5)], {}),
    ("Flatten", [], {"axis": -3}),
    ("Flatten", [], {"axis": 4}),
    ("Transpose", [], {}),
    ("Transpose", [], {"perm": [2, 0, 3, 1]}),
    ("Slice", [longs(1, -9), longs(3, 9), longs(0, 2), longs(1, 2)], {}),
    ("Slice", [longs(LAST, -1), longs(-LAST - 1, -LAST - 1), longs(-1, 2), longs(-1, -2)], {}),
    ("Slice", [longs(2), longs(-1)], {}),
    ("Split", [], {"results": 3, "axis": 3, "num_outputs": 3}),
    ("Split", [longs(1, 4, 1)], {"results": 3, "axis": -2}),
    ("Expand", [longs(2, 1, 1, 1, 5)], {}),
    ("Tile", [longs(1, 2, 1, 3)], {}),
    ("Unsqueeze", [longs(-1, 0, 2)], {}),
    ("Pad", [longs(0, 0, 1, 2, 1, 0, 2, 0)], {"mode": "constant"}),
    ("Pad", [longs(0, 0, 1, 2, 1, 0, 2, 0)], {"mode": "edge"}),
    ("Pad", [longs(0, 0, 1, 2, 1, 0, 2, 0)], {"mode": "reflect"}),
    ("Pad", [longs(0, 0, 1, 2, 1, 0, 2, 0)], {"mode": "wrap"}),
    ("Pad", [longs(0, 0, -1, 2, 1, 0, 2, -2)], {"mode": "edge"}),
    ("Pad", [longs(1, 2, 0, 1), None, longs(-1, 1)], {}),
    ("Trilu", [], {}),
    ("Trilu", [np.asarray(-2)], {"upper": 0}),
    ("Gather", [np.array([[2, -3], [0, 1]])], {"axis": 1}),
    ("Gather", [np.asarray(-1, np.int32)], {"axis": 2}),
    ("GatherND", [longs(0, -3, 2, 1, -1, 0).reshape(3, 2)], {}),
    ("ReverseSequence", [longs(1, 4, 2)], {"batch_axis": 1, "time_axis": 0}),
    ("ReverseSequence", [longs(3, 1, 2, 3)], {"batch_axis": 0, "time_axis": 1}),
    ("Identity", [], {}),
    ("Shape", [], {"start": 1, "end": -1}),
    ("Size", [], {}),
]


@pytest.mark.parametrize(("operator", "operands", "options"), MOVES)
def test_moves_agree(
    compare: Compare,
    draw: Draw,
    operator: str,
    operands: list[Array | None],
    options: dict[str, Any],
) -> None:
    """Bounds clamp, axes and indices count from either end, negative padding crops."""
    constants = [i for i, operand in enumerate(operands, 1) if operand is not None]
    for dtype in DTYPES:
        if operator == "Trilu" and dtype in ("uint8", "int32"):
            continue  # no kernel
        compare(operator, [draw(1, dtype, SHAPE), *operands], constants=constants, **options)


def test_joins_and_squeezes_agree(compare: Compare, draw: Draw) -> None:
    """Concatenation along any axis; only axes of size one are removed."""
    for dtype in DTYPES:
        array = draw(2, dtype, SHAPE)
        compare("Concat", [array, draw(3, dtype, (4, 2, 6, 5)), array], axis=-3)
        compare("Squeeze", [array[:1, :, :1]])
        compare("Squeeze", [array[:1, :, :1], longs(-2)], constants=[1])
        if dtype == "float32":
            compare("Dropout", [array], results=2)
        compare("Pad", [array, longs(*[1] * 8), draw(4, dtype, ())], constants=[1])


@pytest.mark.parametrize("mode", ["DCR", "CRD"])
def test_depth_and_space_agree(compare: Compare, draw: Draw, mode: str) -> None:
    """Blocks of channels become blocks of pixels, in either order."""
    for dtype in ("float16", "float32", "float64"):
        compare("DepthToSpace", [draw(5, dtype, (2, 8, 3, 4))], blocksize=2, mode=mode)
        compare("SpaceToDepth", [draw(6, dtype, (2, 2, 6, 4))], blocksize=2)


@pytest.mark.parametrize("index", ["int32", "int64"])
@pytest.mark.parametrize("reduction", ["none", "add", "mul", "max", "min"])
def test_writes_agree_even_to_one_place(
    compare: Compare, draw: Draw, index: str, reduction: str
) -> None:
    """The last of several writes stays, or all of them are combined."""
    rng, options = np.random.default_rng(7), {"opset": 18, "reduction": reduction}
    for dtype in ("uint8", "int32", "int64", "float32"):
        array = draw(8, dtype, SHAPE, nan=False)
        updates, indices = (
            draw(9, dtype, (2, 2, 6, 5), nan=False),
            rng.integers(-3, 3, (2, 2, 6, 5)),
        )
        operands = [array, indices.astype(index), updates]
        compare("ScatterElements", operands, axis=1, **options)
        places = rng.integers(-3, 3, (5, 2))
        compare("ScatterND", [array, places, draw(10, dtype, (5, 6, 5), nan=False)], **options)


def test_reads_by_element_and_by_batch_agree(compare: Compare, draw: Draw) -> None:
    """Each element names its own position; leading axes may be shared with the indices."""
    rng = np.random.default_rng(11)
    for dtype in DTYPES:
        array = draw(12, dtype, SHAPE)
        compare("GatherElements", [array, rng.integers(-3, 3, (4, 2, 6, 5))], axis=1)
        compare("GatherND", [array, rng.integers(-3, 3, (4, 2, 2))], batch_dims=1)
        compare("GatherND", [array, rng.integers(-3, 3, (4, 3, 2, 1))], batch_dims=2)


@pytest.mark.parametrize("axis", [-1, 0, 1])
def test_one_hot_agrees(compare: Compare, draw: Draw, axis: int) -> None:
    """Positions outside the depth are on nowhere."""
    indices = np.random.default_rng(13).integers(-9, 9, (3, 4))
    for dtype in ("int64", "float32"):
        values = draw(14, dtype, (2,), nan=False)
        compare("OneHot", [indices, np.asarray(6), values], constants=[1], axis=axis)


def test_created_tensors_agree(compare: Compare, draw: Draw) -> None:
    """What depends on shapes and attributes alone."""
    compare("EyeLike", [draw(15, "float32", (4, 6))], k=-1)
    compare("EyeLike", [draw(15, "float32", (4, 6))], k=2, dtype=7)
    for start, limit, step in ((1, 20, 3), (5, -9, -4), (3, 3, 1)):
        compare("Range", [np.asarray(v) for v in (start, limit, step)], constants=[0, 1, 2])


@pytest.mark.parametrize(
    "coordinate", ["asymmetric", "half_pixel", "pytorch_half_pixel", "align_corners"]
)
@pytest.mark.parametrize("nearest", ["floor", "ceil", "round_prefer_floor", "round_prefer_ceil"])
def test_nearest_resizing_agrees(
    compare: Compare, draw: Draw, coordinate: str, nearest: str
) -> None:
    """Up and down, by scale and by size, to any of the neighbours."""
    options = {"coordinate_transformation_mode": coordinate, "nearest_mode": nearest}
    array = draw(16, "uint8", (1, 2, 7, 6))
    for height, width in ((14, 12), (3, 29), (1, 17), (20, 5)):
        sizes = longs(1, 2, height, width)
        compare("Resize", [array, None, None, sizes], constants=[3], **options)
    for scale in (0.5, 0.7, 1.5, 2.0, 3.3):
        scales = np.array([1, 1, scale, 2 / scale], np.float32)
        compare("Resize", [array, None, scales], constants=[2], **options)


@pytest.mark.parametrize(
    ("operator", "operands", "options"),
    [
        ("Gather", [longs(3)], {"axis": 1}),
        ("Gather", [longs(-4)], {"axis": 1}),
        ("GatherElements", [np.full(SHAPE, 5)], {"axis": 0}),
        ("GatherND", [np.array([[0, 3]])], {}),
        ("ScatterND", [np.array([[0, 3]]), np.zeros((1, 6, 5), np.uint8)], {}),
    ],
)
def test_index_out_of_bounds_is_refused_by_both_engines(
    compare: Compare, draw: Draw, operator: str, operands: list[Array], options: dict[str, Any]
) -> None:
    """There is no element to read or write."""
    with pytest.raises(OutOfBounds, match=r"index -?\d of an axis of \d"):
        compare(operator, [draw(17, "uint8", SHAPE), *operands], **options)


def test_use_without_a_rule_is_refused_by_name(refer: Compare) -> None:
    """Interpolation computes, and a range of floats adds up its steps."""
    array = np.ones((1, 1, 2, 2), np.float32)
    with pytest.raises(NoRule, match="Resize with mode 'linear'"):
        refer("Resize", [array, None, None, longs(1, 1, 3, 3)], constants=[3], mode="linear")
    with pytest.raises(NoRule, match="Range of float32"):
        refer("Range", [np.asarray(v, np.float32) for v in (0, 1, 1)], constants=[0, 1, 2])
