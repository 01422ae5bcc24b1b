"""Disguise: the faulty outside of an honest participant: what leaves it and how it decides.

Honest code runs unchanged inside; the disguise stands between it and the network, the chain and
the state machine.
"""

from collections.abc import Callable, Sequence

from msgspec.structs import replace

from devnet.consensus.participation.commit import Commit
from devnet.consensus.participation.host import Application, Retry, Status, Transport, Wire
from devnet.consensus.participation.signing import Signer
from devnet.consensus.set_change import Update
from devnet.consensus.tendermint.event import Event
from devnet.consensus.tendermint.machine import Result, Rules
from devnet.consensus.tendermint.message import NO_ROUND, Message, Prevote, Proposal
from devnet.consensus.tendermint.output import SendPrecommit
from devnet.consensus.tendermint.state import State
from devnet.consensus.vote import NIL
from devnet.streams import Stream
from devnet.validators.faults.fault import Fault, Strategy
from devnet.validators.relay import Relay

Predicate = Callable[[bytes], bool]


class Held(Retry, frozen=True):
    """A message that leaves late; comes back to the disguise as a timer."""

    message: Message
    is_twisted: bool  # half of the others get another one


class Disguise(Relay):
    """A transport that does what the faults say with everything its participant broadcasts.

    Help for those who lag, clocks and reports of others stay honest.
    """

    def __init__(
        self,
        inner: Transport,
        address: bytes,
        faults: Sequence[Fault],
        signer: Signer,
        others: Sequence[bytes],
        invent: Callable[[Proposal], bytes],
        stream: Stream,
    ) -> None:
        """`invent` makes another valid value than the proposed one."""
        self._inner, self._address = inner, address
        self._faults, self._signer = tuple(faults), signer
        self._others, self._invent, self._stream = tuple(others), invent, stream
        self._values: dict[tuple[int, int], bytes] = {}  # what others proposed, to vote for

    def find_active(self, strategy: Strategy, height: int, round_: int) -> Fault | None:
        """The fault of a strategy that shows at this place, if one does."""
        for fault in self._faults:
            if fault.strategy is strategy and fault.trigger.is_active(height, round_, self._stream):
                return fault
        return None

    def broadcast(self, message: Wire) -> None:
        """What leaves instead of an honest broadcast."""
        if isinstance(message, Status | Commit) or message.validator != self._address:
            self._inner.broadcast(message)  # what others said is passed on as it is
            return
        place = (message.height, message.round)
        proposed = isinstance(message, Proposal)
        drop = Strategy.DROP_PROPOSALS if proposed else Strategy.DROP_VOTES
        twist = Strategy.EQUIVOCATE_PROPOSALS if proposed else Strategy.EQUIVOCATE_VOTES
        if self.find_active(drop, *place):
            return
        late = self.find_active(Strategy.DELAY, *place)
        is_twisted = bool(self._others and self.find_active(twist, *place))
        held = Held(message.height, message, is_twisted)
        if late:
            self._inner.schedule(held, 1000 * late.time_ms)
        else:
            self.release(held)

    def release(self, held: Held) -> None:
        """Send what was held back."""
        if held.is_twisted:
            self._send_both(held.message)
        else:
            self._inner.broadcast(held.message)

    def hear(self, message: Wire) -> bool:
        """Whether the participant inside may hear a message; remembers proposals."""
        if isinstance(message, Status | Commit):
            return True
        if isinstance(message, Proposal):
            self._values[message.height, message.round] = message.value
        return not self.find_active(Strategy.DROP_INBOUND, message.height, message.round)

    def _send_both(self, message: Message) -> None:
        """One statement for each half; whoever comes first hears both, so there is evidence."""
        other = self._signer.sign(self._twist(message))
        for position, address in enumerate(self._others):
            self._inner.send(address, other if position % 2 else message)
        self._inner.send(self._others[0], other)

    def _twist(self, message: Message) -> Message:
        """Another statement for the same height, round and step."""
        if isinstance(message, Proposal):
            return replace(message, value=self._invent(message), pol_round=NO_ROUND)
        value = NIL
        if message.value == NIL:
            value = self._values.get((message.height, message.round), b"\xff" * 32)
        if isinstance(message, Prevote):
            return replace(message, value=value, pol_round=NO_ROUND)
        return replace(message, value=value)


class Censor:
    """An application that neither builds nor accepts what a predicate picks."""

    def __init__(self, inner: Application, faults: Sequence[Fault], picks: Predicate,
                 stream: Stream) -> None:  # fmt: skip
        self._inner, self._picks, self._stream = inner, picks, stream
        self._triggers = [f.trigger for f in faults if f.strategy is Strategy.CENSOR]

    def build_value(self, height: int, round_: int) -> bytes:
        return self._inner.build_value(height, round_)

    def is_valid(self, proposal: Proposal) -> bool:
        """Invalid to this validator where the predicate picks it."""
        place = (proposal.height, proposal.round)
        if any(t.is_active(*place, self._stream) for t in self._triggers) and self._picks(
            proposal.value
        ):
            return False
        return self._inner.is_valid(proposal)

    def can_follow(self, height: int, value: bytes) -> bool:
        return self._inner.can_follow(height, value)

    def commit(self, height: int, value: bytes) -> tuple[Update, ...]:
        return self._inner.commit(height, value)


def twist_rules(rules: Rules, faults: Sequence[Fault], stream: Stream) -> Rules:
    """The state machine of a validator that forgets its locks or precommits nil."""
    forgets = [f.trigger for f in faults if f.strategy is Strategy.FORGET_LOCKS]
    denies = [f.trigger for f in faults if f.strategy is Strategy.PRECOMMIT_NIL]
    if not forgets and not denies:
        return rules

    def apply(state: State, event: Event) -> Result:
        place = (state.height, state.round)
        if any(trigger.is_active(*place, stream) for trigger in forgets):
            state = replace(state, locked_value=NIL, locked_round=NO_ROUND)
        state, outputs = rules(state, event)
        if any(trigger.is_active(*place, stream) for trigger in denies):
            outputs = tuple(
                SendPrecommit(output.round, NIL) if isinstance(output, SendPrecommit) else output
                for output in outputs
            )
        return state, outputs

    return apply
