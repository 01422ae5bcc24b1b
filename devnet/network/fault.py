"""Faults of the network: loss, duplication, reordering, partitions, and when they end."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from devnet.errors import ConfigError
from devnet.network.rule import DROP, PASS, Link, Rule, Verdict
from devnet.streams import Stream


@dataclass(frozen=True, slots=True)
class Loss:
    """Loses so many messages of a thousand."""

    permille: int

    def judge(self, link: Link, stream: Stream) -> Verdict:
        """Drop or pass."""
        return DROP if stream.is_drawn(self.permille) else PASS


@dataclass(frozen=True, slots=True)
class Duplication:
    """Delivers so many messages of a thousand twice, each copy with its own latency."""

    permille: int
    latency: Rule

    def judge(self, link: Link, stream: Stream) -> Verdict:
        """Two deliveries or pass."""
        if not stream.is_drawn(self.permille):
            return PASS
        first, second = self.latency.judge(link, stream), self.latency.judge(link, stream)
        return (first or ()) + (second or ())


@dataclass(frozen=True, slots=True)
class Reordering:
    """Holds so many messages of a thousand back, so that later ones overtake them."""

    permille: int
    within_us: int

    def judge(self, link: Link, stream: Stream) -> Verdict:
        """A long delay or pass."""
        if not stream.is_drawn(self.permille):
            return PASS
        return (1 + stream.draw_below(self.within_us),)


@dataclass(frozen=True, slots=True)
class Partition:
    """Loses what goes from one group to another; who is in no group stays linked to all."""

    groups: tuple[tuple[int, ...], ...]
    _side: dict[int, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        side: dict[int, int] = {}
        for number, group in enumerate(self.groups):
            for node in group:
                if node in side:
                    raise ConfigError(f"node {node} is in two groups of one partition")
                side[node] = number
        object.__setattr__(self, "_side", side)

    def judge(self, link: Link, stream: Stream) -> Verdict:
        """Drop across groups, pass within one."""
        sender, recipient = self._side.get(link.sender), self._side.get(link.recipient)
        if sender is None or recipient is None or sender == recipient:
            return PASS
        return DROP


@dataclass(frozen=True, slots=True)
class During:
    """A rule for a time: a partition that heals, a loss that ends."""

    rule: Rule
    start_us: int
    end_us: int  # excluded

    def judge(self, link: Link, stream: Stream) -> Verdict:
        """The rule's verdict while it lasts."""
        if self.start_us <= link.now_us < self.end_us:
            return self.rule.judge(link, stream)
        return PASS


@dataclass(frozen=True, slots=True)
class UntilGst:
    """Partial synchrony: before the global stabilisation time the rules may do anything.

    What is sent earlier and not lost arrives at the latest `bound_us` after GST; what is sent later
    passes to the rules behind this one, which keep the bound.
    Source: Dwork, Lynch, Stockmeyer 1988.
    """

    gst_us: int
    bound_us: int
    rules: tuple[Rule, ...]

    def judge(self, link: Link, stream: Stream) -> Verdict:
        """What the rules say before GST, cut off at the bound."""
        if link.now_us >= self.gst_us:
            return PASS
        verdict = find_verdict(self.rules, link, stream)
        if verdict is None:
            return PASS
        latest = self.gst_us + self.bound_us - link.now_us
        return tuple(min(delay, latest) for delay in verdict)


def find_verdict(rules: Sequence[Rule], link: Link, stream: Stream) -> Verdict:
    """The first verdict that is not `PASS`."""
    for rule in rules:
        verdict = rule.judge(link, stream)
        if verdict is not None:
            return verdict
    return PASS
