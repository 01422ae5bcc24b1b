"""Watch: sees when an attempt leads nowhere: enough rounds, nothing to propose, or quiet."""

from collections.abc import Sequence

from devnet.consensus.tendermint.state import State
from devnet.consensus.validator_set import ValidatorSet
from devnet.validators.attempt import Attempt
from devnet.validators.seat import Seat

QUIET_US = 25_000_000  # in which all has been said again twice


class Watch:
    """How far the validators are at one height."""

    def __init__(self, seats: Sequence[Seat], start: int, most: int) -> None:
        """
        Args:
            start: the round that the height is in.
            most: rounds that are tried.
        """
        self._seats, self._start, self._most = seats, start, most
        self._furthest = start
        self._changed_us = -1
        self._states: list[State | None] = [None] * len(seats)
        self._attempt: Attempt | None = None
        self._present = 0

    @property
    def rounds(self) -> int:
        """How many were tried so far."""
        return min(self._most, self._furthest - self._start + 1)

    def begin(self, attempt: Attempt) -> None:
        """All who take part are ready."""
        self._attempt = attempt
        absences = (seat.describe_absence(attempt.height) for seat in self._seats)
        self._present = sum(not absence for absence in absences)

    def look(self, node: int, now_us: int) -> None:
        """Something has happened to a validator."""
        participant = self._seats[node].participant
        if participant is None:
            return
        state = participant.process.state
        if state is not self._states[node]:
            self._states[node], self._changed_us = state, now_us
            assert self._attempt is not None
            if state.height == self._attempt.height and state.round > self._furthest:
                self._furthest = state.round

    def is_over(self, now_us: int) -> bool:
        """Whether there is nothing to wait for."""
        assert self._attempt is not None
        if self._furthest - self._start >= self._most:
            return True
        if self._present and len(self._attempt.idle) >= self._present:
            return True
        if self._changed_us < 0:
            self._changed_us = now_us
        is_quiet = now_us - self._changed_us > QUIET_US
        return is_quiet and not any(seat.is_waking for seat in self._seats)


def is_idle(attempt: Attempt, seats: Sequence[Seat], members: ValidatorSet) -> bool:
    """Whether all who take part had nothing to propose, and could have decided."""
    present = [seat for seat in seats if not seat.describe_absence(attempt.height)]
    power = sum(members.get_power(seat.validator.address) for seat in present)
    return members.is_quorum(power) and len(attempt.idle) >= len(present)
