"""Proposer rotation: everybody proposes as often as their power says.

Integer priorities: each turn everybody gains its power and the highest, who proposes, pays the
total; of equals the first in the set proposes.
Source: CometBFT, specification of proposer selection.
"""

from dataclasses import dataclass, field

from devnet.consensus.validator_set import ValidatorSet

WINDOW = 2  # priorities stay within this many total powers


@dataclass(slots=True, frozen=True)
class Rotation:
    """Whose turn it is, and everybody's priority after it, in the order of the set."""

    validators: ValidatorSet
    priorities: tuple[int, ...]
    proposer: bytes  # address
    _following: list["Rotation"] = field(
        default_factory=list, init=False, repr=False, compare=False
    )  # computed once, shared by all who hold this value

    def advance(self) -> "Rotation":
        """The next turn."""
        if not self._following:
            self._following.append(_take_turn(self.validators, self.priorities))
        return self._following[0]

    def get_proposer(self, round_: int) -> bytes:
        """Address of the proposer of a round, when round 0 is this turn."""
        turn = self
        for _ in range(round_):
            turn = turn.advance()
        return turn.proposer


def start_rotation(validators: ValidatorSet) -> Rotation:
    """First turn of a new chain: all priorities equal, so the most powerful proposes."""
    return _take_turn(validators, (0,) * len(validators.members))


def change_members(rotation: Rotation, validators: ValidatorSet) -> Rotation:
    """The next turn, with other members.

    Whoever stays keeps its priority; whoever joins starts 1.125 total powers behind, so that
    leaving and joining again gains nothing.
    """
    kept = {
        member.address: priority
        for member, priority in zip(rotation.validators.members, rotation.priorities, strict=True)
    }
    total = validators.total_power
    joined = -(total + (total >> 3))
    priorities = tuple(kept.get(member.address, joined) for member in validators.members)
    return _take_turn(validators, priorities)


def _take_turn(validators: ValidatorSet, priorities: tuple[int, ...]) -> Rotation:
    total = validators.total_power
    centred = _centre(_rescale(priorities, WINDOW * total))
    gained = [
        priority + member.power
        for priority, member in zip(centred, validators.members, strict=True)
    ]
    first = gained.index(max(gained))  # ties: who comes first in the set
    gained[first] -= total
    return Rotation(validators, tuple(gained), validators.members[first].address)


def _rescale(priorities: tuple[int, ...], widest: int) -> tuple[int, ...]:
    spread = max(priorities) - min(priorities)
    if spread <= widest:
        return priorities
    ratio = -(-spread // widest)
    return tuple(abs(p) // ratio * (1 if p >= 0 else -1) for p in priorities)  # towards zero


def _centre(priorities: tuple[int, ...]) -> tuple[int, ...]:
    average = sum(priorities) // len(priorities)
    return tuple(priority - average for priority in priorities)
