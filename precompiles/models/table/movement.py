"""Rows of operators that move, choose or compare, and those that address elements by index."""

from dataclasses import replace

from precompiles.models.table.operator import (
    ANY,
    FLOATS,
    INTEGERS,
    NUMBERS,
    SINGLE,
    Operator,
    Rule,
    share,
)

_KNOWN = "known before the run"
_CHOOSES = "chooses; vector units order NaN differently"
_ORDERED = "integers, int64 within 32 bits; or float32 that cannot be NaN"
_HALVES = (
    "chooses; x86 runtimes compare int64 by halves and wrongly beyond 32 bits; vector units order "
    "NaN differently"
)
_FROM_INTEGERS = "compute the operand from integers, which excludes NaN"
_REMEDY = f"divide or cast to int32 first; {_FROM_INTEGERS}"
_PADDED = "f32 f64 f16 u8 i8 i32 i64 u32 u64 b"
_EYE = " ".join(
    f"{source}/{target}"
    for source in ("f32", "f64", "i32", "i64", "u64")
    for target in ("f32", "f64", "i32", "i64", "u64")
)

MOVEMENT: tuple[Operator, ...] = (
    *share(
        "Identity Reshape Flatten Squeeze Unsqueeze Concat Slice Split Expand Tile",
        Operator(Rule.MOVE, ANY, "always", "moves data, computes nothing"),
    ),
    *share(
        "Transpose",
        Operator(Rule.MOVE, ANY, "always", "moves data, computes nothing", macs=300),
    ),
    *share("Shape Size", Operator(Rule.MOVE, ANY, "always", _KNOWN)),
    *share("Constant ConstantOfShape", Operator(Rule.MOVE, ANY, "always", _KNOWN, slots=("o0",))),
    *share("Range", Operator(Rule.MOVE, "f32 f64 i32 i64", "integers", _KNOWN)),
    *share("EyeLike", Operator(Rule.MOVE, _EYE, "always", _KNOWN, slots=("i0", "o0"))),
    *share("DepthToSpace", Operator(Rule.MOVE, "f32 f64 f16 u8", "always", "moves data")),
    *share("SpaceToDepth", Operator(Rule.MOVE, FLOATS, "always", "moves data")),
    *share("Trilu", Operator(Rule.MOVE, "f32 f64 f16 i64 b", "always", "moves data")),
    *share("Pad", Operator(Rule.MOVE, _PADDED, "always", "moves data")),
    *share(
        "CenterCropPad",
        Operator(
            *(Rule.MOVE, " ".join(f"{word}/i64" for word in _PADDED.split()), ""),
            "the runtime writes it out in other operators",
            remedy="use Slice and Pad",
            slots=("i0", "i1"),
        ),
    ),
    *share("Dropout", Operator(Rule.MOVE, FLOATS, "always", "copies, outside of training")),
    *share(
        "Where",
        Operator(Rule.MOVE, "f32 f64 f16 u8 i32 i64", "always", "chooses", slots=("i1",)),
    ),
    *share(
        "Greater GreaterOrEqual Less LessOrEqual",
        Operator(Rule.MOVE, NUMBERS, "always", "compares"),
    ),
    *share("Equal", Operator(Rule.MOVE, ANY, "always", "compares")),
    *share("And Or Xor Not", Operator(Rule.MOVE, "b", "always", "logic")),
    *share(
        "BitwiseAnd BitwiseOr BitwiseXor BitwiseNot",
        Operator(Rule.MOVE, INTEGERS, "always", "logic"),
    ),
    *share("IsNaN IsInf", Operator(Rule.MOVE, FLOATS, "always", "looks at one element")),
    *share(
        "Max Min Clip",
        Operator(
            *(Rule.ORDER, "f32 f64 f16 u8 i8 i32 i64 u32 u64"),
            _ORDERED,
            _HALVES,
            remedy=_REMEDY,
        ),
    ),
    *share(
        "Relu",
        Operator(
            *(Rule.ORDER, "f32 f64 f16 i8 i32"),
            "integers, or float32 that cannot be NaN",
            "chooses; -0.0 becomes 0.0 on ARM only, which no exact operator and no output shows",
            remedy=_FROM_INTEGERS,
        ),
    ),
    *share(
        "Sign",
        Operator(Rule.ORDER, NUMBERS, _ORDERED, _HALVES, remedy=_REMEDY),
    ),
    *share(
        "ReduceMax ReduceMin",
        Operator(
            *(Rule.ORDER, "f32 f64 f16 u8 i8 i32 i64"),
            _ORDERED,
            _HALVES,
            remedy=_REMEDY,
        ),
    ),
    *share(
        "ArgMax ArgMin",
        Operator(
            *(Rule.ORDER, "f32 f64 f16 u8 i8 i32 i64"),
            "integers, or float32 that cannot be NaN",
            f"{_CHOOSES}; the first on a tie",
            remedy=_FROM_INTEGERS,
        ),
    ),
    *share(
        "TopK",
        Operator(
            *(Rule.ORDER, "f32 f64 f16 u8 i8 i16 i32 i64"),
            "sorted; integers, or float32 that cannot be NaN",
            f"{_CHOOSES}; the first on a tie; unsorted results have no stated order",
            remedy=_FROM_INTEGERS,
            macs=5_000,
        ),
    ),
    *share(
        "MaxPool",
        Operator(
            *(Rule.ORDER, "f32 f64 f16 u8 i8"),
            "Indices unused; integers, or float32 that cannot be NaN",
            _CHOOSES,
            remedy=_FROM_INTEGERS,
        ),
    ),
    *share(
        "GlobalMaxPool Hardmax",
        Operator(Rule.FLOAT, SINGLE, "", _CHOOSES, remedy="use MaxPool, ArgMax or OneHot"),
    ),
)

