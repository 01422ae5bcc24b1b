"""Hostile sizes: small files with large results, or with much work."""

from collections.abc import Mapping

import numpy as np
from onnx import TensorProto, helper

from fuzzing.spoiling import (
    Builder,
    build_model,
    build_one,
    build_plain,
    floats,
    integers,
)

_F, _U8, _I64 = TensorProto.FLOAT, TensorProto.UINT8, TensorProto.INT64
_SIDE = 2_048  # of the largest square float matrix


def _doubling() -> bytes:
    nodes = [
        helper.make_node("Concat", [f"t{index}", f"t{index}"], [f"t{index + 1}"], axis=0)
        for index in range(34)
    ]
    nodes[0].input[0] = nodes[0].input[1] = "x"
    model = build_model(nodes, {"x": (_F, [1])}, {"t34": (_F, None)})
    return bytes(model.SerializeToString())


def _chain(operator: str, count: int, side: int) -> Builder:
    """The same operator again and again on a square matrix."""

    def build() -> bytes:
        nodes = [
            helper.make_node(operator, [f"t{index}"], [f"t{index + 1}"]) for index in range(count)
        ]
        nodes[0].input[0] = "x"
        kind = (_F, [side, side])
        model = build_model(nodes, {"x": kind}, {f"t{count}": kind})
        return bytes(model.SerializeToString())

    return build


def _products(count: int) -> Builder:
    def build() -> bytes:
        nodes = [
            helper.make_node("MatMul", [f"t{index}", "x"], [f"t{index + 1}"])
            for index in range(count)
        ]
        nodes[0].input[0] = "x"
        kind = (_F, [_SIDE, _SIDE])
        model = build_model(nodes, {"x": kind}, {f"t{count}": kind})
        return bytes(model.SerializeToString())

    return build


def _wide_product() -> bytes:
    """int64 has no fast kernel: 10^9 multiply-adds take seconds."""
    node = helper.make_node("MatMul", ["x", "x"], ["y"])
    kind = (_I64, [1_400, 1_400])
    return bytes(build_model([node], {"x": kind}, {"y": kind}).SerializeToString())


def _reads() -> bytes:
    """Reductions write four bytes each and read sixteen megabytes."""
    nodes = [
        helper.make_node("ReduceMax", ["x"], [f"y{index}"], keepdims=0) for index in range(4_000)
    ]
    model = build_model(nodes, {"x": (_F, [_SIDE, _SIDE])}, {"y0": (_F, [])})
    return bytes(model.SerializeToString())


def _columns() -> bytes:
    """A small image by a wide kernel: the runtime unrolls it into one column a pixel."""
    node = helper.make_node("ConvInteger", ["x", "w"], ["y"], pads=[31, 31, 31, 31])
    constants = {"w": np.ones((1, 16, 63, 63), np.uint8)}
    model = build_model(
        [node], {"x": (_U8, [1, 16, 64, 64])}, {"y": (TensorProto.INT32, None)}, constants
    )
    return bytes(model.SerializeToString())


def _rank() -> bytes:
    model = build_plain()
    model.graph.input[0].type.tensor_type.shape.dim.extend(
        helper.make_tensor_type_proto(_F, [1] * 100).tensor_type.shape.dim
    )
    return bytes(model.SerializeToString())


def _dims(*dims: int) -> Builder:
    def build() -> bytes:
        model = build_plain()
        model.graph.initializer[0].ClearField("dims")
        model.graph.initializer[0].dims.extend(dims)
        return bytes(model.SerializeToString())

    return build


_IMAGE = (_F, [1, 1, 8, 8])
_NO_ROI = np.zeros(0, np.float32)
SIZES: Mapping[str, tuple[Builder, str]] = {
    "34 doubling concats": (_doubling, "at most"),
    "2e8 constant elements": (build_one("ConstantOfShape", {0: integers(2 * 10**8)}), "at least"),
    "2e8 constant elements beside an input": (
        build_one("Expand", {1: integers(2 * 10**8, 1, 4)}),
        "at most",
    ),
    "10^18 elements": (build_one("Expand", {1: integers(10**9, 10**9, 1)}), "at most"),
    "elements beyond 64 bits": (build_one("Expand", {1: integers(1 << 62, 4)}), "size"),
    "tile by 10^9": (build_one("Tile", {1: integers(1, 10**9)}), "impossible dimension"),
    "tile by 2^62": (build_one("Tile", {1: integers(1, (1 << 62) + 1)}), "size"),
    "resize by 10^6": (
        build_one("Resize", {1: _NO_ROI, 2: floats(1, 1, 1e6, 1e6)}, _IMAGE),
        "",
    ),
    "resize by 10^30": (
        build_one("Resize", {1: _NO_ROI, 2: floats(1, 1, 1, 1e30)}, _IMAGE),
        "scale",
    ),
    "resize by infinity": (
        build_one("Resize", {1: _NO_ROI, 2: floats(1, 1, 1, np.inf)}, _IMAGE),
        "scale",
    ),
    "resize to nothing": (
        build_one("Resize", {1: _NO_ROI, 2: floats(1, 1, 1e-9, 1e-9)}, _IMAGE),
        "",
    ),
    "one-hot of depth 10^9": (
        build_one("OneHot", {1: np.int64(10**9), 2: floats(0, 1)}, (_I64, [4])),
        "at most",
    ),
    "pad by 10^9": (build_one("Pad", {1: integers(0, 10**9, 0, 0)}), "at most"),
    "eye of a far diagonal": (
        build_one("EyeLike", None, (_F, [4, 4]), k=(1 << 31) - 1, dtype=1),
        "diagonal",
    ),
    "range of 10^12": (
        build_one("Range", {0: np.int64(0), 1: np.int64(10**12), 2: np.int64(1)}),
        "",
    ),
    "transposed convolution by far": (
        build_one(
            "ConvTranspose",
            {1: np.ones((1, 1, 3, 3), np.float32)},
            _IMAGE,
            strides=[1 << 20, 1 << 20],
        ),
        "",
    ),
    "transposed convolution by 2^40": (
        build_one(
            "ConvTranspose",
            {1: np.ones((1, 1, 3, 3), np.float32)},
            _IMAGE,
            strides=[1 << 40, 1],
        ),
        "strides",
    ),
    "fold of many columns": (
        build_one("Col2Im", {1: integers(1 << 30, 4), 2: integers(2, 2)}, (_F, [1, 4, 4])),
        "",
    ),
    "dimensions of 2^40 elements": (_dims(1 << 20, 1 << 20), "at most"),
    "dimensions beyond 64 bits": (_dims(1 << 62, 1 << 62), "at most"),
    "negative dimensions": (_dims(-2, -2), "negative"),
    "rank 100": (_rank, "rank"),
    "4000 products of 2048": (_products(4_000), "at most"),
    "wide product of 2.7e9": (_wide_product, "at most"),
    "one product of 2048": (_products(1), ""),
    "4000 exponentials of 16 MiB": (_chain("Exp", 4_000, _SIDE), "at most"),
    "5 exponentials of 16 MiB": (_chain("Exp", 5, _SIDE), ""),
    "1 exponential of 16 MiB": (_chain("Exp", 1, _SIDE), ""),
    "4000 reads of 16 MiB": (_reads, "at most"),
    "unrolled image of 255 MB": (_columns, "at most"),
    "5000 small operators": (_chain("Relu", 5_000, 1), ""),
}
