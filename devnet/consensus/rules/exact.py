"""Exact bits, the default: a claim stands for the proposed result if its digest is equal."""

from collections.abc import Sequence
from dataclasses import dataclass

from devnet.consensus.rules.rule import Claim, Count, conclude


@dataclass(frozen=True, slots=True)
class ExactBits:
    """More than two thirds found the proposed bits."""

    def count(self, claims: Sequence[Claim], proposed: Claim, total: int) -> Count:
        """Equal digests support, others dissent."""
        reasons = ["" if c.digest == proposed.digest else "other bits" for c in claims]
        return conclude(proposed.digest, claims, reasons, total)
