"""Hostile files: attacks on the parser, on the file system and on what the file says of itself."""

from collections.abc import Callable, Mapping

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from fuzzing.spoiling import (
    Builder,
    build_model,
    build_plain,
    integers,
    spoil,
    wrap_field,
)


def _external(location: str) -> Callable[[onnx.ModelProto], None]:
    def change(model: onnx.ModelProto) -> None:
        _point_outside(model.graph.initializer[0], location)

    return change


def _point_outside(tensor: onnx.TensorProto, location: str) -> None:
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value=location)
    tensor.external_data.add(key="length", value="16")


def _external_constant(model: onnx.ModelProto) -> None:
    tensor = numpy_helper.from_array(np.ones((1, 4), np.float32), "v")
    _point_outside(tensor, "../secret.bin")
    del model.graph.initializer[:]
    model.graph.node.insert(0, helper.make_node("Constant", [], ["w"], value=tensor))


def _external_flag_only(model: onnx.ModelProto) -> None:
    model.graph.initializer[0].data_location = TensorProto.EXTERNAL


def _external_filler() -> bytes:
    """The flag alone, on the value of an operator that makes its result from it."""
    value = numpy_helper.from_array(np.ones(1, np.float32), "v")
    value.data_location = TensorProto.EXTERNAL
    node = helper.make_node("ConstantOfShape", ["s"], ["c"], value=value)
    add = helper.make_node("Add", ["x", "c"], ["y"])
    kind = (TensorProto.FLOAT, [1, 4])
    model = build_model([node, add], {"x": kind}, {"y": kind}, {"s": integers(1, 4)})
    return bytes(model.SerializeToString())


def _make_sparse(location: str = "") -> onnx.SparseTensorProto:
    values = numpy_helper.from_array(np.ones(1, np.float32), "w")
    if location:
        _point_outside(values, location)
    indices = numpy_helper.from_array(np.zeros(1, np.int64), "i")
    return helper.make_sparse_tensor(values, indices, [1, 4])


def _sparse(model: onnx.ModelProto) -> None:
    del model.graph.initializer[:]
    model.graph.sparse_initializer.append(_make_sparse())


def _sparse_external(model: onnx.ModelProto) -> None:
    del model.graph.initializer[:]
    model.graph.sparse_initializer.append(_make_sparse("/etc/passwd"))


def _sparse_constant(model: onnx.ModelProto) -> None:
    del model.graph.initializer[:]
    node = helper.make_node("Constant", [], ["w"], sparse_value=_make_sparse("../secret.bin"))
    model.graph.node.insert(0, node)


def _add_function(model: onnx.ModelProto) -> None:
    body = [helper.make_node("Relu", ["a"], ["b"])]
    opsets = [helper.make_opsetid("", 21)]
    model.functions.append(helper.make_function("local", "F", ["a"], ["b"], body, opsets))


def _nest_functions(model: onnx.ModelProto) -> None:
    """Each calls the one before twice: 2^30 operators when written out."""
    opsets = [helper.make_opsetid("", 21), helper.make_opsetid("local", 1)]
    for level in range(30):
        inner = "Relu" if level == 0 else f"F{level - 1}"
        domain = "" if level == 0 else "local"
        body = [
            helper.make_node(inner, ["a"], ["m"], domain=domain),
            helper.make_node(inner, ["m"], ["b"], domain=domain),
        ]
        function = helper.make_function("local", f"F{level}", ["a"], ["b"], body, opsets)
        model.functions.append(function)


def _recurse(model: onnx.ModelProto) -> None:
    opsets = [helper.make_opsetid("", 21), helper.make_opsetid("local", 1)]
    body = [helper.make_node("F", ["a"], ["b"], domain="local")]
    model.functions.append(helper.make_function("local", "F", ["a"], ["b"], body, opsets))


def _set_opset(version: int) -> Callable[[onnx.ModelProto], None]:
    def change(model: onnx.ModelProto) -> None:
        model.opset_import[0].version = version

    return change


def _set_ir(version: int) -> Callable[[onnx.ModelProto], None]:
    def change(model: onnx.ModelProto) -> None:
        model.ir_version = version

    return change


def _foreign(model: onnx.ModelProto) -> None:
    model.opset_import.append(helper.make_opsetid("com.microsoft", 1))
    model.graph.node[0].domain = "com.microsoft"
    model.graph.node[0].op_type = "MatMulNBits"


def _foreign_unimported(model: onnx.ModelProto) -> None:
    model.graph.node[0].domain = "com.microsoft"


def _no_opset(model: onnx.ModelProto) -> None:
    del model.opset_import[:]


