"""What the tests of the check share: small models, and the fuzzing package of `scripts`."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

KINDS = {
    "f32": TensorProto.FLOAT,
    "f64": TensorProto.DOUBLE,
    "f16": TensorProto.FLOAT16,
    "u8": TensorProto.UINT8,
    "i8": TensorProto.INT8,
    "i32": TensorProto.INT32,
    "i64": TensorProto.INT64,
    "u32": TensorProto.UINT32,
    "b": TensorProto.BOOL,
}
Step = tuple[str, list[str], list[str], dict[str, Any]]
Build = Callable[..., bytes]


@pytest.fixture(scope="session")
def build() -> Build:
    """Bytes of a model from steps `(operator, inputs, outputs, attributes)`.

    Inputs and outputs by name as `(type, shape)`; constants as arrays.
    """

    def build_model(
        steps: list[Step],
        inputs: Mapping[str, tuple[str, list[int | str]]],
        outputs: Mapping[str, str],
        constants: Mapping[str, Any] | None = None,
        opset: int = 21,
    ) -> bytes:
        graph = helper.make_graph(
            [
                helper.make_node(operator, names, results, name=results[0], **attributes)
                for operator, names, results, attributes in steps
            ],
            "test",
            [
                helper.make_tensor_value_info(name, KINDS[kind], shape)
                for name, (kind, shape) in inputs.items()
            ],
            [
                helper.make_tensor_value_info(name, KINDS[kind], None)
                for name, kind in outputs.items()
            ],
            [numpy_helper.from_array(np.asarray(a), name) for name, a in (constants or {}).items()],
        )
        model = helper.make_model(
            graph, ir_version=10, opset_imports=[helper.make_opsetid("", opset)]
        )
        return bytes(model.SerializeToString())

    return build_model
