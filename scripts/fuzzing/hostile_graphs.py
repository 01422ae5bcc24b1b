"""Hostile graphs: well-formed files that loop, contradict themselves or lie about their types."""

from collections.abc import Mapping

import numpy as np
import onnx
from onnx import TensorProto, helper

from fuzzing.spoiling import Builder, build_model, build_one, spoil

_F, _I64, _B = TensorProto.FLOAT, TensorProto.INT64, TensorProto.BOOL


def _body(nodes: list[onnx.NodeProto], inputs: list[str], outputs: list[str]) -> onnx.GraphProto:
    return helper.make_graph(
        nodes,
        "body",
        [helper.make_tensor_value_info(name, _F, [1, 4]) for name in inputs],
        [helper.make_tensor_value_info(name, _F, [1, 4]) for name in outputs],
    )


def _loop() -> bytes:
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["go"], ["still"]),
            helper.make_node("Add", ["s", "s"], ["t"]),
        ],
        "body",
        [
            helper.make_tensor_value_info("i", _I64, []),
            helper.make_tensor_value_info("go", _B, []),
            helper.make_tensor_value_info("s", _F, [1, 4]),
        ],
        [
            helper.make_tensor_value_info("still", _B, []),
            helper.make_tensor_value_info("t", _F, [1, 4]),
        ],
    )
    node = helper.make_node("Loop", ["trips", "go", "x"], ["y"], body=body)
    constants = {"trips": np.int64(10**12), "go": np.array(True)}
    model = build_model([node], {"x": (_F, [1, 4])}, {"y": (_F, [1, 4])}, constants)
    return bytes(model.SerializeToString())


def _if() -> bytes:
    branch = _body([helper.make_node("Relu", ["x"], ["b"])], [], ["b"])
    node = helper.make_node("If", ["c"], ["y"], then_branch=branch, else_branch=branch)
    inputs = {"x": (_F, [1, 4]), "c": (_B, [1])}
    model = build_model([node], inputs, {"y": (_F, [1, 4])})
    return bytes(model.SerializeToString())


def _scan() -> bytes:
    body = _body([helper.make_node("Relu", ["a"], ["b"])], ["a"], ["b"])
    node = helper.make_node("Scan", ["x"], ["y"], body=body, num_scan_inputs=1)
    model = build_model([node], {"x": (_F, [1, 4])}, {"y": (_F, [1, 4])})
    return bytes(model.SerializeToString())


def _cycle(model: onnx.ModelProto) -> None:
    model.graph.node[0].input[1] = "z"
    model.graph.node.append(helper.make_node("Relu", ["y"], ["z"]))


def _self_loop(model: onnx.ModelProto) -> None:
    model.graph.node[0].input[1] = "y"


def _twice(model: onnx.ModelProto) -> None:
    model.graph.node.append(helper.make_node("Relu", ["x"], ["y"]))


def _shadow(model: onnx.ModelProto) -> None:
    model.graph.node.append(helper.make_node("Relu", ["y"], ["x"]))


def _two_weights(model: onnx.ModelProto) -> None:
    model.graph.initializer.append(model.graph.initializer[0])


def _dangling(model: onnx.ModelProto) -> None:
    model.graph.node[0].input[1] = "nowhere"


def _missing_output(model: onnx.ModelProto) -> None:
    model.graph.output[0].name = "nowhere"


def _two_attributes(model: onnx.ModelProto) -> None:
    model.graph.node.append(helper.make_node("Softmax", ["y"], ["z"], axis=0))
    model.graph.node[1].attribute.append(model.graph.node[1].attribute[0])


def _nan(model: onnx.ModelProto) -> None:
    model.graph.initializer[0].raw_data = np.full((1, 4), np.nan, np.float32).tobytes()


def _short(model: onnx.ModelProto) -> None:
    model.graph.initializer[0].raw_data = b"\0\0"


def _two_data(model: onnx.ModelProto) -> None:
    model.graph.initializer[0].float_data.extend([1, 2, 3, 4])


def _bad_type(code: int) -> Builder:
    def change(model: onnx.ModelProto) -> None:
        model.graph.input[0].type.tensor_type.elem_type = code

    return spoil(change)


def _lie(model: onnx.ModelProto) -> None:
    model.graph.output[0].type.tensor_type.shape.dim[1].dim_value = 2


def _lie_inside(model: onnx.ModelProto) -> None:
    model.graph.node.append(helper.make_node("Relu", ["y"], ["z"]))
    model.graph.output[0].name = "z"
    model.graph.value_info.append(helper.make_tensor_value_info("y", _F, [9, 9]))


def _dynamic(model: onnx.ModelProto) -> None:
    model.graph.input[0].type.tensor_type.shape.dim[0].dim_param = "batch"


def _negative(model: onnx.ModelProto) -> None:
    model.graph.input[0].type.tensor_type.shape.dim[0].dim_value = -7


def _no_rank(model: onnx.ModelProto) -> None:
    model.graph.input[0].type.tensor_type.ClearField("shape")


GRAPHS: Mapping[str, tuple[Builder, str]] = {
    "loop of 10^12 steps": (_loop, "control flow"),
    "if": (_if, "control flow"),
    "scan": (_scan, "control flow"),
    "cycle": (spoil(_cycle), "cyclic"),
    "operator that feeds itself": (spoil(_self_loop), "cyclic"),
    "tensor made twice": (spoil(_twice), "a second time"),
    "result named as an input": (spoil(_shadow), "a second time"),
    "initialiser given twice": (spoil(_two_weights), "declared twice"),
    "operand from nowhere": (spoil(_dangling), "nothing makes"),
    "output from nowhere": (spoil(_missing_output), "made by no operator"),
    "attribute given twice": (spoil(_two_attributes), "given twice"),
    "weights of NaN": (spoil(_nan), "NaN"),
    "weights too short": (spoil(_short), "needs 16 bytes"),
    "weights in two fields": (spoil(_two_data), "needs 16 bytes"),
    "float8 input": (_bad_type(17), "FLOAT8"),
    "bfloat16 input": (_bad_type(16), "BFLOAT16"),
    "complex input": (_bad_type(14), "COMPLEX64"),
    "int4 input": (_bad_type(22), "INT4"),
    "text input": (_bad_type(8), "STRING"),
    "element type 99": (_bad_type(99), "99"),
    "cast to type 99": (build_one("Cast", to=99), "99"),
    "output that lies about its shape": (spoil(_lie), "declares"),
    "intermediate that lies about its shape": (spoil(_lie_inside), "declares"),
    "dynamic dimension": (spoil(_dynamic), "'batch'"),
    "negative dimension": (spoil(_negative), "dynamic"),
    "no rank": (spoil(_no_rank), "no shape"),
}