def _two_opsets(model: onnx.ModelProto) -> None:
    model.opset_import.append(helper.make_opsetid("", 13))


def _training(model: onnx.ModelProto) -> None:
    model.training_info.add().algorithm.CopyFrom(model.graph)


def _no_graph(model: onnx.ModelProto) -> None:
    model.ClearField("graph")


def _no_inputs(model: onnx.ModelProto) -> None:
    del model.graph.input[:]
    model.graph.node[0].input[0] = "w"


def _no_outputs(model: onnx.ModelProto) -> None:
    del model.graph.output[:]


def _rename(name: str) -> Callable[[onnx.ModelProto], None]:
    def change(model: onnx.ModelProto) -> None:
        model.graph.node[0].output[0] = name
        model.graph.output[0].name = name

    return change


def _raw(data: bytes) -> Builder:
    return lambda: data


def _nest_subgraphs() -> bytes:
    """graph.node.attribute.g.node.attribute.g ... 3,000 levels deep."""
    body = b""
    for _ in range(3_000):
        body = wrap_field(1, wrap_field(5, wrap_field(6, body)))
    return b"\x08\x0a" + wrap_field(7, body)


def _not_utf8() -> bytes:
    return spoil(_rename("name"))().replace(b"\x04name", b"\x04\xff\xfe\xc3\x28")


def _append(tail: bytes) -> Builder:
    return lambda: bytes(build_plain().SerializeToString()) + tail


_OUTSIDE, _LOCAL = "external data", "model-local functions"
FILES: Mapping[str, tuple[Builder, str]] = {
    "empty file": (_raw(b""), "not an ONNX model"),
    "text file": (_raw(b"#!/bin/sh\nrm -rf /\n"), "not an ONNX file"),
    "zip file": (_raw(b"PK\x03\x04" + bytes(60)), "not an ONNX file"),
    "zeros": (_raw(bytes(4096)), "not an ONNX file"),
    "ones": (_raw(b"\xff" * 4096), "not"),
    "no graph": (spoil(_no_graph), "no graph"),
    "no inputs": (spoil(_no_inputs), "at least one input"),
    "no outputs": (spoil(_no_outputs), "at least one input and one output"),
    "unknown field": (_append(b"\xfa\x7f\x01a"), "has no field"),
    "protobuf group": (_append(b"\x3b\x3c"), "wire type"),
    "second graph": (_append(wrap_field(7, b"")), "given twice"),
    "endless number": (_append(b"\x08" + b"\xff" * 20), "does not end"),
    "length past the end": (_append(b"\x3a\xff\xff\xff\xff\x0f"), ""),
    "subgraphs 3000 deep": (_nest_subgraphs, "control flow"),
    "name not utf-8": (_not_utf8, "not UTF-8"),
    "name with a zero byte": (spoil(_rename("a\0b")), "control characters"),
    "name with an escape sequence": (spoil(_rename("\x1b[2J")), "control characters"),
    "name of 10000 bytes": (spoil(_rename("n" * 10_000)), "at most 256"),
    "external data, absolute": (spoil(_external("/etc/passwd")), _OUTSIDE),
    "external data, relative": (spoil(_external("../secret.bin")), _OUTSIDE),
    "external data, symlink": (spoil(_external("link.bin")), _OUTSIDE),
    "external data, flag alone": (spoil(_external_flag_only), _OUTSIDE),
    "external data in a constant": (spoil(_external_constant), _OUTSIDE),
    "external data in a filler": (_external_filler, _OUTSIDE),
    "sparse initialiser": (spoil(_sparse), "sparse"),
    "sparse initialiser, external": (spoil(_sparse_external), "sparse"),
    "sparse constant, external": (spoil(_sparse_constant), "sparse"),
    "model-local function": (spoil(_add_function), _LOCAL),
    "functions nested 30 deep": (spoil(_nest_functions), _LOCAL),
    "recursive function": (spoil(_recurse), _LOCAL),
    "training information": (spoil(_training), "training information"),
    "opset 99": (spoil(_set_opset(99)), "opset 99"),
    "opset of 63 bits": (spoil(_set_opset((1 << 63) - 1)), "opset 9223372036854775807"),
    "opset below zero": (spoil(_set_opset(-1)), "opset -1"),
    "no opset": (spoil(_no_opset), "no ai.onnx operator set"),
    "two opsets": (spoil(_two_opsets), "opsets 21 and 13 of ai.onnx"),
    "IR version of 40 bits": (spoil(_set_ir(1 << 40)), "IR version"),
    "vendor operator": (spoil(_foreign), "com.microsoft"),
    "vendor operator, not imported": (spoil(_foreign_unimported), "com.microsoft"),
}
