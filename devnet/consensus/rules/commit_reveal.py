"""Commit and reveal of digests, against lazy copying.

Before any digest is known each validator commits to keccak(digest, its address, a salt). A claim
counts only if it opens the commitment made then: who waits for the proposer's digest and copies it
has nothing to open, and who copies a commitment opens it for another address.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar

from devnet.consensus.rules.exact import ExactBits
from devnet.consensus.rules.rule import AgreementRule, Claim, Count, Exchange, conclude
from precompiles.digest import compute_keccak


@dataclass(frozen=True, slots=True)
class CommitReveal:
    """Another rule over those claims that open their commitment."""

    exchange: ClassVar[Exchange] = Exchange.COMMITMENTS

    inner: AgreementRule = field(default_factory=ExactBits)

    def count(self, claims: Sequence[Claim], proposed: Claim, total: int) -> Count:
        """Claims that open nothing dissent, whatever they say."""
        inside = self.inner.count([c for c in claims if is_opened(c)], proposed, total)
        against = dict(inside.dissent)
        reasons = [
            against.get(claim.validator, "") if is_opened(claim) else _explain(claim)
            for claim in claims
        ]
        return replace(conclude(inside.digest, claims, reasons, total), digest=inside.digest)


def compute_commitment(digest: bytes, validator: bytes, salt: bytes) -> bytes:
    """What a validator publishes before it knows what others found."""
    return compute_keccak(digest + validator.rjust(32, b"\0") + salt.rjust(32, b"\0"))


def is_opened(claim: Claim) -> bool:
    """Whether digest, address and salt give the commitment."""
    return claim.commitment == compute_commitment(claim.digest, claim.validator, claim.salt)


def _explain(claim: Claim) -> str:
    if not claim.commitment:
        return "committed to nothing before the digest was known"
    return "committed to another digest"
