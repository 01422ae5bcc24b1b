"""Curves: elementwise functions of one value.

Straight pieces are exact (Relu, Clip, HardSigmoid clamp a sum; LeakyRelu and Abs are the larger of
two sums); every other function is a table of 256 entries, and functions of functions share one.
"""

import math
from collections.abc import Callable, Mapping

import numpy as np

from precompiles.models.graph import Node
from precompiles.quantization.arithmetic import apply_affine
from precompiles.quantization.grid import Span
from precompiles.quantization.linear import Floats
from precompiles.quantization.lowering import Lowering, Result, read_float, read_text
from precompiles.quantization.refusal import Unsupported
from precompiles.quantization.value import Clamped, Constant, Curved, Value

_erf = np.vectorize(math.erf, otypes=[np.float64])


def _sigmoid(values: Floats) -> Floats:
    return 1 / (1 + np.exp(-values))


def _softplus(values: Floats) -> Floats:
    return np.logaddexp(0, values)


_PLAIN: Mapping[str, Callable[[Floats], Floats]] = {
    "Sigmoid": _sigmoid,
    "Tanh": np.tanh,
    "Exp": np.exp,
    "Log": np.log,
    "Erf": _erf,
    "Sqrt": np.sqrt,
    "Reciprocal": np.reciprocal,
    "Softplus": _softplus,
    "Softsign": lambda values: values / (1 + np.abs(values)),
    "HardSwish": lambda values: values * np.clip(values / 6 + 0.5, 0, 1),
    "Mish": lambda values: values * np.tanh(_softplus(values)),
    "Sin": np.sin,
    "Cos": np.cos,
}
CURVES = (*_PLAIN, "Gelu", "Elu", "Selu", "Celu")


def lower_curve(lowering: Lowering, operation: Node) -> tuple[Result, ...]:
    """Any function of `CURVES`."""
    return (_bend(lowering, operation, _read_function(operation)),)


def lower_power(lowering: Lowering, operation: Node) -> tuple[Result, ...]:
    """Pow to a constant scalar."""
    exponent = lowering.constant(operation.inputs[1], "exponent")
    if exponent.size != 1:
        raise Unsupported("has an exponent per element; supported for one exponent")
    power = float(exponent.item())
    return (_bend(lowering, operation, lambda values: np.power(values, power)),)


def lower_relu(lowering: Lowering, operation: Node) -> tuple[Result, ...]:
    """Relu."""
    source = lowering.operand(operation.inputs[0])
    return (_clamp(lowering, operation.outputs[0], source, Span(0.0, math.inf)),)


def lower_clip(lowering: Lowering, operation: Node) -> tuple[Result, ...]:
    """Clip to constant bounds."""
    limits = [-math.inf, math.inf]
    for index, name in enumerate(operation.inputs[1:3]):
        if name:
            limits[index] = float(lowering.constant(name, "bound").item())
    source = lowering.operand(operation.inputs[0])
    return (_clamp(lowering, operation.outputs[0], source, Span(*limits)),)


def lower_hard_sigmoid(lowering: Lowering, operation: Node) -> tuple[Result, ...]:
    """HardSigmoid: a straight line kept in 0..1."""
    slope = np.asarray(read_float(operation, "alpha", 0.2))
    start = np.asarray(read_float(operation, "beta", 0.5))
    output = operation.outputs[0]
    line = apply_affine(lowering, output, lowering.operand(operation.inputs[0]), slope, start)
    return (_clamp(lowering, output, line, Span(0.0, 1.0)),)


def lower_leaky_relu(lowering: Lowering, operation: Node) -> tuple[Result, ...]:
    """LeakyRelu and PRelu: the larger of x and slope * x."""
    if operation.operator == "PRelu":
        slope = lowering.constant(operation.inputs[1], "slope").astype(np.float64)
    else:
        slope = np.asarray(read_float(operation, "alpha", 0.01))
    if not bool((slope <= 1).all()):
        raise Unsupported("has a slope above 1; supported up to 1")
    return (_take_larger(lowering, operation, slope),)


def lower_absolute(lowering: Lowering, operation: Node) -> tuple[Result, ...]:
    """Abs: the larger of x and -x."""
    return (_take_larger(lowering, operation, np.asarray(-1.0)),)


def lower_extreme_of(lowering: Lowering, operation: Node) -> tuple[Result, ...]:
    """Max, Min: a clamp if one side is a constant number."""
    graph, output = lowering.graph, operation.outputs[0]
    operator = operation.operator
    sources = [lowering.operand(name) for name in operation.inputs]
    numbers = [s for s in sources if isinstance(s, Constant) and s.values.size == 1]
    others = [s for s in sources if s not in numbers]
    if len(others) == 1 and others[0].shape == lowering.shape(output):
        limits = [float(number.values.item()) for number in numbers]
        if operator == "Max":
            span = Span(max(limits, default=-math.inf), math.inf)
        else:
            span = Span(-math.inf, min(limits, default=math.inf))
        return (_clamp(lowering, output, others[0], span),)
    return (
        lowering.monotone(
            output, sources, lambda names: graph.emit(operator, names, output), moves=False
        ),
    )


def _bend(lowering: Lowering, operation: Node, function: Callable[[Floats], Floats]) -> Value:
    output = operation.outputs[0]
    curve = lowering.operand(operation.inputs[0]).curve.then(function, straight=False)
    return Curved(lowering.graph, output, lowering.span(output), curve)


def _clamp(lowering: Lowering, output: str, source: Value, limits: Span) -> Value:
    span = lowering.span(output)
    if source.curve.straight:
        return Clamped(lowering.graph, output, span, source, limits)
    curve = source.curve.then(
        lambda values: np.clip(values, limits.low, limits.high), straight=False
    )
    return Curved(lowering.graph, output, span, curve)


def _take_larger(lowering: Lowering, operation: Node, slope: Floats) -> Value:
    graph, output = lowering.graph, operation.outputs[0]
    source = lowering.operand(operation.inputs[0])
    if not source.curve.straight and slope.size == 1:
        factor = float(slope.item())
        return _bend(lowering, operation, lambda values: np.maximum(values, factor * values))
    scaled = apply_affine(lowering, output, source, slope, np.zeros(()))
    return lowering.monotone(
        output, [source, scaled], lambda names: graph.emit("Max", names, output), moves=False
    )


def _read_function(operation: Node) -> Callable[[Floats], Floats]:
    """The real function of one operator with its attributes."""
    operator = operation.operator
    if operator in _PLAIN:
        return _PLAIN[operator]
    if operator == "Gelu" and read_text(operation, "approximate", "none") == "tanh":
        return lambda x: x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))) / 2
    if operator == "Gelu":
        return lambda x: x * (1 + _erf(x / math.sqrt(2))) / 2
    alpha = read_float(operation, "alpha", 1.6732632423543772 if operator == "Selu" else 1.0)
    gamma = read_float(operation, "gamma", 1.0507009873554805 if operator == "Selu" else 1.0)
    rate = 1 / alpha if operator == "Celu" else 1.0
    return lambda x: gamma * np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0) * rate))
