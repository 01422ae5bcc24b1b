"""Rows of operators that are exact on integers in range, and on floats rounded one by one."""

from dataclasses import replace

from precompiles.models.table.operator import (
    ANY,
    FLOATS,
    IEEE,
    NUMBERS,
    ORDER_OF_SUM,
    Operator,
    Rule,
    share,
)

_SATURATE = (
    "x86 with AVX2 and no VNNI adds pairs of uint8 by int8 products in 16 bits and saturates"
)
_NARROW = "store the weights as uint8 with zero point 128, or in 7 bits (reduce_range)"
_CLAMP = "clamp the operand (Clip), or cast it to a wider type first"
_SUM = f"integers sum alike in any order; {ORDER_OF_SUM}"
_THREADS = "float64 is refused: its bits follow the number of threads"
_INTEGER_PATH = "use MatMulInteger on 8-bit operands ('devnet model quantize')"

_TOTAL = Operator(
    *(Rule.SUM, "f32 f64 f16 i32 i64"),
    "integers whose total fits their type and 2^53",
    f"{_SUM}; some runtimes add integers in float64",
    remedy="cast to int64 first, or clamp the operand (Clip)",
)
_DIVISION = Operator(
    *(Rule.DIVIDE, NUMBERS),
    "integers, or Div of float32 by what cannot be zero",
    "zero, and the lowest integer by -1, stop the process, so they are refused; the sign "
    "of a float zero differs on ARM and shows in a quotient",
    remedy="divide by a constant, or by an int32 clamped to at least 1 (Clip)",
)

ARITHMETIC: tuple[Operator, ...] = (
    *share(
        "Add Sub Mul",
        Operator(
            *(Rule.ARITHMETIC, NUMBERS),
            "float32, or integers that cannot overflow",
            f"{IEEE}; what overflows is no longer the number that was meant",
            remedy="clamp the operands (Clip), use a smaller multiplier or a wider type",
        ),
    ),
    *share(
        "Abs",
        Operator(
            *(Rule.ARITHMETIC, NUMBERS),
            "float32, or integers above the lowest of their type",
            "drops the sign; the lowest integer has no opposite",
            remedy=_CLAMP,
        ),
    ),
    *share(
        "Neg",
        Operator(
            *(Rule.ARITHMETIC, "f32 f64 f16 i8 i16 i32 i64"),
            "float32, or integers above the lowest of their type",
            "turns the sign; the lowest integer has no opposite",
            remedy=_CLAMP,
        ),
    ),
    *share("Div", _DIVISION),
    *share("Mod", replace(_DIVISION, macs=500)),
    *share("Floor Ceil Round", Operator(Rule.ROUND, FLOATS, "float32", IEEE)),
    *share("Sqrt", Operator(Rule.ROUND, FLOATS, "float32", f"{IEEE}, in runtimes since 1.27")),
    *share(
        "BitShift",
        Operator(
            *(Rule.SHIFT, "u8 u32 u64"),
            "every amount is below the width of the type",
            "a larger shift is undefined in C++",
            remedy="shift by a constant, or clamp the amount (Clip)",
        ),
    ),
    *share(
        "Cast CastLike",
        Operator(
            *(Rule.CAST, ANY),
            "between integers (wraps); integers to float32 up to 2^24; float32 to float64 or bool; "
            "float32 to integers that hold its whole range",
            "a float outside the integer type becomes the lowest integer on x86, saturates on ARM",
            remedy="clamp the operand to the range of the type (Clip)",
        ),
    ),
    *share("ReduceSum ReduceSumSquare ReduceProd", _TOTAL),
    *share("CumSum", replace(_TOTAL, macs=600)),
    *share(
        "Sum",
        Operator(
            *(Rule.SUM, FLOATS),
            "float32, at most two operands",
            IEEE,
            remedy="add the operands two by two (Add)",
        ),
    ),
)

PRODUCTS: tuple[Operator, ...] = (
    *share(
        "MatMul",
        Operator(
            *(Rule.PRODUCT, "f32 f16 i32 i64 u32 u64"),
            "integers that cannot overflow",
            f"{_SUM}; {_THREADS}",
            remedy=_INTEGER_PATH,
        ),
    ),
    *share(
        "Einsum",
        Operator(
            *(Rule.PRODUCT, "f32 f16 i32 i64"),
            "integers whose sums fit their type and 2^53",
            f"{_SUM}; some runtimes add integers in float64; {_THREADS}",
            remedy="use Transpose and MatMul on integers",
        ),
    ),
    *share(
        "Gemm",
        Operator(Rule.PRODUCT, "f32 f16", "", f"{ORDER_OF_SUM}; {_THREADS}", remedy=_INTEGER_PATH),
    ),
    *share(
        "MatMulInteger",
        Operator(
            *(Rule.NARROW, "u8/u8 u8/i8 i8/u8 i8/i8"),
            "sums that fit int32; for uint8 by int8, weights below the 16-bit bound",
            f"{_SATURATE} unless 255 (|w1| + |w2|) <= 32767 for any two weights of a column",
            slots=("i0", "i1"),
            remedy=_NARROW,
        ),
    ),
    *share(
        "ConvInteger",
        Operator(
            *(Rule.NARROW, "u8/u8 u8/i8 i8/u8 i8/i8"),
            "sums that fit int32; for mixed types, weights below the 16-bit bound",
            f"{_SATURATE}; the runtime swaps the operands here, so int8 by uint8 saturates too",
            slots=("i0", "i1"),
            remedy="store the weights in the type of the image, or in 7 bits (reduce_range)",
        ),
    ),
    *share(
        "QLinearMatMul",
        Operator(
            *(Rule.NARROW, "u8/u8/u8/f32 u8/i8/u8/f32 i8/i8/i8/f32"),
            "as MatMulInteger, with constant scales and zero points",
            f"{_SATURATE}; rescaled by {IEEE}",
            slots=("i0", "i3", "o0", "i1"),
            remedy=_NARROW,
        ),
    ),
    *share(
        "QLinearConv",
        Operator(
            *(Rule.NARROW, "u8/u8/u8 u8/i8/u8 i8/i8/i8"),
            "as MatMulInteger, with constant scales and zero points",
            f"{_SATURATE}; rescaled by {IEEE}",
            slots=("i0", "i3", "o0"),
            remedy=_NARROW,
        ),
    ),
    *share(
        "DequantizeLinear",
        Operator(
            Rule.QUANTISE,
            "u8/f32 u8/f16 i8/f32 i8/f16 i32/f32 i32/f16 u16/f32 u16/f16 i16/f32 i16/f16",
            "to float32, with a constant scale",
            f"an integer difference, then {IEEE}",
            slots=("i0", "o0"),
            remedy="dequantise to float32 with a constant scale",
        ),
    ),
    *share(
        "QuantizeLinear",
        Operator(
            Rule.QUANTISE,
            " ".join(
                f"{data}/{scale}/{target}"
                for data, scale in (("f32", "f32"), ("f16", "f16"))
                for target in ("u8", "i8", "u16", "i16")
            ),
            "from float32 that cannot be NaN, with a constant positive scale",
            f"{IEEE}, to nearest even, saturates; NaN differs on ARM",
            slots=("i0", "i1", "o0"),
            remedy="quantise outside the model and feed integers",
        ),
    ),
    *share(
        "DynamicQuantizeLinear",
        Operator(
            *(Rule.FLOAT, "f32", ""),
            "its scale follows the extremes of the whole input; more than one row is refused, "
            "because each row would depend on the others",
            remedy="quantise by a constant scale (QuantizeLinear)",
        ),
    ),
)
