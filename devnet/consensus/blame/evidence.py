"""Evidence: signed statements of one validator that no correct validator makes together.

| evidence             | statements                                                            |
|----------------------|-----------------------------------------------------------------------|
| `DuplicateVote`      | two votes for one height, round and step                              |
| `DuplicateProposal`  | two proposals for one height and round                                |
| `Amnesia`            | a precommit, then a prevote for another value justified by an older   |
|                      | round (L29): provable because prevotes carry that round               |
| `WrongResult`        | a statement for a value whose result a judge refutes                  |
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from msgspec.structs import replace

from devnet.consensus.participation.signing import Verifier
from devnet.consensus.tendermint.duplicate import DuplicateProposal, DuplicateVote
from devnet.consensus.tendermint.message import Message, Precommit, Prevote
from devnet.consensus.validator_set import ValidatorSet
from devnet.consensus.vote import NIL
from devnet.errors import BadEvidence

MAX_AGE = 100_000  # heights after which evidence is stale, as in CometBFT


@dataclass(frozen=True, slots=True)
class Amnesia:
    """Voted against its lock without a newer polka."""

    first: Precommit
    second: Prevote


@dataclass(frozen=True, slots=True)
class WrongResult:
    """Signed a value whose execution gives something else; the payload says what is wrong."""

    first: Message
    payload: bytes


Evidence: TypeAlias = DuplicateVote | DuplicateProposal | Amnesia | WrongResult
Judge: TypeAlias = Callable[[bytes, bytes], bool]  # (value, payload): is the value refuted?


def get_culprit(evidence: Evidence) -> bytes:
    """Address of the validator it is about."""
    return evidence.first.validator


def check_evidence(
    evidence: Evidence,
    validators: ValidatorSet,
    height: int,
    verifier: Verifier,
    judge: Judge | None = None,
) -> int:
    """Check that the statements contradict each other and are the culprit's.

    Args:
        validators: the set of the evidence's height.
        height: where the evidence is judged; older than MAX_AGE is stale.
        judge: re-executes the payload of a `WrongResult`.
    Returns: the culprit's power.
    Raises: BadEvidence with the reason.
    """
    first = evidence.first
    if not 0 <= height - first.height <= MAX_AGE:
        raise BadEvidence(f"is about height {first.height}, judged at {height}; stale or early")
    if isinstance(evidence, WrongResult):
        if judge is None:
            raise BadEvidence("a wrong result needs a judge that executes it again")
        if first.value == NIL or not judge(first.value, evidence.payload):
            raise BadEvidence("executing it again gives the signed result")
    else:
        second = evidence.second
        if first.validator != second.validator:
            raise BadEvidence("the statements are by different validators")
        if first.height != second.height:
            raise BadEvidence("the statements are about different heights")
        reason = _find_excuse(evidence)
        if reason:
            raise BadEvidence(reason)
        if not verifier.is_signed(second):
            raise BadEvidence("the second statement is not signed by its validator")
    if not verifier.is_signed(first):
        raise BadEvidence("the first statement is not signed by its validator")
    power = validators.get_power(first.validator)
    if power == 0:
        raise BadEvidence(f"0x{first.validator.hex()} was no validator at height {first.height}")
    return power


def is_amnesia(lock: Precommit, vote: Prevote) -> bool:
    """Whether a prevote goes against an earlier precommit without a newer polka (L29)."""
    return (
        lock.value != NIL
        and vote.value not in (NIL, lock.value)
        and vote.round > lock.round
        and vote.pol_round < lock.round
    )


def is_same_content(first: Message, second: Message) -> bool:
    """Whether two messages say the same, whatever their signatures."""
    return replace(first, signature=b"") == replace(second, signature=b"")


def _find_excuse(evidence: DuplicateVote | DuplicateProposal | Amnesia) -> str:
    """Why a correct validator may have said both, empty if none may."""
    first, second = evidence.first, evidence.second
    if isinstance(evidence, Amnesia):
        if is_amnesia(evidence.first, evidence.second):
            return ""
        return "the prevote does not go against the precommit, or names a newer polka"
    if first.__class__ is not second.__class__:
        return "the statements belong to different steps"
    if first.round != second.round:
        return "the statements belong to different rounds"
    return "both statements say the same" if is_same_content(first, second) else ""
