"""Comparison at registration: operators of a portable model that differ from the runtime's."""

from functools import partial

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from precompiles.engine import comparison, local
from precompiles.engine.comparison import check_comparison
from precompiles.engine.local import LocalEngine
from precompiles.engine.portable import evaluator
from precompiles.engine.portable.site import Compute, Operands, Site
from precompiles.engine.trace import first_difference, trace_inference
from precompiles.errors import RuntimeBroken
from precompiles.models.admission import admit_model
from precompiles.models.graph import Array
from precompiles.models.manifest import Profile
from precompiles.models.samples import list_samples, read_sample
from precompiles.models.store import MemoryStore
from precompiles.tensor import DType, Tensor

FLOATS = [name for name in list_samples() if name.endswith("_float")]


@pytest.mark.parametrize("name", FLOATS)
def test_float_samples_are_portable_and_within_the_bound(name: str) -> None:
    """Each operator of each, on every kind of generated input."""
    model = read_sample(name)
    manifest = admit_model(model)
    assert manifest.profile is Profile.PORTABLE
    check_comparison(model, manifest, 7)


def test_a_rule_that_is_a_little_wrong_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """An error of one part in ten thousand, in one operator in the middle of a model."""
    right = evaluator.RULES["LayerNormalization"]

    def spoil(site: Site) -> Compute:
        compute = right(site)

        def spoiled(operands: Operands) -> tuple[Array, ...]:
            first, *others = compute(operands)
            return (first * np.float32(1.0001), *others)

        return spoiled

    rules = {**evaluator.RULES, "LayerNormalization": spoil}
    monkeypatch.setattr(comparison, "build_program", partial(evaluator.build_program, rules=rules))
    model = read_sample("digits_transformer_float")
    with pytest.raises(RuntimeBroken, match=r"LayerNormalization.*against"):
        check_comparison(model, admit_model(model), 7)


def test_the_engine_compares_before_it_lets_a_portable_model_in(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """`try_out`, which registration calls, and once a model."""
    asked = []
    monkeypatch.setattr(local, "check_comparison", lambda *given: asked.append(given))
    store = MemoryStore()
    engine = LocalEngine(store)
    manifest = engine.admit(store.put(read_sample("digits_float")), {})
    engine.try_out(manifest)
    engine.try_out(manifest)
    assert [given[1] for given in asked] == [manifest]


def test_the_trace_of_a_portable_model_ends_in_the_engines_outputs() -> None:
    """One step an operator, each with a digest of its own."""
    model, store = read_sample("digits_cnn_float"), MemoryStore()
    engine = LocalEngine(store)
    manifest = engine.admit(store.put(model), {})
    inputs = (Tensor(DType.FLOAT32, (1, 64), np.arange(64, dtype="<f4").tobytes()),)
    trace = trace_inference(model, manifest, inputs)
    assert trace.outputs == engine.run(manifest, inputs)
    assert [step.operator for step in trace.steps][:3] == ["Mul", "Reshape", "Conv"]
    assert len({step.digest for step in trace.steps}) == len(trace.steps)


def test_two_portable_traces_part_at_the_operator_whose_weights_differ() -> None:
    """What a dispute bisects to: operator, element and both values."""
    model = read_sample("digits_cnn_float")
    proto = onnx.ModelProto.FromString(model)
    second = [node for node in proto.graph.node if node.op_type == "Conv"][1]
    (weights,) = (w for w in proto.graph.initializer if w.name == second.input[1])
    values = numpy_helper.to_array(weights).copy()
    values.flat[0] += np.float32(0.5)
    weights.CopyFrom(numpy_helper.from_array(values, weights.name))
    inputs = (Tensor(DType.FLOAT32, (1, 64), np.arange(64, dtype="<f4").tobytes()),)
    manifest = admit_model(model)
    traces = (
        trace_inference(m, manifest, inputs) for m in (model, bytes(proto.SerializeToString()))
    )
    found = first_difference(*traces)
    assert found is not None
    assert (found.operator, found.output) == ("Conv", second.output[0])
