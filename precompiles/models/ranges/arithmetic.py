"""Ranges of what is computed: element by element, over axes, in bits, between types."""

import math
from collections.abc import Callable
from fractions import Fraction

import numpy as np

from precompiles.models.graph import Array, Node
from precompiles.models.naming import for_each
from precompiles.models.ranges.facts import Facts, Transfer
from precompiles.models.ranges.interval import BIT, Interval, get_type_range, round_outward
from precompiles.models.ranges.product import bound_product, bound_shifted
from precompiles.tensor import DType

_SIGN = Interval(-1, 1)


def _fold(combine: Callable[[Interval, Interval], Interval]) -> Transfer:
    """Over all operands; each step is rounded if they are floats."""

    def transfer(node: Node, facts: Facts) -> Interval | None:
        rounds = facts.get_result(node).dtype.is_float
        first, *rest = facts.list_bounds(node)
        folded = first
        for bound in rest:
            if folded is None or bound is None:
                return None
            folded = combine(folded, bound)
            if rounds:
                folded = round_outward(folded)
        return folded

    return transfer


def _divide(node: Node, facts: Facts) -> Interval | None:
    left, right = facts.find_bound(node, 0), facts.find_bound(node, 1)
    if left is None or right is None:
        return None
    if facts.get_result(node).dtype.is_float:
        least = measure_least(facts.find_value(node, 1), right)
        if not least:
            return None
        most = math.ceil(left.magnitude / least)
        return round_outward(Interval(-most, most))
    if may_hold(0, right, facts.find_value(node, 1)):
        return None
    if 0 in right:  # a constant with both signs
        return Interval(-left.magnitude, left.magnitude)
    divisors = (right.low, right.high)
    quotients = [_truncate(a, b) for a in (left.low, left.high, 0) for b in divisors]
    if 0 not in left:
        quotients = quotients[:4]
    return Interval(min(quotients), max(quotients))


def may_hold(number: int, bound: Interval, value: Array | None) -> bool:
    """The number may be an element; of a known tensor every element is looked at."""
    return number in bound if value is None else bool((value == number).any())


def measure_least(value: Array | None, bound: Interval) -> Fraction:
    """Least magnitude of a float operand; 0 if it may be zero."""
    if value is not None:
        return Fraction(float(np.abs(value).min())) if value.size else Fraction(0)
    return Fraction(0 if 0 in bound else min(abs(bound.low), abs(bound.high)))


def _truncate(dividend: int, divisor: int) -> int:
    quotient = abs(dividend) // abs(divisor)
    return quotient if (dividend < 0) == (divisor < 0) else -quotient


def _modulo(node: Node, facts: Facts) -> Interval | None:
    right = facts.find_bound(node, 1)
    if right is None or facts.get_result(node).dtype.is_float:
        return None
    most = max(right.magnitude - 1, 0)
    if facts.read_integer(node, "fmod", 0):
        return Interval(-most, most)
    return Interval(-most if right.low < 0 else 0, most if right.high > 0 else 0)


def _shrink_to_zero(node: Node, facts: Facts) -> Interval | None:
    bound = facts.find_bound(node, 0)
    return None if bound is None else Interval(max(bound.low, 0), max(bound.high, 0))


def _unary(apply: Callable[[Interval], Interval]) -> Transfer:
    def transfer(node: Node, facts: Facts) -> Interval | None:
        bound = facts.find_bound(node, 0)
        return None if bound is None else apply(bound)

    return transfer


def _root(node: Node, facts: Facts) -> Interval | None:
    bound = facts.find_bound(node, 0)
    if bound is None or bound.low < 0:
        return None
    return Interval(0, math.isqrt(bound.high) + 1)