_GATHER = Operator(
    *(Rule.INDEX, ANY, "always"),
    "moves data; an index outside the axis stops the run on every host, so it is refused",
    remedy="cast the index to int32 and clamp it to the axis (Clip), or make it a constant",
)
INDEXED: tuple[Operator, ...] = (
    *share("Gather GatherElements", _GATHER),
    *share("GatherND", replace(_GATHER, macs=700)),
    *share(
        "ScatterElements ScatterND",
        Operator(
            *(Rule.INDEX, ANY, "constant distinct indices, reduction none"),
            "moves data; equal indices are written in no stated order; one outside is refused",
            remedy="make the indices constant and distinct",
            macs=1_000,
        ),
    ),
    *share(
        "OneHot",
        Operator(
            Rule.INDEX,
            "i64/i64/f32 i64/i64/f16 i64/i64/i64 i64/i32/f32 i64/i32/f16 i32/i32/f32 i32/i32/f16 "
            "f32/i64/i64",
            "integer indices",
            "chooses; an index outside the depth gives no one",
            slots=("i0", "i1", "i2"),
            remedy="cast the indices to int64 while they are integers",
        ),
    ),
    *share(
        "TensorScatter",
        Operator(
            *(Rule.INDEX, ANY, "always"),
            "moves data; a write index outside the cache stops the run, so it is refused",
            remedy="make write_indices constant, or clamp them in int32 (Clip) and cast back",
            macs=700,
        ),
    ),
    *share(
        "ReverseSequence",
        Operator(
            *(Rule.INDEX, ANY, "always"),
            "moves data; a length outside the axis stops the run, so it is refused",
            remedy="make the lengths constant, or clamp them in int32 (Clip)",
            macs=700,
        ),
    ),
    *share(
        "MaxUnpool",
        Operator(
            *(Rule.INDEX, SINGLE, ""),
            "writes by index; an index outside is refused",
            remedy="make the indices constant, or clamp them in int32 (Clip)",
        ),
    ),
)
