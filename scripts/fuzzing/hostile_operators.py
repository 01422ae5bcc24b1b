"""Hostile operators: operands and attributes that would stop a run, or make it differ by host."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from onnx import TensorProto, helper

from fuzzing.spoiling import Builder, build_model, build_one, integers

_F, _I32, _I64 = TensorProto.FLOAT, TensorProto.INT32, TensorProto.INT64


def _tree(**changes: Any) -> Builder:
    attributes: dict[str, Any] = {
        "nodes_treeids": [0, 0, 0],
        "nodes_nodeids": [0, 1, 2],
        "nodes_featureids": [0, 0, 0],
        "nodes_values": [0.5, 0.0, 0.0],
        "nodes_modes": ["BRANCH_LEQ", "LEAF", "LEAF"],
        "nodes_truenodeids": [1, 0, 0],
        "nodes_falsenodeids": [2, 0, 0],
        "target_treeids": [0, 0],
        "target_nodeids": [1, 2],
        "target_ids": [0, 0],
        "target_weights": [1.0, 2.0],
        "n_targets": 1,
    } | changes

    def build() -> bytes:
        node = helper.make_node(
            "TreeEnsembleRegressor", ["x"], ["y"], domain="ai.onnx.ml", **attributes
        )
        model = build_model([node], {"x": (_F, [1, 4])}, {"y": (_F, [1, 1])})
        model.opset_import.append(helper.make_opsetid("ai.onnx.ml", 3))
        return bytes(model.SerializeToString())

    return build


def _rows() -> bytes:
    """Two rows quantised by one scale."""
    node = helper.make_node("DynamicQuantizeLinear", ["x"], ["y", "s", "z"])
    outputs = {"y": (TensorProto.UINT8, None), "s": (_F, None), "z": (TensorProto.UINT8, None)}
    model = build_model([node], {"x": (_F, [2, 4])}, outputs)
    return bytes(model.SerializeToString())


_IMAGE = (_F, [1, 1, 8, 8])
_KERNEL = np.ones((1, 1, 3, 3), np.float32)
_INTEGERS = (_I64, [4])
OPERATORS: Mapping[str, tuple[Builder, str]] = {
    "division by a constant 0": (
        build_one("Div", {1: np.int64(0)}, _INTEGERS, _I64),
        "may be zero",
    ),
    "division by an input": (build_one("Div", None, _INTEGERS, _I64, 2), "may be zero"),
    "lowest integer by -1": (
        build_one("Div", {1: np.int64(-1)}, _INTEGERS, _I64),
        "stops the process",
    ),
    "remainder by a constant 0": (
        build_one("Mod", {1: np.int64(0)}, _INTEGERS, _I64),
        "may be zero",
    ),
    "remainder of the lowest by -1": (
        build_one("Mod", {1: integers(-1, -1, -1, -1)}, _INTEGERS, _I64),
        "stops the process",
    ),
    "gather outside": (build_one("Gather", {1: integers(9)}, axis=1), "outside"),
    "gather by an input": (
        build_one("Gather", {0: np.ones(4, np.float32)}, _INTEGERS, _F, 2),
        "outside",
    ),
    "scatter outside": (
        build_one(
            "ScatterElements", {1: np.array([[1 << 40]], np.int64), 2: np.ones((1, 1), np.float32)}
        ),
        "outside",
    ),
    "scatter tuples outside": (
        build_one("ScatterND", {1: np.array([[0, -9]], np.int64), 2: np.ones(1, np.float32)}),
        "outside",
    ),
    "random normal": (build_one("RandomNormalLike", dtype=_F), "random"),
    "random uniform with a seed": (build_one("RandomUniformLike", dtype=_F, seed=1.0), "random"),
    "bernoulli": (build_one("Bernoulli"), "random"),
    "multinomial": (build_one("Multinomial", output=_I32), "random"),
    "dropout in training": (
        build_one("Dropout", {1: np.float32(0.5), 2: np.array(True)}),
        "training_mode",
    ),
    "batch norm in training": (
        build_one(
            "BatchNormalization",
            {index: np.ones(4, np.float32) for index in range(1, 5)},
            training_mode=1,
        ),
        "training_mode",
    ),
    "sequence": (build_one("SequenceConstruct"), "sequences"),
    "optional": (build_one("Optional"), "optional"),
    "text": (
        build_one("StringConcat", None, (TensorProto.STRING, [4]), TensorProto.STRING, 2),
        "text",
    ),
    "non-zero": (build_one("NonZero", output=_I64), "depends on the data"),
    "unique": (build_one("Unique"), "depends on the data"),
    "compress": (build_one("Compress", {1: np.array([True])}), "depends on the data"),
    "regions": (build_one("RoiAlign", None, _IMAGE, _F, 3), "regions"),
    "reshape by an input": (
        build_one("Reshape", {0: np.ones(4, np.float32)}, _INTEGERS, _F, 2),
        "data",
    ),
    "reshape to -1 beside 0": (
        build_one("Reshape", {1: integers(-1, 0, 0)}, (_F, [0, 4])),
        "dynamic",
    ),
    "reshape to two -1": (build_one("Reshape", {1: integers(-1, -1)}), ""),
    "reshape to other elements": (build_one("Reshape", {1: integers(5, 5)}), "elements"),
    "slice with step 0": (
        build_one("Slice", {1: integers(0), 2: integers(1), 3: integers(0), 4: integers(0)}),
        "",
    ),
    "split into negative parts": (
        build_one("Split", {1: integers(-1, 5)}, outputs=2, axis=1),
        "",
    ),
    "stride 0": (build_one("Conv", {1: _KERNEL}, _IMAGE, strides=[0, 0]), "strides"),
    "dilation 0": (build_one("Conv", {1: _KERNEL}, _IMAGE, dilations=[0, 0]), "dilations"),
    "group 0": (build_one("Conv", {1: _KERNEL}, _IMAGE, group=0), "group"),
    "padding below zero": (build_one("Conv", {1: _KERNEL}, _IMAGE, pads=[-9, -9, -9, -9]), "pads"),
    "pool of padding alone": (
        build_one("MaxPool", None, _IMAGE, kernel_shape=[2, 2], pads=[9, 9, 9, 9]),
        "pad 9",
    ),
    "block size 0": (build_one("DepthToSpace", None, _IMAGE, blocksize=0), "blocksize"),
    "block size below zero": (build_one("SpaceToDepth", None, _IMAGE, blocksize=-1), "blocksize"),
    "permutation with repeats": (build_one("Transpose", perm=[0, 0]), ""),
    "axis 1000": (build_one("Softmax", axis=1000), "axis"),
    "unknown mode": (build_one("Resize", {2: np.ones(4, np.float32)}, _IMAGE, mode="evil"), "mode"),
    "top 10 of 4": (build_one("TopK", {1: integers(10)}, outputs=2), ""),
    "equation of 26 letters": (
        build_one("Einsum", equation="abcdefghijklmnopqrstuvwxyz->a"),
        "equation",
    ),
    "rows quantised together": (_rows, "rows"),
    "product of float64": (
        build_one("MatMul", None, (TensorProto.DOUBLE, [4, 4]), TensorProto.DOUBLE, 2),
        "float64",
    ),
    "operator of a later opset": (build_one("Swish", opset=23), "not in opset"),
    "operator nobody knows": (build_one("RunShell"), "not in opset"),
    "scale 0": (
        build_one(
            "QuantizeLinear",
            {1: np.float32(0), 2: np.uint8(0)},
            output=TensorProto.UINT8,
        ),
        "",
    ),
    "tree that is a cycle": (
        _tree(nodes_modes=["BRANCH_LEQ", "BRANCH_LEQ", "LEAF"], nodes_truenodeids=[1, 0, 0]),
        "",
    ),
    "tree with a branch to nowhere": (_tree(nodes_truenodeids=[99, 0, 0]), "lacks"),
    "tree that reads outside": (_tree(nodes_featureids=[1 << 20, 0, 0]), "features outside"),
    "tree with short lists": (_tree(nodes_values=[0.5]), "nodes_values"),
    "tree that scores outside": (_tree(target_ids=[0, 9]), "target_ids"),
}
