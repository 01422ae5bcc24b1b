"""Halt: which power is missing for the next decision, and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from devnet.consensus.tendermint.message import Message, Precommit, Prevote
from devnet.consensus.validator_set import ValidatorSet
from devnet.consensus.vote import NIL


@dataclass(frozen=True, slots=True)
class Group:
    """Validators that did the same in the round, or did nothing for the same reason."""

    what: str
    validators: tuple[bytes, ...]
    power: int
    is_absent: bool = False  # `what` is why


@dataclass(frozen=True, slots=True)
class Halt:
    """Why a height does not end."""

    height: int
    round: int
    needed: int  # the least power that decides
    best: int  # the most power that voted the same; a quorum for nil would end the round
    total: int
    groups: tuple[Group, ...]  # all validators, the most powerful group first

    @property
    def missing(self) -> int:
        """Power that would have to join the largest group."""
        return max(0, self.needed - self.best)

    def __str__(self) -> str:
        parts = "; ".join(
            f"{', '.join('0x' + v.hex()[:8] for v in group.validators)} "
            f"(power {group.power}): {group.what}"
            for group in self.groups
        )
        return (
            f"height {self.height} waits in round {self.round}: {self.needed} of {self.total} "
            f"decide, {self.best} agree, {self.missing} are missing: {parts}"
        )


def diagnose_halt(
    height: int,
    validators: ValidatorSet,
    messages: Sequence[Message],
    absent: Mapping[bytes, str],
) -> Halt:
    """What each validator did in the last round that anybody voted in.

    Args:
        messages: what was sent at this height, by anybody.
        absent: why a validator takes no part, as far as its host knows: down, cut off, ....
    """
    votes = [m for m in messages if isinstance(m, Prevote | Precommit)]
    round_ = _find_fullest_round(votes, validators)
    is_locked = any(v.round == round_ and v.value != NIL for v in votes if type(v) is Precommit)
    last_step = Precommit if is_locked else Prevote
    doing: dict[str, list[bytes]] = {}
    best: dict[bytes, int] = {}
    for member in validators.members:
        own = [v for v in votes if v.validator == member.address and v.round == round_]
        what = absent.get(member.address) or _describe(own, messages, member.address)
        doing.setdefault(what, []).append(member.address)
        if not absent.get(member.address):
            for value in dict.fromkeys(v.value for v in own if isinstance(v, last_step)):
                best[value] = best.get(value, 0) + member.power
    groups = [
        Group(what, tuple(who), sum(validators.get_power(v) for v in who), bool(absent.get(who[0])))
        for what, who in doing.items()
    ]
    groups.sort(key=lambda group: -group.power)
    return Halt(
        height,
        round_,
        validators.quorum_power,
        max(best.values(), default=0),
        validators.total_power,
        tuple(groups),
    )


def _find_fullest_round(votes: Sequence[Prevote | Precommit], validators: ValidatorSet) -> int:
    """The last of the rounds in which the most power voted."""
    voted: dict[int, dict[bytes, int]] = {}
    for vote in votes:
        powers = voted.setdefault(vote.round, {})
        powers[vote.validator] = validators.get_power(vote.validator)
    rounds = sorted(voted, key=lambda r: (sum(voted[r].values()), r))
    return rounds[-1] if rounds else 0


def _describe(
    own: Sequence[Prevote | Precommit], messages: Sequence[Message], validator: bytes
) -> str:
    if not own:
        heard = any(message.validator == validator for message in messages)
        return "did not vote in this round" if heard else "said nothing at this height"
    values = dict.fromkeys(vote.value for vote in own if isinstance(vote, Prevote))
    named = [value for value in values if value != NIL]
    if len(named) > 1 or (named and NIL in values):
        return "voted for more than one value"
    if not named:
        return "voted nil"
    value = named[0].hex()[:12]
    precommits = [vote.value for vote in own if isinstance(vote, Precommit)]
    if not precommits:
        return f"prevoted {value}"
    return f"precommitted {value}" if NIL not in precommits else f"precommitted nil after {value}"
