"""Hostile bulk: large files, with little or nothing in them that a model needs."""

from collections.abc import Mapping

import numpy as np
from onnx import AttributeProto, TensorProto, helper

from fuzzing.spoiling import Builder, build_model, build_plain, encode_varint, wrap_field

_F, _U8 = TensorProto.FLOAT, TensorProto.UINT8
_SIDE = 2_048  # of the largest square float matrix


def _weights(count: int) -> Builder:
    """Matrices as large as they may be."""

    def build() -> bytes:
        constants = {
            f"w{index}": np.full((_SIDE, _SIDE), index + 1, np.float32) for index in range(count)
        }
        nodes = [
            helper.make_node("MatMul", [f"y{index - 1}", f"w{index}"], [f"y{index}"])
            for index in range(count)
        ]
        nodes[0].input[0] = "x"
        outputs = {f"y{count - 1}": (_F, None)}
        model = build_model(nodes, {"x": (_F, [1, _SIDE])}, outputs, constants)
        return bytes(model.SerializeToString())

    return build


def _bytes() -> bytes:
    """Sixteen million weights of a byte each, which a careless check would widen to eight."""
    node = helper.make_node("MatMulInteger", ["x", "w"], ["y"])
    constants = {"w": np.full((4_096, 4_096), -3, np.int8)}
    model = build_model(
        [node], {"x": (_U8, [1, 4_096])}, {"y": (TensorProto.INT32, None)}, constants
    )
    return bytes(model.SerializeToString())


def _many_constants() -> bytes:
    model = build_plain()
    for index in range(20_000):
        model.graph.initializer.append(helper.make_tensor(f"c{index}", _F, [1], [0.0]))
    return bytes(model.SerializeToString())


def _repeat(number: int, count: int) -> Builder:
    """Empty messages in the graph: two bytes each here, a hundred in a parser."""

    def build() -> bytes:
        body = wrap_field(number, b"") * count
        return b"\x08\x0a" + encode_varint(7 << 3 | 2) + encode_varint(len(body)) + body

    return build


def _text(size: int) -> Builder:
    def build() -> bytes:
        model = build_plain()
        model.producer_name = "x" * size
        return bytes(model.SerializeToString())

    return build


def _attribute() -> bytes:
    model = build_plain()
    ints = model.graph.node[0].attribute.add(name="axes", type=AttributeProto.INTS)
    ints.ints.extend([1] * 5_000_000)
    return bytes(model.SerializeToString())


def _deep_tree() -> bytes:
    """A chain of 3,000 branches, which the runtime would build by recursion."""
    count = 3_001
    nodes = list(range(2 * count - 1))  # branches, then leaves
    branch, leaf = count - 1, count
    node = helper.make_node(
        "TreeEnsembleRegressor",
        ["x"],
        ["y"],
        domain="ai.onnx.ml",
        nodes_treeids=[0] * len(nodes),
        nodes_nodeids=nodes,
        nodes_featureids=[0] * len(nodes),
        nodes_values=[0.5] * len(nodes),
        nodes_modes=["BRANCH_LEQ"] * branch + ["LEAF"] * leaf,
        nodes_truenodeids=[branch + index for index in range(branch)] + [0] * leaf,
        nodes_falsenodeids=[*range(1, branch), len(nodes) - 1] + [0] * leaf,
        target_treeids=[0] * leaf,
        target_nodeids=nodes[branch:],
        target_ids=[0] * leaf,
        target_weights=[1.0] * leaf,
        n_targets=1,
    )
    model = build_model([node], {"x": (_F, [1, 4])}, {"y": (_F, [1, 1])})
    model.opset_import.append(helper.make_opsetid("ai.onnx.ml", 3))
    return bytes(model.SerializeToString())


BULK: Mapping[str, tuple[Builder, str]] = {
    "a million small operators": (_repeat(1, 1_000_000), "protobuf fields"),
    "30 million empty operators": (_repeat(1, 30_000_000), "protobuf fields"),
    "30 million empty initialisers": (_repeat(5, 30_000_000), "protobuf fields"),
    "100,000 empty initialisers": (_repeat(5, 100_000), "not an ONNX model"),
    "20,000 initialisers": (_many_constants, "at most"),
    "64 MiB of weights": (_weights(4), "at most"),
    "16 million weights of a byte": (_bytes, ""),
    "48 MiB of weights": (_weights(3), ""),
    "70 MB file": (_text(70_000_000), "at most"),
    "60 MB of text": (_text(60_000_000), "at most"),
    "attribute of 5 million numbers": (_attribute, "protobuf fields"),
    "tree 3,000 deep": (_deep_tree, "deeper"),
}
