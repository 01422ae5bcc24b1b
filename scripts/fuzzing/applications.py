"""Applications: a small one of every admitted operator, for kernel, range and fuzz tests."""

from typing import Any

import numpy as np
import numpy.typing as npt
from onnx import numpy_helper

from fuzzing.application import Application, Array


def _c(*values: float) -> Array:
    return np.array(values)


_UNARY = (
    "Abs Acos Acosh Asin Asinh Atan Atanh BitwiseNot Ceil Celu Cos Cosh Elu Erf Exp Floor Gelu "
    "HardSigmoid HardSwish Hardmax Identity IsInf IsNaN LeakyRelu Log LogSoftmax LpNormalization "
    "Mish Neg Not Reciprocal Relu Round Selu Shape Shrink Sigmoid Sign Sin Sinh Size Softmax "
    "Softplus Softsign Sqrt Tan Tanh ThresholdedRelu Flatten"
)
_BINARY = (
    "Add And BitwiseAnd BitwiseOr BitwiseXor Equal Greater GreaterOrEqual Less LessOrEqual Mul Or "
    "PRelu Pow Sub Xor Max Min Mean Sum"
)
_REDUCTIONS = (
    "ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd "
    "ReduceSum ReduceSumSquare"
)
_M, _V, _S = (2, 3), (3,), ()
_IMAGE = (1, 2, 4, 4)
_ONE = np.array(1)

_TREES: dict[str, Any] = {
    "nodes_treeids": [0, 0, 0, 1, 1, 1],
    "nodes_nodeids": [0, 1, 2, 0, 1, 2],
    "nodes_featureids": [0, 0, 0, 2, 0, 0],
    "nodes_values": [0.5, 0.0, 0.0, 1.5, 0.0, 0.0],
    "nodes_modes": ["BRANCH_LEQ", "LEAF", "LEAF"] * 2,
    "nodes_truenodeids": [1, 0, 0, 1, 0, 0],
    "nodes_falsenodeids": [2, 0, 0, 2, 0, 0],
}

_BRANCHES: dict[str, Any] = {
    "tree_roots": [0, 1],
    "nodes_modes": numpy_helper.from_array(np.array([0, 6, 3], np.uint8)),
    "nodes_featureids": [0, 2, 1],
    "nodes_truenodeids": [0, 2, 1],
    "nodes_trueleafs": [1, 0, 1],
    "nodes_falsenodeids": [1, 2, 2],
    "nodes_falseleafs": [1, 1, 1],
    "nodes_missing_value_tracks_true": [0, 1, 0],
    "leaf_targetids": [0, 1, 0],
    "n_targets": 2,
}


def _fill(dtype: npt.DTypeLike) -> dict[str, Any]:
    """What of TreeEnsemble has the type of the input."""
    values = {
        "nodes_splits": [0.5, np.nan, 1.5],
        "leaf_weights": [1.0, 2.0, -0.25],
        "membership_values": [1.0, 3.0, np.nan],
    }
    return {name: numpy_helper.from_array(np.array(v, dtype)) for name, v in values.items()}


def _leaves(prefix: str) -> dict[str, Any]:
    return {
        f"{prefix}_treeids": [0, 0, 1, 1],
        f"{prefix}_nodeids": [1, 2, 1, 2],
        f"{prefix}_ids": [0, 1, 0, 1],
        f"{prefix}_weights": [1.0, 2.0, 0.25, -3.0],
    }


