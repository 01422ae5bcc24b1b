"""Rows of float operators: safe, but their bits follow the instruction set or the version."""

from dataclasses import replace

from precompiles.models.table.operator import (
    FLOATS,
    INTEGERS,
    NUMBERS,
    ORDER_OF_SUM,
    SINGLE,
    Operator,
    Rule,
    share,
)

_LIBM = "approximated; differs between instruction sets and versions"
_QUANTISE = "quantise the model ('devnet model quantize')"
_LOOKUP = "look it up in a constant table (Gather)"
_CONSTANT = "store it as a constant"
_WINDOWS = "f32 f64 " + INTEGERS
_POW = " ".join(
    f"{base}/{power}"
    for base in ("f32", "f64", "i32", "i64")
    for power in ("f32", "f64", "i32", "i64")
)
_TREES = Operator(
    *(Rule.FLOAT, "f32", ""),
    "a float sum over trees, in an order that follows the number of rows; what runtimes score or "
    "label differently is refused",
    remedy="compare and choose in integers (Greater, Where)",
    domain="ai.onnx.ml",
)

FLOATING: tuple[Operator, ...] = (
    *share(
        "Erf Gelu HardSigmoid HardSwish LeakyRelu PRelu Softsign Swish ThresholdedRelu",
        Operator(Rule.FLOAT, SINGLE, "", _LIBM, remedy=_LOOKUP, macs=50),
    ),
    *share(
        "Acos Asin Atan Cos Elu Selu",
        Operator(Rule.FLOAT, SINGLE, "", _LIBM, remedy=_LOOKUP, macs=250),
    ),
    *share(
        "Acosh Asinh Atanh Cosh Mish Sinh Softplus Tan",
        Operator(Rule.FLOAT, SINGLE, "", _LIBM, remedy=_LOOKUP, macs=2_500),
    ),
    *share(
        "Exp Log Sigmoid Sin Tanh",
        Operator(Rule.FLOAT, FLOATS, "", _LIBM, remedy=_LOOKUP, macs=200),
    ),
    *share("Celu", Operator(Rule.FLOAT, "f32", "", _LIBM, remedy=_LOOKUP, macs=250)),
    *share("Reciprocal", Operator(Rule.FLOAT, FLOATS, "", "ARM estimates it", remedy="use Div")),
    *share(
        "Pow",
        Operator(Rule.FLOAT, _POW, "", _LIBM, remedy="use Mul", slots=("i0", "i1"), macs=1_500),
    ),
    *share(
        "Shrink",
        Operator(Rule.FLOAT, NUMBERS, "", "computes in float", remedy="use Where", macs=150),
    ),
    *share("Mean", Operator(Rule.FLOAT, SINGLE, "", ORDER_OF_SUM, remedy="use Add, then Div")),
    *share(
        "LogSoftmax Softmax",
        Operator(
            *(Rule.FLOAT, FLOATS, "", ORDER_OF_SUM),
            remedy="leave it out where only the largest score counts",
            macs=50,
        ),
    ),
    *share(
        "ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMean",
        Operator(
            *(Rule.FLOAT, "f32 f64 f16 i32 i64", "", ORDER_OF_SUM),
            remedy="use ReduceSum on integers, then Div",
            macs=400,
        ),
    ),
    *share(
        "Conv ConvTranspose",
        Operator(
            *(Rule.FLOAT, SINGLE, "", ORDER_OF_SUM),
            remedy="use ConvInteger on 8-bit operands ('devnet model quantize')",
        ),
    ),
    *share(
        "AveragePool GlobalAveragePool",
        Operator(
            *(Rule.FLOAT, SINGLE, "", ORDER_OF_SUM),
            remedy="use ReduceSum or ConvInteger on integers, then Div",
        ),
    ),
    *share(
        "Col2Im Det GRU InstanceNormalization LRN LSTM LpPool RNN",
        Operator(Rule.FLOAT, SINGLE, "", ORDER_OF_SUM, remedy=_QUANTISE, macs=50),
    ),
    *share(
        "GroupNormalization LayerNormalization LpNormalization RMSNormalization",
        Operator(Rule.FLOAT, FLOATS, "", ORDER_OF_SUM, remedy=_QUANTISE, macs=100),
    ),
    *share(
        "MeanVarianceNormalization",
        Operator(Rule.FLOAT, "f32", "", ORDER_OF_SUM, remedy=_QUANTISE, macs=100),
    ),
    *share(
        "BatchNormalization",
        Operator(
            *(Rule.FLOAT, "f32/f32/f32 f64/f64/f64 f16/f16/f16", "", "fused on some hosts"),
            remedy="fold it into the product before it",
            slots=("i0", "i1", "i3"),
            macs=20,
        ),
    ),
    *share(
        "Attention",
        Operator(
            *(Rule.FLOAT, "f32/f32/f32 f16/f16/f16", "", ORDER_OF_SUM),
            remedy=_QUANTISE,
            slots=("i0", "i1", "i2"),
        ),
    ),
    *share(
        "RotaryEmbedding",
        Operator(
            *(Rule.INDEX, SINGLE, ""),
            "fused on some hosts; a position outside the cache is refused",
            remedy="make the positions constant, or clamp them in int32 (Clip) and cast back",
            macs=50,
        ),
    ),
    *share(
        "Resize",
        Operator(
            *(Rule.FLOAT, "f32 f16 u8 i8 i32", ""),
            "its coordinates are floats, fused on some hosts",
            remedy="enlarge by whole factors with Expand and Reshape",
        ),
    ),
    *share(
        "GridSample",
        Operator(
            *(Rule.FLOAT, "f32/f32 f32/f16 f16/f32 f16/f16", ""),
            "its coordinates are floats, fused on some hosts",
            remedy=_QUANTISE,
            slots=("i0", "i1"),
        ),
    ),
    *share("DFT", Operator(Rule.FLOAT, FLOATS, "", ORDER_OF_SUM, remedy=_QUANTISE)),
    *share(
        "BlackmanWindow HammingWindow HannWindow",
        Operator(
            *(Rule.FLOAT, _WINDOWS, "", _LIBM),
            remedy=_CONSTANT,
            slots=("o0",),
            macs=2_500,
        ),
    ),
    *share(
        "MelWeightMatrix",
        Operator(
            *(Rule.FLOAT, " ".join(f"{word}/f32" for word in _WINDOWS.split()), "", _LIBM),
            remedy=_CONSTANT,
            slots=("o0", "i3"),
            macs=2_500,
        ),
    ),
    *share("TreeEnsembleClassifier TreeEnsembleRegressor", _TREES),
    *share("TreeEnsemble", replace(_TREES, types="f32 f64")),
)
