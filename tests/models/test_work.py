"""Work: what a run costs is counted from shapes, bounds what it does, and is capped."""

from typing import Any

import numpy as np
import pytest

from precompiles.errors import TooLarge
from precompiles.models.admission import admit_model
from precompiles.models.limits import MAX_MOVED_BYTES, MAX_PEAK_BYTES
from precompiles.models.manifest import Work
from tests.models.conftest import Build, Step


def count(build: Build, *arguments: Any, **options: Any) -> Work:
    return admit_model(build(*arguments, **options)).work


@pytest.mark.parametrize(
    ("operator", "shape", "weights", "attributes", "macs"),
    [
        ("MatMul", [5, 7], (7, 3), {}, 5 * 7 * 3),
        ("Gemm", [5, 7], (7, 3), {}, 5 * 7 * 3),
        ("Gemm", [7, 5], (7, 3), {"transA": 1}, 5 * 7 * 3),
        ("Conv", [1, 2, 8, 8], (4, 2, 3, 3), {}, 4 * 6 * 6 * 2 * 9),
        ("Conv", [1, 4, 8, 8], (4, 1, 3, 3), {"group": 4}, 4 * 6 * 6 * 9),
        ("ConvTranspose", [1, 2, 4, 4], (2, 3, 3, 3), {}, 2 * 16 * 3 * 9),
        ("Add", [5, 7], (5, 7), {}, 0),
    ],
)
def test_multiply_adds_of_a_product_are_counted_to_the_unit(
    build: Build,
    operator: str,
    shape: list[int],
    weights: tuple[int, ...],
    attributes: dict[str, Any],
    macs: int,
) -> None:
    """As a loop over the definition would do."""
    constants = {"w": np.ones(weights, np.float32)}
    step: Step = (operator, ["x", "w"], ["y"], attributes)
    assert count(build, [step], {"x": ("f32", shape)}, {"y": "f32"}, constants).macs == macs


def test_windows_and_functions_cost_more_than_copies(build: Build) -> None:
    """A pool counts its window, an exponential what it takes longer, a copy nothing."""
    image: Any = {"x": ("f32", [1, 1, 8, 8])}
    pool = ("MaxPool", ["x"], ["y"], {"kernel_shape": [2, 2]})
    assert count(build, [pool], image, {"y": "f32"}).macs >= 7 * 7 * 4
    assert count(build, [("Exp", ["x"], ["y"], {})], image, {"y": "f32"}).macs > 64
    assert count(build, [("Identity", ["x"], ["y"], {})], image, {"y": "f32"}).macs == 0


def test_each_matrix_of_a_stack_costs_extra(build: Build) -> None:
    """A thousand products of one element take longer than one of a thousand."""
    step: Step = ("MatMul", ["x", "x"], ["y"], {})
    stack = count(build, [step], {"x": ("f32", [1000, 1, 1])}, {"y": "f32"})
    assert stack.macs > 1000 * 1000


def test_wide_integer_products_cost_more_than_floats(build: Build) -> None:
    """They have no vector kernels."""
    step: Step = ("MatMul", ["x", "x"], ["y"], {})
    wide = count(build, [step], {"x": ("i64", [8, 8])}, {"y": "i64"})
    narrow = count(build, [step], {"x": ("f32", [8, 8])}, {"y": "f32"})
    assert wide.macs > narrow.macs


def test_bytes_read_by_a_reduction_are_counted(build: Build) -> None:
    """It writes four bytes and reads them all."""
    step: Step = ("ReduceMax", ["x"], ["y"], {"keepdims": 0})
    work = count(build, [step], {"x": ("f32", [100, 100])}, {"y": "f32"})
    assert work.moved_bytes == 40_000


def test_peak_holds_constants_twice_and_every_tensor(build: Build) -> None:
    """As stored and as the runtime packs them; results in whatever order it runs."""
    constants = {"w": np.ones((100, 100), np.float32)}
    step: Step = ("MatMul", ["x", "w"], ["y"], {})
    work = count(build, [step], {"x": ("f32", [1, 100])}, {"y": "f32"}, constants)
    assert work.peak_bytes >= 2 * 40_000 + 400 + 400


def test_run_above_a_cap_is_refused_before_anything_is_made(build: Build) -> None:
    """Bytes written and bytes of memory, each named with its cap."""
    side = 2_000
    shape: Any = {"x": ("f32", [side, side])}
    reads: list[Step] = [("ReduceMax", ["x"], [f"y{i}"], {"keepdims": 0}) for i in range(70)]
    assert 70 * 4 * side * side > MAX_MOVED_BYTES
    with pytest.raises(TooLarge, match=f"bytes written a run, at most {MAX_MOVED_BYTES}"):
        count(build, reads, shape, {"y0": "f32"})
    copies: list[Step] = [("Neg", ["x"], [f"y{i}"], {}) for i in range(9)]
    assert 10 * 4 * side * side > MAX_PEAK_BYTES
    with pytest.raises(TooLarge, match=f"bytes of memory a run, at most {MAX_PEAK_BYTES}"):
        count(build, copies, shape, {"y0": "f32"})


def test_work_grows_with_the_batch(build: Build) -> None:
    """Twice the rows, twice the multiply-adds."""
    constants = {"w": np.ones((4, 3), np.float32)}
    step: Step = ("MatMul", ["x", "w"], ["y"], {})
    model = build([step], {"x": ("f32", ["N", 4])}, {"y": "f32"}, constants)
    works = [admit_model(model, {"N": size}).work for size in (1, 2, 4)]
    assert [work.macs for work in works] == [12, 24, 48]