def _count(node: Node, facts: Facts) -> int:
    """Elements that one reduced element takes."""
    size = math.prod(facts.get_kind(node, 0).shape)
    return -(-size // max(math.prod(facts.get_result(node).shape), 1))


def _sum(node: Node, facts: Facts) -> Interval | None:
    bound = facts.find_bound(node, 0)
    if bound is None or facts.get_result(node).dtype.is_float:
        return None
    return bound.scale(_count(node, facts))


def _sum_of_squares(node: Node, facts: Facts) -> Interval | None:
    bound = facts.find_bound(node, 0)
    if bound is None or facts.get_result(node).dtype.is_float:
        return None
    return Interval(0, bound.magnitude**2).scale(_count(node, facts))


def _product_of_all(node: Node, facts: Facts) -> Interval | None:
    bound, count = facts.find_bound(node, 0), _count(node, facts)
    if bound is None or facts.get_result(node).dtype.is_float:
        return None
    if bound.magnitude <= 1:
        return bound.join(BIT) if bound.low >= 0 else _SIGN
    if count > 64:
        return Interval(-(1 << 64), 1 << 64)
    most = bound.magnitude**count
    return Interval(0 if bound.low >= 0 else -most, most)


def _running_sum(node: Node, facts: Facts) -> Interval | None:
    bound = facts.find_bound(node, 0)
    if bound is None or facts.get_result(node).dtype.is_float:
        return None
    return bound.scale(max((*facts.get_kind(node, 0).shape, 1)))


def _cast(node: Node, facts: Facts) -> Interval | None:
    bound, target = facts.find_bound(node, 0), facts.get_result(node).dtype
    whole = get_type_range(target)
    if target is DType.BOOL:
        return BIT
    if whole is None:
        return round_outward(bound) if target is DType.FLOAT32 else None
    return bound if bound is not None and bound.is_within(whole) else whole


def _dequantize(node: Node, facts: Facts) -> Interval | None:
    bound = bound_shifted(node, facts, 0, 2)
    scale = facts.find_bound(node, 1)
    if bound is None or scale is None or facts.get_result(node).dtype is not DType.FLOAT32:
        return None
    if not facts.fits(bound, DType.INT32):  # the difference is taken in int32
        return None
    return round_outward(bound.multiply(scale))


def _mask(node: Node, facts: Facts) -> Interval | None:
    """And: no result is above an operand that is never negative."""
    known = [bound for bound in facts.list_bounds(node) if bound is not None and bound.low >= 0]
    return Interval(0, min(bound.high for bound in known)) if known else None


def _merge(node: Node, facts: Facts) -> Interval | None:
    """Or, exclusive or: no bit above the highest of the operands."""
    bounds = facts.list_bounds(node)
    if any(bound is None or bound.low < 0 for bound in bounds):
        return None
    most = max(bound.high for bound in bounds if bound is not None)
    return Interval(0, (1 << most.bit_length()) - 1)


def _shift(node: Node, facts: Facts) -> Interval | None:
    data, amount = facts.find_bound(node, 0), facts.find_bound(node, 1)
    if data is None or amount is None or amount.high >= 64:
        return None
    if facts.read_text(node, "direction", "") == "RIGHT":
        return Interval(data.low >> amount.high, data.high >> amount.low)
    return Interval(data.low << amount.low, data.high << amount.high)


ARITHMETIC: dict[str, Transfer] = {
    "Add": _fold(Interval.add),
    "Sum": _fold(Interval.add),
    "Sub": _fold(Interval.subtract),
    "Mul": _fold(Interval.multiply),
    "Div": _divide,
    "Mod": _modulo,
    "Relu": _shrink_to_zero,
    "Neg": _unary(Interval.negate),
    "Abs": _unary(Interval.absolute),
    "Sign": lambda node, facts: _SIGN if facts.find_bound(node, 0) is not None else None,
    **for_each("Floor Ceil Round", _unary(lambda bound: bound)),
    "Sqrt": _root,
    "ReduceSum": _sum,
    "ReduceSumSquare": _sum_of_squares,
    "ReduceProd": _product_of_all,
    "CumSum": _running_sum,
    **for_each("Cast CastLike", _cast),
    "DequantizeLinear": _dequantize,
    **for_each("MatMul MatMulInteger ConvInteger Einsum", bound_product),
    "BitwiseAnd": _mask,
    **for_each("BitwiseOr BitwiseXor", _merge),
    "BitShift": _shift,
}
