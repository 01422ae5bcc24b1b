"""The seam for agreement rules: how claims about one result are counted.

A rule is a value with `count`; a file of its own under 100 lines. It sees claims, never signatures.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from devnet.consensus.threshold import is_quorum


@dataclass(frozen=True, slots=True)
class Claim:
    """What one validator says a result is."""

    validator: bytes
    power: int
    digest: bytes  # of the canonical bytes
    output: tuple[int, ...] = ()  # elements in fixed point, for rules that measure distance
    commitment: bytes = b""  # made before anybody's digest was known, for rules that ask for it
    salt: bytes = b""


@dataclass(frozen=True, slots=True)
class Count:
    """What claims come to."""

    digest: bytes  # of the chosen result, empty if none is
    supporters: tuple[bytes, ...]  # whose claims stand for it
    power: int  # of the supporters
    dissent: tuple[tuple[bytes, str], ...]  # everybody else, and why


class Exchange(Enum):
    """What validators tell each other of their own results before they vote."""

    NONE = "none"  # each asks the rule about its own claim alone
    CLAIMS = "claims"  # digests
    COMMITMENTS = "commitments"  # first a commitment to them, while the proposer's are unknown


class AgreementRule(Protocol):
    """Counts claims about one result; one that needs those of others has an `exchange`."""

    def count(self, claims: Sequence[Claim], proposed: Claim, total: int) -> Count:
        """Who stands for which result.

        Args:
            claims: at most one of each validator, the proposer's among them if it voted.
            proposed: the proposer's, which the block contains.
            total: power of the whole set.
        """


def find_exchange(rule: AgreementRule) -> Exchange:
    """What the rule needs of others, nothing unless it says so."""
    found = getattr(rule, "exchange", Exchange.NONE)
    assert isinstance(found, Exchange), f"exchange is {found!r}, not an Exchange"
    return found


def is_supported(rule: AgreementRule, own: Claim, proposed: Claim) -> bool:
    """Whether a validator with this claim of its own prevotes the proposed one."""
    return own.validator in rule.count((own,), proposed, own.power).supporters


def conclude(
    digest: bytes, claims: Sequence[Claim], reasons: Sequence[str], total: int
) -> Count:  # fmt: skip
    """The usual end of a count: a quorum of claims without a reason against them chooses."""
    pairs = tuple(zip(claims, reasons, strict=True))
    supporters = tuple(claim.validator for claim, reason in pairs if not reason)
    power = sum(claim.power for claim, reason in pairs if not reason)
    dissent = tuple((claim.validator, reason) for claim, reason in pairs if reason)
    return Count(digest if is_quorum(power, total) else b"", supporters, power, dissent)
