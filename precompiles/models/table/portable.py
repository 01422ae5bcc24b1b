"""What the portable evaluator computes: formula, why its bits cannot differ, error bound.

One row for operators that share all three. `engine/portable` has a rule for every name here.
"""

from dataclasses import dataclass

from precompiles.models.table.operator import FLOATS, SINGLE

_ROUNDED = (
    "the correctly rounded sum is a function of the operands alone: float64 BLAS in any order "
    "gives an interval, and a sum whose interval holds two float32 numbers is added exactly (of "
    "operands over 2^36 apart: but for what is below 2^-60 of the largest product)"
)
_STEPS = "float64 + - * / sqrt one array at a time, each rounded by IEEE 754; nothing is fused"
_TREE = f"one fixed tree of float64 additions; {_STEPS}"
_ORDER = "compares integers whose order is that of the floats: -0 below +0, NaN above all"
_IEEE = "one operation of IEEE 754"
_HALF, _NEAR, _NONE = "0.5", "0.5 + 2^-25", "0"


@dataclass(frozen=True, slots=True)
class Formula:
    """One row; `types` are the float types it covers."""

    names: tuple[str, ...]
    types: str
    formula: str
    why: str
    ulp: str  # bound of our error, in units in the last place of the result
    runtime: int | None  # ulp of the largest result that the runtime may differ; None: equal bits


def _row(names: str, types: str, formula: str, why: str, ulp: str, runtime: int | None) -> Formula:
    return Formula(tuple(names.split()), types, formula, why, ulp, runtime)


