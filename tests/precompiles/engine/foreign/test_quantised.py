"""The substitute is the runtime's own int8 form: near the model, never the same bits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import onnx
import pytest

from precompiles.engine.canonical import to_array
from precompiles.engine.foreign.quantised import QuantisedEngine, quantise
from precompiles.engine.local import LocalEngine
from precompiles.engine.trace import first_difference
from precompiles.models.samples import read_sample
from precompiles.models.store import MemoryStore

if TYPE_CHECKING:
    from tests.precompiles.engine.foreign.conftest import Add, Pick

FLOATS = ("digits_float", "digits_cnn_float", "digits_transformer_float")


@pytest.mark.parametrize("name", FLOATS)
def test_substitute_answers_nearly_and_never_exactly(
    store: MemoryStore, add: Add, pick: Pick, name: str
) -> None:
    """Scores are off by a few hundredths of their span; most digits are still read alike."""
    manifest = add(name)
    honest, cheap = LocalEngine(store), QuantisedEngine(store)
    same = 0
    for index in range(20):
        inputs = pick(manifest, index)
        digit, scores = map(to_array, honest.run(manifest, inputs))
        other, approximate = map(to_array, cheap.run(manifest, inputs))
        off = np.abs(scores - approximate)
        assert 0 < off.max() < 0.1 * (scores.max() - scores.min())
        same += int(digit[0] == other[0])
    assert same >= 18


def test_products_run_in_8_bits(store: MemoryStore, add: Add, pick: Pick) -> None:
    """The trace of the substitute has integer products where the model has float ones."""
    manifest = add("digits_float")
    inputs = pick(manifest, 0)
    cheap = QuantisedEngine(store).trace(manifest, inputs)
    honest = LocalEngine(store).trace(manifest, inputs)
    operators = [step.operator for step in cheap.steps]
    assert operators.count("MatMulInteger") == [s.operator for s in honest.steps].count("Gemm")
    assert "Gemm" not in operators
    found = first_difference(honest, cheap)
    assert found is not None
    assert found.operator == "Gemm"


def test_weights_have_seven_bits() -> None:
    """So that the substitute gives the same sums on every host."""
    graph = onnx.load_from_string(quantise(read_sample("digits_float"))).graph
    weights = [
        onnx.numpy_helper.to_array(t)
        for t in graph.initializer
        if t.data_type == onnx.TensorProto.INT8 and len(t.dims) == 2
    ]
    assert len(weights) == 2
    assert all(np.abs(array.astype(int)).max() <= 64 for array in weights)


@pytest.mark.parametrize("name", ["digits_exact", "digits_cnn_exact", "diagnosis_float"])
def test_model_without_float_products_is_left_alone(name: str) -> None:
    """There is nothing to save."""
    assert quantise(read_sample(name)) == read_sample(name)
