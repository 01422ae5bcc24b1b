"""bfloat16 weights: read as the float32 they stand for where they are cast, refused elsewhere."""

from typing import Any

import ml_dtypes
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from precompiles.engine.local import LocalEngine
from precompiles.engine.portable.evaluator import build_program
from precompiles.engine.session import build_session
from precompiles.errors import NotAdmitted
from precompiles.models.admission import admit_model
from precompiles.models.graph import read_graph
from precompiles.models.manifest import Profile
from precompiles.models.store import MemoryStore
from precompiles.tensor import DType, Tensor

WEIGHTS = np.random.default_rng(0).standard_normal((8, 4)).astype(ml_dtypes.bfloat16)


def build(operator: str = "Cast", typed: bool = False) -> bytes:
    """x @ Cast(w), the weights raw or in the typed field."""
    stored = numpy_helper.from_array(WEIGHTS, "w")
    if typed:
        bits = WEIGHTS.view(np.uint16).reshape(-1).tolist()
        stored = TensorProto(name="w", data_type=TensorProto.BFLOAT16, dims=[8, 4])
        stored.int32_data.extend(bits)
    attributes: dict[str, Any] = {"to": TensorProto.FLOAT} if operator == "Cast" else {}
    graph = helper.make_graph(
        [
            helper.make_node(operator, ["w"], ["wide"], **attributes),
            helper.make_node("MatMul", ["x", "wide"], ["y"]),
        ],
        "stored",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 8])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 4])],
        [stored],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    return bytes(model.SerializeToString())


@pytest.mark.parametrize("typed", [False, True])
def test_stored_weights_give_what_their_float32_give(typed: bool) -> None:
    """Portable, compared with the runtime, and the product of the widened weights."""
    store = MemoryStore()
    engine = LocalEngine(store)
    manifest = engine.admit(store.put(build(typed=typed)), {})
    assert manifest.profile is Profile.PORTABLE
    engine.try_out(manifest)
    x = np.linspace(-1, 1, 8, dtype=np.float32)[None]
    (y,) = engine.run(manifest, (Tensor(DType.FLOAT32, (1, 8), x.tobytes()),))
    exact = x.astype(np.float64) @ WEIGHTS.astype(np.float64)
    assert y.data == exact.astype(np.float32).tobytes()
    (theirs,) = build_session(build(typed=typed)).run(None, {"x": x})
    assert np.allclose(np.frombuffer(y.data, np.float32), theirs[0], rtol=1e-5)


def test_the_cast_of_weights_is_done_once() -> None:
    """The program holds the product alone, with its columns ready."""
    program = build_program(read_graph(build()))
    assert [step.node.operator for step in program.steps] == ["MatMul"]


def test_any_other_use_is_refused_with_the_remedy() -> None:
    """Runtimes do not compute in bfloat16 alike."""
    with pytest.raises(NotAdmitted, match="storage only; cast it to float32"):
        admit_model(build("Identity"))


@pytest.mark.parametrize(("field", "value"), [("raw_data", b"abc"), ("int32_data", [1 << 16])])
def test_broken_data_is_refused(field: str, value: Any) -> None:
    """Half an element, or one that does not fit."""
    proto = onnx.ModelProto.FromString(build())
    tensor = proto.graph.initializer[0]
    tensor.ClearField("raw_data")
    if field == "raw_data":
        tensor.raw_data = value
    else:
        tensor.int32_data.extend(value)
    with pytest.raises(NotAdmitted):
        admit_model(bytes(proto.SerializeToString()))
