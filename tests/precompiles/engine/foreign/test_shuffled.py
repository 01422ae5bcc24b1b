"""Float sums in drawn orders: near the model, different with every run, the same from one seed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from precompiles.engine.canonical import to_array
from precompiles.engine.foreign.shuffled import ShuffledEngine, draw_order, multiply_in_order
from precompiles.engine.local import LocalEngine
from precompiles.models.store import MemoryStore

if TYPE_CHECKING:
    from tests.precompiles.engine.foreign.conftest import Add, Pick

FLOATS = ("digits_float", "digits_cnn_float", "digits_transformer_float")


@pytest.mark.parametrize("name", FLOATS)
def test_host_disagrees_with_itself_by_rounding_alone(
    store: MemoryStore, add: Add, pick: Pick, name: str
) -> None:
    """Ten runs of one inference give several results, all within rounding of the honest one."""
    manifest = add(name)
    inputs = pick(manifest, 0)
    _, scores = map(to_array, LocalEngine(store).run(manifest, inputs))
    engine = ShuffledEngine(store, b"seed")
    runs = [engine.run(manifest, inputs) for _ in range(10)]
    assert len({outputs[1].data for outputs in runs}) > 1
    for _, other in runs:
        np.testing.assert_allclose(to_array(other), scores, rtol=1e-4, atol=1e-4)


def test_one_seed_gives_one_sequence_of_results(store: MemoryStore, add: Add, pick: Pick) -> None:
    """Runs can be replayed; another seed gives another sequence."""
    manifest = add("digits_float")
    inputs = pick(manifest, 0)

    def list_runs(seed: bytes) -> list[object]:
        engine = ShuffledEngine(store, seed)
        return [engine.run(manifest, inputs) for _ in range(5)]

    assert list_runs(b"a") == list_runs(b"a")
    assert list_runs(b"a") != list_runs(b"b")


@pytest.mark.parametrize("name", ["digits_exact", "digits_cnn_exact"])
def test_integers_sum_alike_in_any_order(
    store: MemoryStore, add: Add, pick: Pick, name: str
) -> None:
    """An exact model is exact here too."""
    manifest = add(name)
    engine, honest = ShuffledEngine(store, b"seed"), LocalEngine(store)
    for index in range(5):
        inputs = pick(manifest, index)
        assert engine.run(manifest, inputs) == honest.run(manifest, inputs)


@given(count=st.integers(1, 300), key=st.binary(max_size=8))
def test_order_is_a_permutation(count: int, key: bytes) -> None:
    """Every term is added once."""
    assert sorted(draw_order(key, count).tolist()) == list(range(count))


def test_each_sum_is_rounded() -> None:
    """2^24 + 1 + 1 is 2^24 from the left and 2^24 + 2 from the right."""
    left = np.array([[2.0**24, 1, 1]], np.float32)
    right = np.ones((3, 1), np.float32)
    assert multiply_in_order(left, right, np.array([0, 1, 2]))[0, 0] == 2**24
    assert multiply_in_order(left, right, np.array([2, 1, 0]))[0, 0] == 2**24 + 2
