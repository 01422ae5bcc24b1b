"""Rules of operators that treat each element on its own, move it, choose it or sum it.

| operands        | exact when                                                    | rule       |
|-----------------|---------------------------------------------------------------|------------|
| any             | always: nothing is rounded                                    | move       |
| float32         | each element is rounded once                                  | round      |
| float32         | NaN is excluded: vector units order it differently            | order      |
| integers        | the result cannot leave its type                              | arithmetic |
| other floats    | never: not measured on every instruction set                  |            |
"""

from precompiles.models.graph import Node
from precompiles.models.ranges.arithmetic import may_hold, measure_least
from precompiles.models.ranges.facts import Facts
from precompiles.models.ranges.interval import HALF, Interval, get_type_range
from precompiles.models.rules.verdict import Verdict, accept, pin, refuse
from precompiles.tensor import DType

_HALVED = {"Max": None, "Min": None, "Clip": None, "Sign": 1, "ReduceMax": 1, "ReduceMin": 1}
_EXACT = 1 << 53  # float64 holds every integer up to here
_MANTISSA = Interval(-(1 << 24), 1 << 24)  # integers that float32 holds


def judge_move(node: Node, facts: Facts) -> Verdict:
    if not node.row.exact:
        return pin(node)
    if node.row.exact == "integers" and facts.holds_floats(node):
        return pin(node, f"float operand {_find_float(node, facts)}", "use integers")
    return accept(node)


def judge_round(node: Node, facts: Facts) -> Verdict:
    return accept(node) if facts.is_single(node) else _pin_width(node, facts)


def judge_order(node: Node, facts: Facts) -> Verdict:
    if node.operator == "TopK" and not facts.read_integer(node, "sorted", 1):
        return pin(node, "unsorted results have no stated order", "set attribute 'sorted' to 1")
    if node.operator == "MaxPool" and len(node.outputs) > 1 and node.outputs[1]:
        return pin(node, "runtimes number a maximum of equal elements differently", "drop Indices")
    dtype = facts.get_kind(node, 0).dtype
    if dtype is DType.INT64 and node.operator in _HALVED:
        return _judge_halves(node, facts)
    if not dtype.is_float:
        return accept(node)
    if not facts.is_single(node):
        return _pin_width(node, facts)
    for index, name in enumerate(node.inputs):
        operand = facts.find_kind(node, index)
        if operand is not None and operand.dtype.is_float and name not in facts.bounds:
            return pin(node, f"'{name}' may hold NaN, which vector units order differently")
    return accept(node)


def _judge_halves(node: Node, facts: Facts) -> Verdict:
    """x86 runtimes compare int64 by halves, the lower one as if it were signed.

    max(2^31, 50) is then 50, and right again in the last odd element.
    """
    names = [name for name in node.inputs[: _HALVED[node.operator]] if name]
    for name in names:
        bound = facts.bounds[name]
        if not bound.is_within(HALF):
            return pin(
                node,
                f"'{name}' may be {bound}; x86 runtimes compare int64 wrongly beyond 32 bits",
                "divide or cast to int32 before it, or compare (Greater) and choose (Where)",
            )
    return accept(node, "int64 within 32 bits")


def judge_arithmetic(node: Node, facts: Facts) -> Verdict:
    if facts.holds_floats(node):
        return judge_round(node, facts)
    return _judge_overflow(node, facts)


def judge_sum(node: Node, facts: Facts) -> Verdict:
    if not facts.holds_floats(node):
        return judge_total(node, facts)
    if node.operator == "Sum" and len(node.inputs) <= 2:
        return judge_round(node, facts)
    return pin(node, f"float sum of {_find_float(node, facts)}: its order follows the vector width")


def judge_total(node: Node, facts: Facts) -> Verdict:
    """Integer totals: some runtimes add them in float64, so they stay below 2^53 as well."""
    total = facts.unwrapped.get(node.outputs[0]) or Interval(0, 0)
    if node.outputs[0] in facts.graph.values or node.operator == "CumSum":
        return _judge_overflow(node, facts)
    kind = facts.get_result(node)
    whole = get_type_range(kind.dtype)
    assert whole is not None, "an integer type has a range"
    if total.magnitude <= min(whole.high, _EXACT):
        return accept(node, "integers in range")
    return pin(node, f"{kind} may add up to {total}; exact is what fits the type and 2^53")


