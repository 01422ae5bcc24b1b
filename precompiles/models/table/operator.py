"""Operator: one row of the table, and how rows that share everything but the name are written."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum
from functools import cache

from precompiles.models.manifest import Profile
from precompiles.tensor import DType


class Rule(Enum):
    """Which function of `rules/` judges a use."""

    MOVE = "move"
    ARITHMETIC = "arithmetic"
    DIVIDE = "divide"
    ORDER = "order"
    SHIFT = "shift"
    SUM = "sum"
    CAST = "cast"
    QUANTISE = "quantise"
    PRODUCT = "product"
    NARROW = "narrow product"
    INDEX = "index"
    ROUND = "round"
    FLOAT = "float"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Operator:
    """One row; a use is judged by its rule, and refused if its element types are not listed."""

    rule: Rule
    types: str  # choices, slot by slot, such as "u8/i8 u8/u8"
    exact: str  # when a use is exact; empty if never
    why: str
    remedy: str = ""
    slots: tuple[str, ...] = ("i0",)  # what `types` speaks of: i0 is input 0, o0 output 0
    macs: int = 0  # what one element takes: 100 multiply-adds are as long as a nanosecond
    domain: str = ""
    name: str = ""

    @property
    def best(self) -> Profile | None:
        """Profile of the best use; None if every use is refused."""
        if self.rule is Rule.REFUSED:
            return None
        return Profile.EXACT if self.exact else Profile.PINNED

    @property
    def choices(self) -> frozenset[tuple[DType, ...]]:
        """Admitted element types, one for each slot."""
        return _parse_types(self.types)


SHORT: dict[str, DType] = {
    "f16": DType.FLOAT16,
    "f32": DType.FLOAT32,
    "f64": DType.FLOAT64,
    "u8": DType.UINT8,
    "i8": DType.INT8,
    "u16": DType.UINT16,
    "i16": DType.INT16,
    "i32": DType.INT32,
    "i64": DType.INT64,
    "u32": DType.UINT32,
    "u64": DType.UINT64,
    "b": DType.BOOL,
}

INTEGERS = "u8 i8 u16 i16 i32 i64 u32 u64"
NUMBERS = "f32 f64 f16 " + INTEGERS
ANY = NUMBERS + " b"
FLOATS = "f32 f64 f16"
SINGLE = "f32 f16"
IEEE = "one IEEE 754 rounding of each element"
ORDER_OF_SUM = "a float sum: its order follows the vector width"


@cache
def _parse_types(types: str) -> frozenset[tuple[DType, ...]]:
    return frozenset(tuple(SHORT[word] for word in choice.split("/")) for choice in types.split())


def share(names: str, row: Operator) -> Iterator[Operator]:
    """The row once for each name."""
    for name in names.split():
        yield replace(row, name=name)
