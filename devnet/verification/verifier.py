"""Offline verifier: checks a proof bundle step by step, then runs the model again.

Needs no node and trusts none. What it cannot know by itself is whether the genesis set in the
bundle is that of the chain you mean: it prints the set's hash, and holds it to a trusted one.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum

from devnet.errors import BadBundle
from devnet.verification.bundle import Bundle, parse_bundle
from devnet.verification.claims import check_claims
from devnet.verification.execution import Agreement, check_run
from devnet.verification.step import Mark, Step


class Outcome(Enum):
    """Result of a whole check; the value is the exit code."""

    VERIFIED = 0
    REFUTED = 1
    CANNOT_TELL = 2


_DECIDING = {Outcome.REFUTED: Mark.FAILS, Outcome.CANNOT_TELL: Mark.UNKNOWN}


@dataclass(frozen=True, slots=True)
class Verdict:
    """All steps and what they amount to."""

    outcome: Outcome
    steps: tuple[Step, ...]

    def __bool__(self) -> bool:
        """Whether it is verified: `assert proof.verify()` must not pass for what is refuted."""
        return self.outcome is Outcome.VERIFIED

    @property
    def reason(self) -> str:
        """The first step that decides against, empty if verified."""
        mark = _DECIDING.get(self.outcome)
        return next((f"{s.name}: {s.value}" for s in self.steps if s.mark is mark), "")


def verify_text(
    text: str | bytes,
    find_model: Callable[[Bundle], bytes | None],
    trusted_set: bytes | None = None,
    *,
    without_attachments: bool = False,
    agreement: Agreement | None = None,
) -> Verdict:
    """Check what may be a bundle; what is none is refuted.

    Args:
        find_model: the model file's bytes for a bundle, if there are any.
        without_attachments: leave out what is not checked here.
        agreement: as for `verify_bundle`.
    """
    try:
        bundle = parse_bundle(text)
    except BadBundle as broken:
        return Verdict(Outcome.REFUTED, (Step("bundle", Mark.FAILS, str(broken)),))
    if without_attachments:
        bundle = replace(bundle, attachments=())
    return verify_bundle(bundle, find_model(bundle), trusted_set, agreement)


def verify_bundle(
    bundle: Bundle,
    model: bytes | None,
    trusted_set: bytes | None = None,
    agreement: Agreement | None = None,
) -> Verdict:
    """Check a bundle.

    Args:
        model: the model file's bytes; without them the check ends in CANNOT_TELL.
        trusted_set: hash of a validator set that the caller trusts, of any in the bundle's chain.
        agreement: the rule by which the caller accepts other bits than its own; none if not given.
    """
    steps = (*check_claims(bundle, trusted_set), *check_run(bundle, model, agreement))
    marks = [step.mark for step in steps]
    if Mark.FAILS in marks:
        return Verdict(Outcome.REFUTED, steps)
    if Mark.UNKNOWN in marks:
        return Verdict(Outcome.CANNOT_TELL, steps)
    return Verdict(Outcome.VERIFIED, steps)