APPLICATIONS: tuple[Application, ...] = (
    *(Application(name, (_M,)) for name in _UNARY.split()),
    *(Application(name, (_M, _V)) for name in _BINARY.split()),
    *(Application(name, (_M,), {"keepdims": 0}) for name in _REDUCTIONS.split()),
    *(Application(name, (_M, _c(1)), {"keepdims": 1}) for name in _REDUCTIONS.split()),
    *(Application(n, (_M,), {"axis": 1, "keepdims": 0}) for n in ("ArgMax", "ArgMin")),
    Application("Attention", ((1, 2, 3, 4), (1, 2, 5, 4), (1, 2, 5, 4))),
    Application("AveragePool", (_IMAGE,), {"kernel_shape": [2, 2], "strides": [2, 2]}),
    Application("BatchNormalization", (_IMAGE, _c(1, 1), _c(0, 1), _c(0, 0), _c(1, 2))),
    *(Application("BitShift", (_M, _c(1, 2, 3)), {"direction": d}) for d in ("LEFT", "RIGHT")),
    *(
        Application(f"{n}Window", (np.array(5),), {"output_datatype": "$T2"})
        for n in ("Blackman", "Hamming", "Hann")
    ),
    Application("Cast", (_M,), {"to": "$T2"}),
    Application("CastLike", (_M, _S)),
    Application("CenterCropPad", (_M, _c(3, 2))),
    Application("Clip", (_M, _ONE, np.array(5))),
    Application("Clip", (_M, None, np.array(5))),
    Application("Col2Im", ((1, 4, 4), _c(4, 4), _c(2, 2)), {"strides": [2, 2]}),
    Application("Concat", (_M, _M), {"axis": 1}),
    Application("ConstantOfShape", (_c(2, 3),)),
    Application("Conv", (_IMAGE, np.ones((3, 2, 3, 3)), _c(1, 2, 3)), {"pads": [1, 1, 1, 1]}),
    Application("ConvInteger", (_IMAGE, np.ones((3, 2, 3, 3)), _ONE, _ONE)),
    Application("ConvTranspose", (_IMAGE, np.ones((2, 3, 3, 3)))),
    Application("CumSum", (_M, np.array(1))),
    Application("DFT", ((1, 4, 2),)),
    Application("DeformConv", (_IMAGE, np.ones((1, 2, 2, 2)), (1, 8, 3, 3))),
    Application("DepthToSpace", ((1, 4, 2, 2),), {"blocksize": 2}),
    Application("DequantizeLinear", (_M, np.array(0.5), np.array(0))),
    Application("DequantizeLinear", (_M, _c(0.5, 0.5, 1)), {"axis": 1}),
    Application("Det", ((2, 3, 3),)),
    Application("Div", (_M, _c(1, 2, 3))),
    Application("Dropout", (_M,)),
    Application("DynamicQuantizeLinear", (_V,), outputs=3),
    Application("Einsum", (_M, (3, 2)), {"equation": "ij,jk->ik"}),
    Application("Expand", (_V, _c(2, 3))),
    Application("EyeLike", ((3, 3),), {"dtype": "$T2"}),
    *(
        Application(n, ((3, 1, 2), np.ones((1, 12, 2)), np.ones((1, 12, 3))), {"hidden_size": 3}, 2)
        for n in ("LSTM",)
    ),
    Application("GRU", ((3, 1, 2), np.ones((1, 9, 2)), np.ones((1, 9, 3))), {"hidden_size": 3}, 2),
    Application("RNN", ((3, 1, 2), np.ones((1, 3, 2)), np.ones((1, 3, 3))), {"hidden_size": 3}, 2),
    Application("Gather", (_M, _c(0, 2)), {"axis": 1}),
    Application("GatherElements", (_M, np.array([[0, 2], [1, 0]])), {"axis": 1}),
    Application("GatherND", (_M, np.array([[0, 2], [1, 0]]))),
    Application("Gemm", (_M, np.ones((3, 2)), _c(1, 2))),
    *(Application(n, (_IMAGE,)) for n in ("GlobalAveragePool", "GlobalLpPool", "GlobalMaxPool")),
    Application("GridSample", (_IMAGE, (1, 3, 3, 2))),
    Application("GroupNormalization", (_IMAGE, _c(1, 2), _c(1, 2)), {"num_groups": 1}),
    Application("InstanceNormalization", (_IMAGE, _c(1, 2), _c(1, 2))),
    Application("LRN", (_IMAGE,), {"size": 3}),
    Application("LayerNormalization", (_M, _c(1, 1, 1))),
    Application("LpPool", (_IMAGE,), {"kernel_shape": [2, 2]}),
    Application("MatMul", (_M, np.ones((3, 2)))),
    Application("MatMul", (_M, (3, 2))),
    Application("MatMulInteger", (_M, np.ones((3, 2)), _ONE, _ONE)),
    Application("MaxPool", (_IMAGE,), {"kernel_shape": [2, 2]}),
    Application("MaxPool", (_IMAGE,), {"kernel_shape": [2, 2]}, 2),
    Application(
        "MaxUnpool",
        ((1, 1, 2, 2), np.array([[[[0, 3], [8, 10]]]])),
        {"kernel_shape": [2, 2], "strides": [2, 2]},
    ),
    Application("MeanVarianceNormalization", (_IMAGE,)),
    Application(
        "MelWeightMatrix",
        tuple(np.array(v) for v in (4, 8, 8000, 0, 4000)),
        {"output_datatype": "$T3"},
    ),
    Application("Mod", (_M, _c(1, 2, 3))),
    Application("Mod", (_M, _c(1, 2, 3)), {"fmod": 1}),
    Application("OneHot", (_V, np.array(4), _c(0, 1))),
    Application("Pad", (_M, _c(0, 1, 1, 0), np.array(1))),
    Application("Pad", (_M, _c(0, 1, 1, 0)), {"mode": "reflect"}),
    Application(
        "QLinearConv",
        (
            _IMAGE,
            np.array(0.5),
            _ONE,
            np.ones((3, 2, 3, 3)),
            np.array(0.5),
            np.array(0),
            np.array(0.5),
            _ONE,
            _c(1, 2, 3),
        ),
    ),
    Application(
        "QLinearMatMul",
        (_M, np.array(0.5), _ONE, np.ones((3, 2)), np.array(0.5), np.array(0), np.array(0.5), _ONE),
    ),
    Application("QuantizeLinear", (_M, np.array(0.5), np.array(0))),
    Application("QuantizeLinear", (_M, _c(0.5, 0.5, 1), _c(0, 0, 1)), {"axis": 1}),
    Application("RMSNormalization", (_M, _c(1, 1, 1))),
    Application("Range", (np.array(0), np.array(5), np.array(2))),
    Application("Reshape", (_M, _c(3, -1))),
    Application("Resize", (_IMAGE, None, _c(1, 1, 2, 2))),
    Application("Resize", (_IMAGE, None, None, _c(1, 2, 3, 3)), {"mode": "linear"}),
    Application("Resize", (_IMAGE, None, _c(1, 1, 2, 2)), {"mode": "cubic"}),
    Application("ReverseSequence", ((3, 2), _c(1, 3))),
    Application("RotaryEmbedding", ((1, 2, 3, 4), np.ones((1, 3, 2)), np.ones((1, 3, 2)))),
    Application("ScatterElements", (_M, np.array([[0, 2], [1, 0]]), (2, 2)), {"axis": 1}),
    Application(
        "ScatterElements", (_M, np.array([[0, 2], [1, 0]]), (2, 2)), {"axis": 1, "reduction": "add"}
    ),
    Application("ScatterND", (_M, np.array([[0, 2], [1, 0]]), (2,))),
    *(
        Application(name, (_M, np.array([[0, 2], [1, 0]]), shape), {"reduction": reduction})
        for name, shape in (("ScatterElements", (2, 2)), ("ScatterND", (2,)))
        for reduction in ("add", "mul", "max", "min")
    ),
    Application("Slice", (_M, _c(1), _c(3), _c(1), _c(1))),
    Application("SpaceToDepth", ((1, 1, 4, 4),), {"blocksize": 2}),
    Application("Split", ((4, 3), _c(1, 3)), {"axis": 0}, 2),
    Application("Squeeze", ((1, 3), _c(0))),
    Application("Swish", (_M,), {"alpha": 1.5}),
    Application("TensorScatter", ((2, 4, 3), (2, 2, 3), _c(0, 2))),
    Application("TensorScatter", ((2, 4, 3), (2, 2, 3), _c(3, 4)), {"mode": "circular"}),
    Application("TensorScatter", ((2, 4, 3), (2, 4, 2)), {"axis": 2}),
    Application("Tile", (_M, _c(1, 2))),
    Application("TopK", (_M, _c(2)), outputs=2),
    Application("Transpose", (_M,), {"perm": [1, 0]}),
    Application("Trilu", ((3, 3), np.array(0))),
    Application("Unsqueeze", (_M, _c(0))),
    Application("Where", (_M, _M, _M)),
    Application(
        "TreeEnsembleRegressor",
        ((1, 3),),
        {**_TREES, **_leaves("target"), "n_targets": 2},
        domain="ai.onnx.ml",
    ),
    Application(
        "TreeEnsembleClassifier",
        ((1, 3),),
        {**_TREES, **_leaves("class"), "classlabels_int64s": [7, 9, 11]},
        2,
        domain="ai.onnx.ml",
    ),
    *(
        Application("TreeEnsemble", ((5, 3),), {**_BRANCHES, **_fill(kind)}, domain="ai.onnx.ml")
        for kind in (np.float32, np.float64)
    ),
)
