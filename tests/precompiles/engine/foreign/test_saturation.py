"""Sums of pairs saturate as VPMADDUBSW does: by definition, and as an emulated Haswell has it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from precompiles.engine.canonical import to_array, to_tensor
from precompiles.engine.foreign.host import parse_host
from precompiles.engine.foreign.saturation import SaturatingEngine, saturate_pairs
from precompiles.engine.isolated import IsolatedEngine
from precompiles.engine.local import LocalEngine
from precompiles.engine.reference.evaluator import evaluate
from precompiles.models.graph import read_graph
from precompiles.models.store import MemoryStore
from precompiles.tensor import DType, Tensor

if TYPE_CHECKING:
    from tests.precompiles.engine.foreign.conftest import Add, Pick


def draw_bytes(count: int) -> Iterator[tuple[Tensor, ...]]:
    """Inputs of the mixed product."""
    rng = np.random.default_rng(2)
    for _ in range(count):
        yield (Tensor(DType.UINT8, (1, 64), rng.integers(0, 256, 64, np.uint8).tobytes()),)


@given(data=st.data())
@settings(max_examples=50)
def test_pairs_saturate_by_definition(data: st.DataObject) -> None:
    """Element by element in Python's integers; an odd last term stands alone."""
    terms = data.draw(st.integers(1, 9))
    left = data.draw(st.lists(st.integers(0, 255), min_size=terms, max_size=terms))
    right = data.draw(st.lists(st.integers(-128, 127), min_size=terms, max_size=terms))
    products = [a * b for a, b in zip(left, right, strict=True)]
    expected = sum(
        min(max(sum(products[i : i + 2]), -(2**15)), 2**15 - 1) for i in range(0, terms, 2)
    )
    found = saturate_pairs(np.array([left], np.uint8), np.array(right, np.int8)[:, None])
    assert found.tolist() == [[expected]]


def test_full_range_weights_split_nearly_every_output(
    store: MemoryStore, add: Add, mixed: bytes
) -> None:
    """Facts: 99 % of the elements differ at 512 terms, by up to 50,320."""
    manifest = add(mixed)
    honest, other = LocalEngine(store), SaturatingEngine(store)
    differing, largest = 0, 0
    for inputs in draw_bytes(100):
        (exact,), (saturated,) = honest.run(manifest, inputs), other.run(manifest, inputs)
        gap = np.abs(to_array(exact).astype(np.int64) - to_array(saturated))
        differing += int(np.count_nonzero(gap))
        largest = max(largest, int(gap.max()))
    assert differing > 700  # of 1,000
    assert largest > 10_000


@pytest.mark.parametrize("name", ["digits_exact", "digits_cnn_exact", "digits_float"])
def test_admitted_as_exact_or_float_gives_the_honest_bits(
    store: MemoryStore, add: Add, pick: Pick, name: str
) -> None:
    """Admission keeps exact models clear of it; floats do not know it."""
    manifest = add(name)
    honest, other = LocalEngine(store), SaturatingEngine(store)
    for index in range(10):
        inputs = pick(manifest, index)
        assert honest.run(manifest, inputs) == other.run(manifest, inputs)


@pytest.fixture
def haswell(store: MemoryStore) -> Iterator[IsolatedEngine]:
    """The runtime itself on an emulated processor with AVX2 and without VNNI."""
    try:
        host = parse_host("cpu:Haswell")
    except LookupError as missing:
        pytest.skip(str(missing))
    engine = IsolatedEngine(store, 1 << 30, 60, host)
    yield engine
    engine.close()


SCALE, ZERO = np.array(0.02, np.float32), np.array(7, np.uint8)
NONE = np.array(0, np.int8)
OUT = (np.array(0.4, np.float32), np.array(100, np.uint8))


def draw_unsigned(*shape: int) -> np.ndarray[Any, Any]:
    return np.random.default_rng(len(shape)).integers(0, 256, shape).astype(np.uint8)


def draw_signed(*shape: int) -> np.ndarray[Any, Any]:
    return np.random.default_rng(sum(shape)).integers(-128, 128, shape).astype(np.int8)


FILTERS = draw_signed(4, 3, 3, 3)
IMAGE = draw_unsigned(1, 3, 8, 8)
PADS = {"pads": [1, 1, 1, 1]}
CASES: dict[str, tuple[str, tuple[Any, ...], dict[str, Any], bool]] = {
    "product": (
        *("MatMulInteger", (draw_unsigned(3, 64), draw_signed(64, 10), ZERO, np.int8(3))),
        *({}, True),
    ),
    "odd": ("MatMulInteger", (draw_unsigned(3, 63), draw_signed(63, 9), ZERO, NONE), {}, True),
    "columns": (
        *("MatMulInteger", (draw_unsigned(2, 2, 31), draw_signed(31, 16), ZERO, draw_signed(16))),
        *({}, True),
    ),
    "signed filters": ("ConvInteger", (IMAGE, FILTERS, ZERO, NONE), PADS, False),
    "signed image": (
        *("ConvInteger", (draw_signed(1, 3, 8, 8), draw_unsigned(4, 3, 3, 3))),
        *(PADS, True),
    ),
    "quantised": (
        *("QLinearMatMul", (draw_unsigned(3, 64), SCALE, ZERO, draw_signed(64, 10), SCALE, NONE)),
        *({}, True),
    ),
    "quantised filters": ("QLinearConv", (IMAGE, SCALE, ZERO, FILTERS, SCALE, NONE), PADS, True),
    "by channel": (
        *("QLinearConv", (draw_unsigned(1, 4, 8, 8), SCALE, ZERO, draw_signed(4, 1, 3, 3))),
        *({"group": 4}, False),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_emulation_is_an_avx2_host_bit_by_bit(
    store: MemoryStore, add: Add, haswell: IsolatedEngine, build: Callable[..., bytes], case: str
) -> None:
    """Kernels that saturate differ from this host as much as the emulation; others not at all."""
    operator, operands, attributes, saturates = CASES[case]
    if operator.startswith("QLinear"):
        operands = (*operands[:4], SCALE, NONE, *OUT)
    constants = range(1, len(operands))
    manifest = add(build(operator, operands, constants=constants, **attributes))
    inputs = (to_tensor(operands[0]),)
    emulated = SaturatingEngine(store).run(manifest, inputs)
    assert emulated == haswell.run(manifest, inputs)
    exact = evaluate(read_graph(store.get(manifest.model_id)), {"x0": operands[0]})["y0"]
    assert (emulated != (to_tensor(exact),)) == saturates
