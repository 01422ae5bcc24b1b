"""Tolerance with a chosen value: close enough supports; the proposer's value is what is kept.

Closeness is not transitive, so results cannot be grouped: somebody must choose, and the state then
holds the proposer's bits, which nobody else can recompute.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from devnet.consensus.rules.rule import Claim, Count, conclude


@dataclass(frozen=True, slots=True)
class Tolerance:
    """More than two thirds are within a distance of the proposed result, element by element."""

    absolute: int  # in the fixed point of the outputs
    relative_ppm: int = 0  # of the validator's own element, added

    def count(self, claims: Sequence[Claim], proposed: Claim, total: int) -> Count:
        """Dissenters are told the first element that is too far."""
        reasons = [self._find_reason(claim, proposed) for claim in claims]
        return conclude(proposed.digest, claims, reasons, total)

    def _find_reason(self, own: Claim, proposed: Claim) -> str:
        if len(own.output) != len(proposed.output):
            return f"{len(own.output)} elements, {len(proposed.output)} proposed"
        for place, (mine, theirs) in enumerate(zip(own.output, proposed.output, strict=True)):
            bound = self.absolute + abs(mine) * self.relative_ppm // 1_000_000
            if abs(mine - theirs) > bound:
                return f"element {place}: {theirs} proposed, {mine} found, at most {bound} apart"
        return ""
