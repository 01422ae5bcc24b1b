"""World: the processes of one height in lockstep, with what was sent and what was lost.

No time passes: a step ends when none of its messages is under way, then whoever waits times out.
"""

from collections.abc import Sequence
from typing import TypeAlias

from devnet.consensus.tendermint.event import TimedOut
from devnet.consensus.tendermint.message import Message, Precommit, Prevote, Proposal
from devnet.consensus.tendermint.output import (
    Decide,
    Propose,
    Schedule,
    SendPrecommit,
    SendPrevote,
)
from devnet.consensus.tendermint.process import Found, Process
from devnet.consensus.tendermint.state import Step
from devnet.consensus.vote import NIL
from devnet.lab.values import make_value

Cut: TypeAlias = tuple[int, ...]  # by node: bit mask of the nodes it hears
_STEP_OF = {Proposal: Step.PROPOSE, Prevote: Step.PREVOTE, Precommit: Step.PRECOMMIT}


class World:
    """Nodes, their pending timeouts, and messages that somebody still misses."""

    def __init__(
        self, addresses: Sequence[bytes], nodes: Sequence[Process], correct: tuple[int, ...]
    ) -> None:
        self.addresses, self.nodes, self.correct = tuple(addresses), list(nodes), correct
        self.decided: list[bytes] = [NIL] * len(nodes)
        self._timers: list[dict[TimedOut, None]] = [{} for _ in nodes]
        self._lost: list[tuple[int, int, Message]] = []  # sender, recipient, message
        self._queue: list[tuple[int, Message]] = []  # sender, message
        self._heard = [0] * len(nodes)  # bit masks of message numbers
        self._ids: dict[Message, int] = {}  # numbers of messages, shared by all copies
        self._shared = [False] * len(nodes)  # whether another world has the same process
        self._is_started = False

    def copy(self) -> "World":
        """A world that goes its own way; a process is copied when it first changes."""
        other = World(self.addresses, self.nodes, self.correct)
        other.decided = self.decided.copy()
        other._shared = [True] * len(self.nodes)
        other._timers = [timers.copy() for timers in self._timers]
        other._lost, other._queue = self._lost.copy(), self._queue.copy()
        other._heard, other._ids = self._heard.copy(), self._ids
        other._is_started = self._is_started
        self._shared = [True] * len(self.nodes)
        return other

    def key(self) -> object:
        """Equal for worlds that behave equally from here on: what each node heard says it all."""
        under_way = 0
        for _, message in self._queue:
            under_way |= 1 << self._ids[message]
        lost = [0] * len(self.nodes)
        for _, recipient, message in self._lost:
            lost[recipient] |= 1 << self._ids[message]
        return (
            tuple(node.state for node in self.nodes),
            tuple(self._heard),
            tuple(lost),
            under_way,
            tuple(tuple(timers) for timers in self._timers),
        )

    def is_forked(self) -> bool:
        """Whether correct nodes decided differently."""
        values = {self.decided[node]: None for node in self.correct}
        values.pop(NIL, None)
        return len(values) > 1

    def is_decided(self) -> bool:
        """Whether every correct node has decided."""
        return all(self.decided[node] != NIL for node in self.correct)

    def play(self, step: Step, cut: Cut) -> None:
        """One step under a cut.

        | step      | who waits times out in                | then                            |
        |-----------|---------------------------------------|---------------------------------|
        | propose   | precommit of the last round, propose  | what was lost is tried again     |
        | prevote   | prevote                               |                                 |
        | precommit |                                       |                                 |
        """
        if step is Step.PROPOSE:
            if not self._is_started:
                self._is_started = True
                for node in range(len(self.nodes)):
                    self._act(node, self._own(node).start())
            self._fire(Step.PRECOMMIT)
            self._retry(cut)
            self._fire(Step.PRECOMMIT)
        self._flush(step, cut)
        if step is not Step.PRECOMMIT:
            self._fire(step)

    def settle(self) -> None:
        """One round in which everybody hears everything, at once and from all rounds before."""
        everybody = ((1 << len(self.nodes)) - 1,) * len(self.nodes)
        for step in (Step.PROPOSE, Step.PREVOTE, Step.PRECOMMIT):
            self.play(step, everybody)

    def _fire(self, step: Step) -> None:
        for node, timers in enumerate(self._timers):
            for timer in [timer for timer in timers if timer.step is step]:
                del timers[timer]
                self._act(node, self._own(node).on_timeout(timer))

    def _retry(self, cut: Cut) -> None:
        lost, self._lost = self._lost, []
        for sender, recipient, message in lost:
            self._carry(sender, recipient, message, cut)

    def _flush(self, step: Step, cut: Cut) -> None:
        """Deliver what belongs to this step or an earlier one until nothing is left of it."""
        while True:
            due = [entry for entry in self._queue if _STEP_OF[type(entry[1])] <= step]
            if not due:
                return
            self._queue = [entry for entry in self._queue if _STEP_OF[type(entry[1])] > step]
            for sender, message in due:
                for recipient in range(len(self.nodes)):
                    if recipient != sender:
                        self._carry(sender, recipient, message, cut)

    def _carry(self, sender: int, recipient: int, message: Message, cut: Cut) -> None:
        if cut[recipient] >> sender & 1:
            self._hand(recipient, message)
        else:
            self._lost.append((sender, recipient, message))

    def _hand(self, node: int, message: Message) -> None:
        self._heard[node] |= 1 << self._ids.setdefault(message, len(self._ids))
        process = self._own(node)
        if isinstance(message, Proposal):
            self._act(node, process.on_proposal(message, True))
        else:
            self._act(node, process.on_vote(message))

    def _own(self, node: int) -> Process:
        """The node's process, for a change."""
        if self._shared[node]:
            self.nodes[node] = self.nodes[node].copy()
            self._shared[node] = False
        return self.nodes[node]

    def _act(self, node: int, found: tuple[Found, ...]) -> None:
        address = self.addresses[node]
        for output in found:
            if isinstance(output, Propose):
                value = output.value
                if value == NIL:
                    value = make_value(node, 1, output.round)
                self._say(node, Proposal(1, output.round, value, output.pol_round, address))
            elif isinstance(output, SendPrevote):
                vote = Prevote(1, output.round, output.value, output.pol_round, address)
                self._say(node, vote)
            elif isinstance(output, SendPrecommit):
                self._say(node, Precommit(1, output.round, output.value, b"", address))
            elif isinstance(output, Schedule):
                self._timers[node][TimedOut(output.step, 1, output.round)] = None
            elif isinstance(output, Decide):
                self.decided[node] = output.value

    def _say(self, node: int, message: Message) -> None:
        self._queue.append((node, message))
        self._hand(node, message)
