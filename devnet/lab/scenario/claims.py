"""What an agreement rule makes of one inference: every validator's own output as a claim."""

from collections.abc import Mapping

import numpy as np

from devnet.chain.block import Inference
from devnet.consensus.rules.rule import AgreementRule, Claim, Count
from devnet.lab.scenario.rule import FRACTION_BITS
from precompiles.digest import compute_keccak
from precompiles.engine.canonical import to_array
from precompiles.engine.trace import Suspect
from precompiles.tensor import Tensor, encode_tensors

Members = Mapping[bytes, tuple[int, Suspect]]  # by address: power and engine


def count_claims(rule: AgreementRule, inference: Inference, members: Members) -> Count:
    """Ask every engine again and count by the rule; the block's output is the proposed one."""
    call = inference.call
    proposed = _claim(b"", 0, call.outputs)
    claims = [
        _claim(address, power, engine.run(call.manifest, call.inputs))
        for address, (power, engine) in members.items()
    ]
    return rule.count(claims, proposed, sum(power for power, _ in members.values()))


def _claim(address: bytes, power: int, outputs: tuple[Tensor, ...]) -> Claim:
    digest = compute_keccak(encode_tensors(list(outputs)))
    elements = tuple(element for tensor in outputs for element in _to_fixed_point(tensor))
    return Claim(address, power, digest, elements)


def _to_fixed_point(tensor: Tensor) -> tuple[int, ...]:
    values = to_array(tensor).reshape(-1)
    if not tensor.dtype.is_float:
        return tuple(int(value) << FRACTION_BITS for value in values)
    scaled = np.rint(np.nan_to_num(values.astype(np.float64)) * 2.0**FRACTION_BITS)
    return tuple(int(value) for value in scaled)
