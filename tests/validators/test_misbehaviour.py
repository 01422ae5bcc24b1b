"""Behaviours are read as they are written, and a wrong model has exactly one weight changed."""

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from devnet.errors import ConfigError
from devnet.validators.misbehaviour import (
    HONEST,
    Behavior,
    Strategy,
    SwitchedEngine,
    change_weight,
    parse_behavior,
)
from precompiles.engine.local import LocalEngine
from precompiles.models.admission import admit_model
from precompiles.models.samples import list_samples, read_digits, read_sample
from precompiles.models.store import MemoryStore
from precompiles.tensor import Tensor


@given(
    strategy=st.sampled_from(Strategy),
    height=st.integers(0, 10**12),
    asked=st.integers(0, 10**12),
)
def test_behavior_reads_back_and_holds_from_its_height(
    strategy: Strategy, height: int, asked: int
) -> None:
    """`strategy@height>=N` is the text of a behaviour; before N it is honest."""
    behavior = Behavior(strategy, height)
    assert parse_behavior(str(behavior)) == behavior
    expected = strategy if asked >= height else Strategy.HONEST
    assert behavior.get_strategy(asked) is expected


def test_behavior_without_trigger_holds_at_once() -> None:
    """The plain word is the whole behaviour."""
    assert parse_behavior("crash") == Behavior(Strategy.CRASH, 0)
    assert parse_behavior("honest") == HONEST
    assert str(Behavior(Strategy.WRONG_MODEL)) == "wrong-model"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("liar", "no behavior 'liar'; there are honest, crash, wrong-model"),
        ("", "behavior '' is not of the form"),
        ("crash@", "is not of the form strategy"),
        ("crash@height=5", "is not of the form strategy"),
        ("crash@height>=-1", "is not of the form strategy"),
        ("crash@height>=x", "is not of the form strategy"),
        ("crash @height>=1", "is not of the form strategy"),
        ("CRASH", "is not of the form strategy"),
    ],
)
def test_unknown_words_are_refused_with_what_exists(text: str, words: str) -> None:
    """The message lists the strategies, or the form."""
    with pytest.raises(ConfigError) as refusal:
        parse_behavior(text)
    assert words in str(refusal.value)
    assert "honest, crash, wrong-model" in str(refusal.value)


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
    for strategy in (Strategy.WRONG_MODEL, Strategy.HONEST, Strategy.CRASH, Strategy.WRONG_MODEL):
        engine.strategy = strategy
        assert (engine.run(manifest, inputs) != honest) == (strategy is Strategy.WRONG_MODEL)
        assert engine.load(manifest.model_id) == model
