"""Conduct: a validator's faults as they show, height by height; chance decides once for a place."""

from collections.abc import Container, Sequence

from devnet.streams import Stream
from devnet.validators.faults.fault import Fault, Strategy


class Conduct:
    """Faults, and what chance has decided about them in the attempt under way."""

    def __init__(self, faults: Sequence[Fault], stream: Stream) -> None:
        self.faults, self.stream = tuple(faults), stream
        self._decided: dict[tuple[Fault, int, int], bool] = {}
        self._absences: dict[tuple[Fault, int, int], bool] = {}  # whether one has begun there

    def begin(self) -> None:
        """Another attempt at a height: chance decides anew."""
        if self._decided:
            self._decided = {}

    def shows(self, strategy: Strategy, height: int, round_: int = 0) -> bool:
        """Whether a strategy shows at this place as a whole, not in some of its inferences."""
        return any(
            self._is_active(fault, height, round_)
            for fault in self.faults
            if fault.strategy is strategy and not fault.trigger.is_for_calls
        )

    def picks(
        self, strategies: Container[Strategy], height: int, round_: int, call: int, model_id: bytes
    ) -> Fault | None:
        """The first fault of these strategies that shows in one inference of a block."""
        for fault in self.faults:
            if (
                fault.strategy in strategies
                and fault.trigger.picks(call, model_id)
                and self._is_active(fault, height, round_)
            ):
                return fault
        return None

    def list_targets(self, height: int, round_: int) -> tuple[bytes, ...]:
        """Whom it censors at this place; an empty address is everybody."""
        return tuple(
            fault.target
            for fault in self.faults
            if fault.strategy is Strategy.CENSOR and self._is_active(fault, height, round_)
        )

    def is_down(self, height: int) -> bool:
        """Whether it has crashed for as long as the trigger holds."""
        return any(
            self._is_active(fault, height, 0)
            for fault in self.faults
            if fault.strategy is Strategy.CRASH and not fault.is_timed
        )

    def find_absence(self, height: int, round_: int) -> Fault | None:
        """A crash or pause for a time that begins here; none begins twice at one place."""
        for fault in self.faults:
            if fault.strategy is Strategy.PAUSE or (
                fault.strategy is Strategy.CRASH and fault.is_timed
            ):
                place = (fault, height, round_)
                if place not in self._absences:
                    self._absences[place] = fault.trigger.is_active(height, round_, self.stream)
                    if self._absences[place]:
                        return fault
        return None

    def _is_active(self, fault: Fault, height: int, round_: int) -> bool:
        place = (fault, height, round_)
        decided = self._decided.get(place)
        if decided is None:
            decided = fault.trigger.is_active(height, round_, self.stream)
            self._decided[place] = decided
        return decided
