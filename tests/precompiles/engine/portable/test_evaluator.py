"""The evaluator as a whole: table and rules agree, batches do not mix, special values are kept."""

from typing import Any

import numpy as np
import pytest

from precompiles.engine.portable.evaluator import RULES, build_program
from precompiles.engine.portable.rules import window
from precompiles.engine.portable.rules.elementwise import FUNCTIONS
from precompiles.engine.reference.application import NoRule
from precompiles.engine.reference.evaluator import evaluate as evaluate_exactly
from precompiles.engine.session import build_session
from precompiles.models.graph import read_graph
from precompiles.models.samples import list_samples, read_sample
from precompiles.models.table.portable import PORTABLE
from tests.precompiles.engine.portable.conftest import Array, Run, build_one

F32 = np.dtype(np.float32)
ROWS = 5


def draw(*shape: int, seed: int = 0) -> Array:
    return np.random.default_rng(seed).standard_normal(shape).astype(F32)


BATCHED: dict[str, tuple[list[Array], list[int], int, dict[str, Any]]] = {
    # operands with a batch of ROWS, constants, batch axis, attributes
    "AveragePool": ([draw(ROWS, 2, 7)], [], 0, {"kernel_shape": [3]}),
    "Conv": ([draw(ROWS, 4, 9, 8), draw(6, 2, 3, 3), draw(6)], [1, 2], 0, {"group": 2}),
    "ConvTranspose": ([draw(ROWS, 3, 5, 5), draw(3, 2, 3, 3)], [1], 0, {"strides": [2, 2]}),
    "Exp": ([draw(ROWS, 40_000)], [], 0, {}),
    "Gelu": ([draw(ROWS, 7)], [], 0, {}),
    "Gemm": ([draw(ROWS, 33), draw(33, 9), draw(9)], [1, 2], 0, {}),
    "GroupNormalization": ([draw(ROWS, 4, 5), draw(4), draw(4)], [1, 2], 0, {"num_groups": 2}),
    "LSTM": (
        [draw(6, ROWS, 3), draw(1, 16, 3), draw(1, 16, 4), draw(1, 32)],
        [1, 2, 3],
        1,
        {"hidden_size": 4},
    ),
    "LayerNormalization": ([draw(ROWS, 6, 10), draw(10), draw(10)], [1, 2], 0, {}),
    "MatMul": ([draw(ROWS, 3, 70), draw(70, 5)], [1], 0, {}),
    "ReduceSum": ([draw(ROWS, 1001), np.array([1])], [1], 0, {}),
    "Softmax": ([draw(ROWS, 31)], [], 0, {}),
}


def test_every_formula_of_the_table_has_a_rule_and_every_rule_a_formula() -> None:
    """The table that admission reads is the evaluator's own."""
    names = [name for row in PORTABLE for name in row.names]
    assert sorted(names) == sorted(RULES)


@pytest.mark.parametrize("operator", BATCHED)
def test_a_row_alone_is_the_row_of_a_batch(run: Run, operator: str) -> None:
    """To the bit, for operators that sum in BLAS, by trees, by tiles or step by step."""
    operands, constants, axis, attributes = BATCHED[operator]
    (whole,) = run(operator, operands, constants, **attributes)
    place = 2 if operator == "LSTM" else axis  # (steps, directions, batch, size)
    for row in range(ROWS):
        part = np.take(operands[0], [row], axis)
        (alone,) = run(operator, [part, *operands[1:]], constants, **attributes)
        assert alone.tobytes() == np.take(whole, [row], place).tobytes(), f"row {row}"


@pytest.mark.parametrize("name", [name for name in list_samples() if name.endswith("_exact")])
def test_exact_models_have_the_reference_evaluators_bits(name: str) -> None:
    """Every tensor of every exact sample."""
    graph = read_graph(read_sample(name))
    kind = graph.inputs[0]
    values = np.random.default_rng(0).integers(0, 17, kind.shape)
    dtype = {2: "u1", 5: "i2", 6: "i4"}[int(kind.dtype)]
    expected = evaluate_exactly(graph, {kind.name: values.astype(dtype)})
    program = build_program(graph)
    cells = program.run([values.astype(dtype)])
    for tensor, cell in zip(program.names, cells, strict=False):
        assert np.array_equal(cell, expected[tensor]), tensor


def test_convolution_is_the_product_with_unrolled_windows(run: Run) -> None:
    """Groups, strides, dilations and padding against a loop over every output in float64."""
    image, filters = draw(2, 4, 9, 10), draw(6, 2, 3, 2, seed=1)
    options = {"group": 2, "strides": [2, 1], "dilations": [1, 3], "pads": [1, 2, 0, 1]}
    (got,) = run("Conv", [image, filters], [1], **options)
    padded = np.pad(image.astype(np.float64), ((0, 0), (0, 0), (1, 0), (2, 1)))
    for n, m, i, j in np.ndindex(got.shape):
        group = m // 3
        window = padded[n, 2 * group : 2 * group + 2, 2 * i : 2 * i + 3, j : j + 4 : 3]
        expected = np.float32(np.sum(window * filters[m].astype(np.float64)))
        assert abs(got[n, m, i, j] - expected) <= np.spacing(abs(expected))


