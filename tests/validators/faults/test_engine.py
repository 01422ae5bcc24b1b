"""Engines by behaviour: a wrong model has exactly one weight changed, while it is asked for."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from devnet.validators.faults.engine import SwitchedEngine, change_weight
from devnet.validators.faults.fault import Strategy
from precompiles.engine.local import LocalEngine
from precompiles.models.admission import admit_model
from precompiles.models.samples import list_samples, read_digits, read_sample
from precompiles.models.store import MemoryStore
from precompiles.tensor import Tensor


@pytest.mark.parametrize("name", list_samples())
def test_wrong_model_differs_in_one_element_of_one_tensor(name: str) -> None:
    """Same graph, same signature, always the same change."""
    model = read_sample(name)
    changed = change_weight(model)
    assert changed == change_weight(model)
    before, after = (onnx.load_from_string(data).graph for data in (model, changed))
    differing = 0
    for old, new in zip(before.initializer, after.initializer, strict=True):
        differing += int(np.sum(numpy_helper.to_array(old) != numpy_helper.to_array(new)))
    assert differing == 1
    assert before.node == after.node
    first, second = admit_model(model), admit_model(changed)
    assert (first.inputs, first.outputs) == (second.inputs, second.outputs)


def test_model_without_weights_is_run_as_it_is() -> None:
    """There is nothing to change in it, and a liar must not fall over."""
    value = helper.make_tensor_value_info("x", TensorProto.INT64, [2])
    out = helper.make_tensor_value_info("y", TensorProto.INT64, [2])
    empty = numpy_helper.from_array(np.zeros((0, 3), np.int64), "empty")
    for initializers in ([], [empty]):
        graph = helper.make_graph(
            [helper.make_node("Add", ["x", "x"], ["y"])], "g", [value], [out], initializers
        )
        model: bytes = helper.make_model(graph).SerializeToString()
        assert change_weight(model) == model


def test_switched_engine_lies_only_while_it_is_told_to() -> None:
    """One engine, switched back and forth, gives the honest bits whenever it is honest."""
    store = MemoryStore()
    model = read_sample("digits_exact")
    store.put(model)
    manifest, (pixels, _) = admit_model(model), read_digits()
    inputs = tuple(Tensor(k.dtype, k.shape, pixels[0].tobytes()) for k in manifest.inputs)
    engine = SwitchedEngine(LocalEngine(store), store)
    honest = engine.run(manifest, inputs)
    for strategy in (Strategy.WRONG_MODEL, None, Strategy.WRONG_MODEL):
        engine.strategy = strategy
        assert (engine.run(manifest, inputs) != honest) == (strategy is Strategy.WRONG_MODEL)
        assert engine.load(manifest.model_id) == model
