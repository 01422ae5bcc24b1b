"""Rules of matrix products, convolutions and (de)quantisation.

x86 with AVX2 and no VNNI multiplies unsigned by signed bytes in pairs and adds each pair in 16
bits, saturating: exact only if u (|w1| + |w2|) <= 32767 for any two weights of one sum.
"""

import numpy as np

from precompiles.models.graph import Array, Node
from precompiles.models.ranges.facts import Facts
from precompiles.models.ranges.interval import Interval
from precompiles.models.ranges.product import bound_product, bound_shifted, iterate_blocks
from precompiles.models.rules.elementwise import judge_round, judge_total
from precompiles.models.rules.verdict import Verdict, accept, pin
from precompiles.tensor import DType

_PAIR_MAX = 32_767  # of two products added in 16 bits
_ZERO_POINT = 2  # operand of all four products: what an image is padded with
_OPERANDS = {"MatMulInteger": (0, 1), "ConvInteger": (0, 1)}  # moving and weights; else 0 and 3
_SCALES = {"QLinearMatMul": (1, 4, 6), "QLinearConv": (1, 4, 6)}
_ZEROS = {"QLinearMatMul": (2, 5, 7), "QLinearConv": (2, 5, 7)}


def judge_product(node: Node, facts: Facts) -> Verdict:
    """Products of wide integers; floats follow the order of the sum."""
    if facts.holds_floats(node) or not node.row.exact:
        return pin(node)
    if node.operator == "Einsum":
        return judge_total(node, facts)
    overflow = facts.find_overflow(node)
    if overflow is None:
        return accept(node, "integer sums in range")
    return pin(node, f"{facts.get_result(node)} may reach {overflow} and overflow")


def judge_narrow(node: Node, facts: Facts) -> Verdict:
    """Products of bytes, summed in 32 bits."""
    sums = bound_product(node, facts)
    assert sums is not None, f"{node} has byte operands"
    if not facts.fits(sums, DType.INT32):
        return pin(node, f"its sums may reach {sums} and overflow int32", "split the product")
    for index in (*_SCALES.get(node.operator, ()), *_ZEROS.get(node.operator, ())):
        value = facts.find_value(node, index)
        if value is None or not bool((value > 0).all() if index in (1, 4, 6) else True):
            return pin(node, f"'{node.inputs[index]}' is not a constant (scales: positive)")
    if node.operator in _SCALES and not facts.is_single(node):
        return pin(node, "its scales are not float32")
    reason = _find_saturation(node, facts)
    return accept(node, "sums fit int32, pairs fit int16") if reason is None else pin(node, reason)


def judge_quantise(node: Node, facts: Facts) -> Verdict:
    if not facts.is_single(node):
        return judge_round(node, facts)
    scale = facts.find_value(node, 1)
    if scale is None or not bool((scale > 0).all()) or not bool(np.isfinite(scale).all()):
        return pin(node, f"the scale '{node.inputs[1]}' is not a positive constant")
    if facts.find_name(node, 2) and facts.find_value(node, 2) is None:
        return pin(node, f"the zero point '{node.inputs[2]}' is not a constant")
    difference = bound_shifted(node, facts, 0, 2)
    if node.operator == "DequantizeLinear" and not facts.fits(difference, DType.INT32):
        return pin(node, f"the difference to the zero point may be {difference} and overflow")
    if node.operator == "QuantizeLinear" and facts.find_bound(node, 0) is None:
        return pin(node, f"'{node.inputs[0]}' may hold NaN, which becomes another number on ARM")
    return accept(node)


def _find_saturation(node: Node, facts: Facts) -> str | None:
    """Why two products may not fit 16 bits, if they may not."""
    moving, weights = _OPERANDS.get(node.operator, (0, 3))
    first, second = facts.get_kind(node, moving).dtype, facts.get_kind(node, weights).dtype
    swapped = node.operator == "ConvInteger"
    if first is second or (first is DType.INT8 and not swapped):
        return None
    bound = facts.find_bound(node, moving)
    assert bound is not None, "an integer tensor has an interval"
    padding = facts.find_bound(node, _ZERO_POINT) or Interval(0, 0)
    reach = bound.join(padding).magnitude
    pair = _find_largest_pair(node, facts, weights)
    if reach * pair <= _PAIR_MAX:
        return None
    return (
        f"{first.name.lower()} by {second.name.lower()}: two weights of one sum reach {pair} in "
        f"magnitude, and {reach} x {pair} > {_PAIR_MAX} saturates on x86 with AVX2 and no VNNI"
    )


def _find_largest_pair(node: Node, facts: Facts, operand: int) -> int:
    """Largest |w1| + |w2| over any two weights of one sum."""
    value = facts.find_value(node, operand)
    if value is None:
        bound = facts.find_bound(node, operand)
        assert bound is not None, "an integer tensor has an interval"
        return 2 * bound.magnitude
    if "Conv" in node.operator:
        sums = value.reshape(value.shape[0], -1).T  # (k, channels)
    else:
        sums = np.moveaxis(value if value.ndim > 1 else value[:, np.newaxis], -2, 0)  # (k, ...)
    return max(_sum_largest(np.abs(block.astype(np.int16))) for block in iterate_blocks(sums))


def _sum_largest(magnitudes: Array) -> int:
    """The two largest along axis 0, added up; the most over all columns."""
    first = magnitudes.max(axis=0)
    if magnitudes.shape[0] < 2:
        return int(first.max())
    rest = magnitudes.copy()
    np.put_along_axis(rest, magnitudes.argmax(axis=0)[np.newaxis], 0, axis=0)
    return int((first + rest.max(axis=0)).max())