@pytest.mark.parametrize("tile", [1, 100, 2_000, 1 << 16])
@pytest.mark.parametrize("shape", [(1, 2, 40), (2, 2, 9, 11), (1, 2, 5, 6, 7)])
def test_tiles_of_a_convolution_change_nothing(
    run: Run, shape: tuple[int, ...], tile: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In one, two and three dimensions, whatever part of the windows is unrolled at a time."""
    image, filters = draw(*shape), draw(3, 2, *(2,) * (len(shape) - 2), seed=1)
    (whole,) = run("Conv", [image, filters], [1])
    monkeypatch.setattr(window, "_TILE", tile)
    (got,) = run("Conv", [image, filters], [1])
    assert got.tobytes() == whole.tobytes()


@pytest.mark.parametrize("operator", ["Max", "Min"])
def test_extremes_order_zeros_by_sign_and_hand_on_nan(run: Run, operator: str) -> None:
    """As maximum and minimum of IEEE 754-2019, whichever operand comes first."""
    a = np.array([-0.0, 0.0, np.nan, 1.0, -np.inf], F32)
    b = np.array([0.0, -0.0, 1.0, np.nan, np.inf], F32)
    for pair in ([a, b], [b, a]):
        (got,) = run(operator, pair)
        assert np.signbit(got[:2]).tolist() == [operator == "Min"] * 2
        assert np.isnan(got[2:4]).all()
        assert got[4] == (np.inf if operator == "Max" else -np.inf)


def test_pooling_and_relu_hand_on_nan_and_order_zeros(run: Run) -> None:
    """NaN wins a window, +0 is above -0, and Relu has no -0."""
    image = np.array([[[-0.0, 0.0, -1.0, np.nan, 2.0, -np.inf, -np.inf]]], F32)
    (got,) = run("MaxPool", [image], kernel_shape=[2])
    assert np.signbit(got[0, 0, 0]) == np.False_
    assert np.isnan(got[0, 0, 2:4]).all()
    assert got[0, 0, 5] == -np.inf
    (got,) = run("Relu", [image])
    assert not np.signbit(got[0, 0, [0, 1, 2]]).any()
    assert np.isnan(got[0, 0, 3])


@pytest.mark.parametrize("operator", sorted({*FUNCTIONS, "Elu", "Gelu", "Swish"}))
def test_a_scalar_gives_what_it_gives_in_a_row(run: Run, operator: str) -> None:
    """A tensor of rank 0 is an operand like any other."""
    for value in (0.5, -300.0, np.nan):
        (alone,) = run(operator, [np.array(value, F32)], opset=24)
        (row,) = run(operator, [np.array([value], F32)], opset=24)
        assert alone.shape == ()
        assert alone.tobytes() == row.tobytes()


def test_a_power_of_scalars_is_a_scalar(run: Run) -> None:
    """Neither operand has an axis, nor has the result."""
    (got,) = run("Pow", [np.array(1.5, F32), np.array(2.0, F32)])
    assert got.shape == ()
    assert got == 2.25


def test_a_threshold_lets_nothing_through_that_is_not_above_it(run: Run) -> None:
    """NaN is not, so it becomes zero, in ONNX's words and in the runtime."""
    values = np.array([np.nan, np.inf, -np.inf, 1.0, 1.5], F32)
    (got,) = run("ThresholdedRelu", [values], alpha=1.0)
    assert got.tobytes() == np.array([0.0, np.inf, 0.0, 0.0, 1.5], F32).tobytes()
    (theirs,) = build_session(build_one("ThresholdedRelu", [values], alpha=1.0)).run(
        None, {"x0": values}
    )
    assert np.array_equal(got, theirs)


def test_casts_to_integers_saturate_and_nan_is_zero(run: Run) -> None:
    """What x86 and ARM do differently is defined."""
    values = np.array([np.nan, np.inf, -np.inf, 3e9, -3e9, 2.9, -2.9], F32)
    (got,) = run("Cast", [values], to=6)
    limits = np.iinfo(np.int32)
    assert got.tolist() == [0, limits.max, limits.min, limits.max, limits.min, 2, -2]


def test_half_precision_is_rounded_once(run: Run) -> None:
    """float16 operands: the product is the rational one, rounded to 11 bits."""
    a = draw(3, 64).astype(np.float16)
    b = draw(64, 4, seed=1).astype(np.float16)
    (got,) = run("MatMul", [a, b], [1])
    exact = a.astype(np.float64) @ b.astype(np.float64)  # 22-bit products: no rounding matters
    assert got.dtype == np.float16
    assert np.array_equal(got, exact.astype(np.float16))


def test_an_operator_without_a_rule_is_named() -> None:
    """Building the program says so; nothing is run."""
    model = build_one("Det", [np.eye(3, dtype=F32)])
    with pytest.raises(NoRule, match="Det"):
        build_program(read_graph(model))
