"""Accountability: who made a fork possible, from all messages that anybody has.

With less than two thirds faulty, every fork needs double votes or amnesia by at least a third of
the power; the culprits are found from signed messages alone.
Source: accountable Tendermint, Malachite's specification.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from devnet.consensus.blame.evidence import (
    Amnesia,
    Evidence,
    get_culprit,
    is_amnesia,
    is_same_content,
)
from devnet.consensus.tendermint.duplicate import DuplicateProposal, DuplicateVote
from devnet.consensus.tendermint.message import Message, Precommit, Prevote, Proposal
from devnet.consensus.validator_set import ValidatorSet
from devnet.consensus.vote import NIL


@dataclass(frozen=True, slots=True)
class Fork:
    """Two decisions of one height, and who is to blame."""

    height: int
    values: tuple[bytes, ...]
    culprits: tuple[bytes, ...]  # in the order of the set
    power: int  # of the culprits
    total: int
    evidence: tuple[Evidence, ...]
    unproven: tuple[str, ...]  # suspicions that two signatures alone do not prove

    @property
    def is_accounted_for(self) -> bool:
        """Whether at least a third of the power is named."""
        return 3 * self.power >= self.total

    def __str__(self) -> str:
        values = " and ".join(value.hex()[:12] for value in self.values)
        names = ", ".join(f"0x{culprit.hex()[:8]}" for culprit in self.culprits) or "nobody"
        text = (
            f"height {self.height} is decided as {values}; to blame: {names}, "
            f"power {self.power} of {self.total}"
        )
        if self.is_accounted_for:
            return text
        why = "; ".join(self.unproven) or "messages are missing, or two thirds are faulty"
        return f"{text}, less than a third: {why}"


def find_evidence(messages: Iterable[Message]) -> tuple[Evidence, ...]:
    """All contradictions among messages of one height, in their order, once per pair of places."""
    found: list[Evidence] = []
    first_said: dict[tuple[bytes, type[Message], int], Message] = {}
    reported: dict[tuple[bytes, type[Message], int], None] = {}
    by_validator: dict[bytes, list[Message]] = {}
    for message in messages:
        place = (message.validator, message.__class__, message.round)
        known = first_said.setdefault(place, message)
        if known is message or is_same_content(known, message):
            if known is message:
                by_validator.setdefault(message.validator, []).append(message)
            continue
        by_validator[message.validator].append(message)
        if place in reported:
            continue
        reported[place] = None
        if isinstance(known, Proposal) and isinstance(message, Proposal):
            found.append(DuplicateProposal(known, message))
        elif not isinstance(known, Proposal) and not isinstance(message, Proposal):
            found.append(DuplicateVote(known, message))
    for said in by_validator.values():
        amnesia = _find_amnesia(said)
        if amnesia is not None:
            found.append(amnesia)
    return tuple(found)


def diagnose_fork(
    height: int,
    values: Sequence[bytes],
    messages: Sequence[Message],
    validators: ValidatorSet,
) -> Fork:
    """Blame for two or more decided values.

    Args:
        messages: the union of what all validators have sent or received at this height.
    """
    evidence = find_evidence(messages)
    guilty = {get_culprit(proof): None for proof in evidence}
    culprits = tuple(m.address for m in validators.members if m.address in guilty)
    power = sum(validators.get_power(culprit) for culprit in culprits)
    return Fork(
        height,
        tuple(values),
        culprits,
        power,
        validators.total_power,
        evidence,
        _find_unjustified(messages, validators),
    )


def _find_amnesia(said: Sequence[Message]) -> Amnesia | None:
    """The first prevote against the newest lock before it."""
    locks = sorted(
        (m for m in said if isinstance(m, Precommit) and m.value != NIL), key=lambda m: m.round
    )
    for vote in said:
        if isinstance(vote, Prevote):
            earlier = [lock for lock in locks if lock.round < vote.round]
            if earlier and is_amnesia(earlier[-1], vote):
                return Amnesia(earlier[-1], vote)
    return None


def _find_unjustified(messages: Sequence[Message], validators: ValidatorSet) -> tuple[str, ...]:
    """Precommits and re-proposals whose polka nobody has seen."""
    polkas: dict[tuple[int, bytes], dict[bytes, int]] = {}
    for message in messages:
        if isinstance(message, Prevote):
            powers = polkas.setdefault((message.round, message.value), {})
            powers[message.validator] = validators.get_power(message.validator)
    seen: dict[str, None] = {}
    for message in messages:
        if message.value == NIL or isinstance(message, Proposal):
            continue
        round_ = message.round if isinstance(message, Precommit) else message.pol_round
        if round_ < 0:
            continue
        power = sum(polkas.get((round_, message.value), {}).values())
        if not validators.is_quorum(power):
            kind = message.__class__.__name__.lower()
            who = message.validator.hex()[:8]
            seen[f"0x{who} sent a {kind} for which no polka of round {round_} is known"] = None
    return tuple(seen)