PORTABLE: tuple[Formula, ...] = (
    _row(
        "Abs Add Ceil Div Floor Mod Mul Neg Round Sign Sub",
        *(FLOATS, "the operation, in the type of the operands", _IEEE, _HALF, 1),
    ),
    _row("Sqrt Reciprocal", SINGLE, "in float64, rounded once", _STEPS, _HALF, 256),
    _row("Sum Mean", SINGLE, "added in float64, first to last; rounded once", _STEPS, _HALF, 8),
    _row(
        "MatMul Gemm Einsum",
        *(SINGLE, "sum of products, with the bias if alpha = beta = 1", _ROUNDED),
        "0.5 (2 if alpha or beta is not 1)",
        64,
    ),
    _row(
        "Conv ConvTranspose",
        *(SINGLE, "filters by unrolled windows, with the bias", _ROUNDED, _HALF, 64),
    ),
    _row(
        "ArgMax ArgMin Clip GlobalMaxPool Hardmax Max MaxPool Min ReduceMax ReduceMin Relu TopK",
        *(FLOATS, "chooses; first on a tie", _ORDER, _NONE, None),
    ),
    _row(
        "AveragePool GlobalAveragePool LpPool",
        *(SINGLE, "sum over the window, divided", _TREE, _NEAR, 64),
    ),
    _row(
        "ReduceL1 ReduceL2 ReduceMean ReduceProd ReduceSum ReduceSumSquare CumSum",
        *(SINGLE, "in float64 by a fixed tree; CumSum from one end", _TREE),
        "0.5 + 2^-24 of the sum of magnitudes",
        64,
    ),
    _row(
        "ReduceLogSum ReduceLogSumExp",
        *(SINGLE, "log of the sum, exponents from the largest on", _TREE, "1", 256),
    ),
    _row(
        "Exp",
        *(SINGLE, "2^n times a Taylor polynomial of x - n ln 2", _STEPS, _NEAR, 64),
    ),
    _row("Log", SINGLE, "k ln 2 + 2 atanh((m - 1) / (m + 1)), a series", _STEPS, _NEAR, 64),
    _row("Sigmoid", SINGLE, "1 / (1 + exp(-x)), or e / (1 + e) below zero", _STEPS, _NEAR, 64),
    _row("Softplus", SINGLE, "max(x, 0) + log1p(exp(-abs(x)))", _STEPS, _NEAR, 64),
    _row("Tanh Sinh Cosh", SINGLE, "from exp(x) - 1, itself a series", _STEPS, _NEAR, 64),
    _row("Asinh Acosh Atanh", SINGLE, "from log(1 + u), itself a series", _STEPS, _NEAR, 256),
    _row(
        "Erf",
        *(SINGLE, "Maclaurin series below 1, else 1 - exp(-x^2) t Q(t)", _STEPS, _NEAR, 64),
    ),
    _row(
        "Sin Cos Tan",
        *(SINGLE, "pi/2 reduced by a table of 2^e 2/pi, then Taylor", _STEPS, _NEAR, 256),
    ),
    _row("Asin Acos Atan", SINGLE, "atan by a table of atan(k/8) and a series", _STEPS, _NEAR, 64),
    _row(
        "Pow",
        *(SINGLE, "exp(y log x); whole y up to 4 multiplied out", _STEPS, "0.5 + 2^-20", 64),
    ),
    _row(
        "Celu Elu Selu HardSigmoid HardSwish LeakyRelu PRelu Shrink Softsign ThresholdedRelu",
        *(SINGLE, "as ONNX writes it, with exp(x) - 1 where it does", _STEPS, _NEAR, 64),
    ),
    _row("Gelu", SINGLE, "x times the normal distribution, by erf", _STEPS, "0.5 + 2^-20", 64),
    _row("Swish", SINGLE, "x sigmoid(alpha x), as for Sigmoid", _STEPS, _NEAR, 64),
    _row("Mish", SINGLE, "x e (e + 2) / (e (e + 2) + 2), e = exp(x)", _STEPS, _NEAR, 64),
    _row(
        "Softmax LogSoftmax",
        *(SINGLE, "exp(x - largest) by its sum; log of the sum off", _TREE, "0.5 + 2^-20", 256),
    ),
    _row(
        "BatchNormalization",
        *(SINGLE, "(x - mean) (scale / sqrt(variance + epsilon)) + bias", _STEPS, "1", 64),
    ),
    _row(
        "GroupNormalization InstanceNormalization LayerNormalization LpNormalization "
        "MeanVarianceNormalization RMSNormalization LRN",
        *(SINGLE, "mean and variance in float64, about the mean", _TREE),
        "0.5 + 2^-20 of scale and bias",
        128,
    ),
    _row(
        "Attention",
        *(SINGLE, "scores, softmax, weighted sum: rounded three times", f"{_ROUNDED}; {_TREE}"),
        "4",
        256,
    ),
    _row("RotaryEmbedding", SINGLE, "x cos - y sin, in float64", _STEPS, _NEAR, 64),
    _row(
        "GRU LSTM RNN",
        *(SINGLE, "gates are rounded sums; states are rounded at every step", _ROUNDED),
        "4 a step",
        1024,
    ),
    _row(
        "Resize",
        *(SINGLE, "axis by axis, weights from sizes alone; nearest chooses", _STEPS, _HALF, 1024),
    ),
    _row(
        "TreeEnsembleClassifier TreeEnsembleRegressor",
        *("f32", "float32 comparisons; leaves added in float64, tree by tree", _STEPS, "1", 64),
    ),
    _row(
        "TreeEnsemble",
        *("f32 f64", "comparisons as they are; leaves added in float64, tree by tree", _STEPS),
        "1 (float64: 0.5 a tree)",
        64,
    ),
    _row(
        "Cast CastLike",
        *(FLOATS, "nearest, ties to even; to integers toward zero, saturating", _IEEE, _HALF, None),
    ),
    _row(
        "DequantizeLinear DynamicQuantizeLinear QuantizeLinear",
        *(SINGLE, "difference, quotient and product in float32, ties to even", _IEEE, "1", 1),
    ),
)


def find_formula(name: str) -> Formula | None:
    """The row that covers an operator's floats."""
    return next((row for row in PORTABLE if name in row.names), None)


def read_bound(row: Formula) -> float:
    """The bound as a number, where it is a sum of numbers and powers of two."""
    total = 0.0
    for term in row.ulp.split(" + "):
        base, power, exponent = term.partition("^")
        total += float(base) ** float(exponent) if power else float(base)
    return total