def judge_division(node: Node, facts: Facts) -> Verdict:
    """Refused if it could stop the process: onnxruntime divides without looking."""
    dividend, divisor = facts.find_bound(node, 0), facts.find_bound(node, 1)
    if facts.get_result(node).dtype.is_float:
        if node.operator == "Mod" and not facts.read_integer(node, "fmod", 0):
            return refuse(node, "Mod of floats needs fmod", "set attribute 'fmod' to 1")
        if node.operator == "Mod" or not facts.is_single(node):
            return pin(node, f"float operand {_find_float(node, facts)}", "use integers")
        value = facts.find_value(node, 1)
        if (value is None and divisor is None) or not measure_least(
            value, divisor or Interval(0, 0)
        ):
            return pin(
                node,
                f"the divisor '{node.inputs[1]}' may be zero, whose sign differs on ARM",
                "divide by a constant, or by integers cast to float32",
            )
        return accept(node)
    whole = get_type_range(facts.get_result(node).dtype)
    assert dividend is not None, "an integer dividend has an interval"
    assert divisor is not None, "an integer divisor has an interval"
    assert whole is not None, "an integer type has a range"
    value = facts.find_value(node, 1)
    if may_hold(0, divisor, value):
        return refuse(node, f"the divisor '{node.inputs[1]}' ({divisor}) may be zero")
    if whole.low in dividend and may_hold(-1, divisor, value) and whole.low < 0:
        return refuse(
            node,
            f"'{node.inputs[0]}' may be {whole.low} and '{node.inputs[1]}' may be -1, which stops "
            "the process",
            "clamp the divisor to positive values, or the dividend above its lowest (Clip)",
        )
    if node.operator == "Mod" and facts.read_integer(node, "fmod", 0):
        return pin(node, "fmod of integers is computed in float", "leave 'fmod' out")
    return accept(node, "integers by a divisor that cannot be zero")


def judge_shift(node: Node, facts: Facts) -> Verdict:
    amount, kind = facts.find_bound(node, 1), facts.get_result(node)
    assert amount is not None, "an integer tensor has an interval"
    if amount.high >= 8 * kind.dtype.size_bytes:
        return pin(node, f"shifts {kind.dtype.name.lower()} by {amount}, undefined in C++")
    return accept(node)


def judge_cast(node: Node, facts: Facts) -> Verdict:
    source, target = facts.get_kind(node, 0).dtype, facts.get_result(node).dtype
    bound, label = facts.find_bound(node, 0), f"{source.name.lower()} to {target.name.lower()}"
    if source is target:
        return accept(node, "copies")
    if not source.is_float and not target.is_float:
        return accept(node, "between integers, wraps alike everywhere")
    if target is DType.FLOAT32 and not source.is_float:
        if bound is not None and bound.is_within(_MANTISSA):
            return accept(node, "integers up to 2^24 are float32 numbers")
        return pin(node, f"{label}: {bound} does not fit the 24 bits of float32")
    if source is DType.FLOAT32 and target in (DType.FLOAT64, DType.BOOL):
        return accept(node, f"{label} rounds nothing")
    if source is DType.FLOAT32 and not target.is_float:
        if facts.fits(bound, target):
            return accept(node, f"{label}: {bound} fits, cut towards zero")
        found = "NaN or any size" if bound is None else str(bound)
        return pin(node, f"{label}: the operand may be {found}; what does not fit differs on ARM")
    return pin(node, f"{label}: not measured on every instruction set", "use float32 or integers")


def _judge_overflow(node: Node, facts: Facts) -> Verdict:
    overflow = facts.find_overflow(node)
    if overflow is None:
        return accept(node, "integers in range")
    kind = facts.get_result(node)
    return pin(node, f"{kind} may reach {overflow} and overflow")


def _pin_width(node: Node, facts: Facts) -> Verdict:
    return pin(
        node,
        f"{_find_float(node, facts)}: only float32 was measured on every instruction set",
        "use float32 or integers",
    )


def _find_float(node: Node, facts: Facts) -> str:
    kinds = [kind for kind in facts.list_kinds(node) if kind.dtype.is_float]
    wide = [kind for kind in kinds if kind.dtype is not DType.FLOAT32]
    return str((wide or kinds)[0])
