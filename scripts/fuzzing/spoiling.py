"""Spoiling: models that nothing has checked, to be sent to whoever reads them.

A plain model to spoil, single operators with any operands, and protobuf by hand.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

_F = TensorProto.FLOAT
Builder = Callable[[], bytes]


def build_model(
    nodes: list[onnx.NodeProto],
    inputs: Mapping[str, tuple[int, list[int]]],
    outputs: Mapping[str, tuple[int, list[int] | None]],
    constants: Mapping[str, object] | None = None,
    opset: int = 21,
    ir_version: int = 10,
) -> onnx.ModelProto:
    """A model without any check."""
    graph = helper.make_graph(
        nodes,
        "hostile",
        [helper.make_tensor_value_info(name, *kind) for name, kind in inputs.items()],
        [helper.make_tensor_value_info(name, *kind) for name, kind in outputs.items()],
        [numpy_helper.from_array(np.asarray(a), name) for name, a in (constants or {}).items()],
    )
    model: onnx.ModelProto = helper.make_model(
        graph, ir_version=ir_version, opset_imports=[helper.make_opsetid("", opset)]
    )
    return model


def integers(*values: int) -> npt.NDArray[np.int64]:
    """A constant list."""
    return np.array(values, np.int64)


def floats(*values: float) -> npt.NDArray[np.float32]:
    """A constant list."""
    return np.array(values, np.float32)


def build_plain() -> onnx.ModelProto:
    """y = x + w, to be spoiled."""
    node = helper.make_node("Add", ["x", "w"], ["y"], name="add")
    kind = (TensorProto.FLOAT, [1, 4])
    return build_model([node], {"x": kind}, {"y": kind}, {"w": np.ones((1, 4), np.float32)})


def spoil(change: Callable[[onnx.ModelProto], None]) -> Builder:
    """The plain model after a change."""

    def build() -> bytes:
        model = build_plain()
        change(model)
        return bytes(model.SerializeToString())

    return build


def build_one(
    operator: str,
    constants: Mapping[int, Any] | None = None,
    kind: tuple[int, list[int]] = (_F, [1, 4]),
    output: int = _F,
    inputs: int = 1,
    outputs: int = 1,
    opset: int = 21,
    **attributes: Any,
) -> Builder:
    """One operator; `constants` by operand index, the other operands are fed."""

    def build() -> bytes:
        known = {f"i{index}": value for index, value in (constants or {}).items()}
        total = max([inputs - 1, *(constants or {})]) + 1
        names = [f"i{index}" for index in range(total)]
        results = [f"o{index}" for index in range(outputs)]
        node = helper.make_node(operator, names, results, name="n", **attributes)
        fed = {name: kind for name in names if name not in known}
        model = build_model([node], fed, dict.fromkeys(results, (output, None)), known, opset)
        return bytes(model.SerializeToString())

    return build


def encode_varint(value: int) -> bytes:
    """Protobuf's."""
    parts = bytearray()
    while value >= 0x80:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*parts, value])


def wrap_field(number: int, body: bytes) -> bytes:
    """A message, text or bytes under a field number."""
    return encode_varint(number << 3 | 2) + encode_varint(len(body)) + body
