"""Majority of digests: the result that most of the power found, if that is more than half.

Weaker than a quorum on purpose: with it two halves that differ by one unit of power decide, and who
found something else takes over what most found. For experiments with mixed hardware.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from devnet.consensus.rules.rule import Claim, Count, Exchange


@dataclass(frozen=True, slots=True)
class MajorityOfDigests:
    """More than half of the power found the same bits, proposed or not."""

    exchange: ClassVar[Exchange] = Exchange.CLAIMS

    def count(self, claims: Sequence[Claim], proposed: Claim, total: int) -> Count:
        """The heaviest digest; of equals the one that was claimed first."""
        powers: dict[bytes, int] = {}
        for claim in claims:
            powers[claim.digest] = powers.get(claim.digest, 0) + claim.power
        if not powers:
            return Count(b"", (), 0, ())
        first = max(powers, key=lambda digest: powers[digest])
        return Count(
            first if 2 * powers[first] > total else b"",
            tuple(claim.validator for claim in claims if claim.digest == first),
            powers[first],
            tuple((c.validator, "other bits") for c in claims if c.digest != first),
        )
