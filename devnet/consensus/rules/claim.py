"""A claim from the outputs of one inference: digest, and elements in integers of fixed point.

Elements are converted exactly and rounded once, in integers: the same claim on every host.
"""

from collections.abc import Sequence
from math import isfinite, isnan

from devnet.consensus.rules.rule import Claim
from precompiles.digest import compute_keccak
from precompiles.engine.canonical import to_array
from precompiles.tensor import Tensor, encode_tensors

FRACTION_BITS = 20  # of elements as rules see them
_NOT_FINITE = 1 << 1_200  # beyond any float64 in fixed point


def build_claim(outputs: Sequence[Tensor], validator: bytes = b"", power: int = 1) -> Claim:
    """What a validator says an inference gives; all outputs in declared order, row by row."""
    digest = compute_keccak(encode_tensors(list(outputs)))
    elements = tuple(element for tensor in outputs for element in _to_fixed_point(tensor))
    return Claim(validator, power, digest, elements)


def _to_fixed_point(tensor: Tensor) -> tuple[int, ...]:
    values = to_array(tensor).reshape(-1).tolist()
    if not tensor.dtype.is_float:
        return tuple(int(value) << FRACTION_BITS for value in values)
    return tuple(map(_round, values))


def _round(value: float) -> int:
    """The nearest multiple of 2^-20; infinities and NaN are far from all others."""
    if isnan(value):
        return 2 * _NOT_FINITE
    if not isfinite(value):
        return _NOT_FINITE if value > 0 else -_NOT_FINITE
    numerator, denominator = value.as_integer_ratio()
    return ((numerator << FRACTION_BITS + 1) // denominator + 1) >> 1
