"""Fabric: a network in seeded virtual time. Payloads are opaque, nodes are numbers.

What is due at one moment is delivered in the order in which it was sent. The same seed, rules and
sends give the same deliveries.
"""

import heapq
from bisect import insort_right
from collections.abc import Iterable, Iterator, Sequence
from operator import itemgetter
from typing import Generic, TypeVar

from devnet.network.fault import find_verdict
from devnet.network.rule import Link, Rule
from devnet.streams import Stream

Payload = TypeVar("Payload")
_SPAN_BITS = 14  # what is due within 16,384 microseconds is kept together and sorted when it comes
_get_time = itemgetter(0)


class Fabric(Generic[Payload]):
    """Messages under way and timers set."""

    def __init__(self, rules: Sequence[Rule], seed: int) -> None:
        """`rules` are asked in order; a message that all of them pass arrives at once."""
        self.now_us = 0
        self.delivered = 0  # messages and timers, of spans that are over
        self.rules = tuple(rules)
        self._stream = Stream(seed, "network")
        self._link = Link(0, 0, 0, None)
        self._due: dict[int, list[tuple[int, int, Payload]]] = {}  # by span, in order of sending
        self._spans: list[int] = []  # heap of the keys of `_due`
        self._current = -1  # the span that is being delivered
        self._batch: list[tuple[int, int, Payload]] = []  # what is due in it, sorted by time

    def send(self, sender: int, recipients: Iterable[int], payload: Payload) -> None:
        """Put one message on the link to each recipient."""
        link, stream, rules, now = self._link, self._stream, self.rules, self.now_us
        due, current = self._due, self._current
        only = rules[0].judge if len(rules) == 1 else None
        link.sender, link.now_us, link.payload = sender, now, payload
        for recipient in recipients:
            link.recipient = recipient
            verdict = only(link, stream) if only else find_verdict(rules, link, stream)
            for delay in (0,) if verdict is None else verdict:
                at = now + delay
                span = at >> _SPAN_BITS
                if span != current and span in due:
                    due[span].append((at, recipient, payload))
                else:
                    self._open(span, (at, recipient, payload))

    def schedule(self, node: int, payload: Payload, delay_us: int) -> None:
        """Hand something back to a node after a time; no rule touches it."""
        at = self.now_us + delay_us
        span = at >> _SPAN_BITS
        if span != self._current and span in self._due:
            self._due[span].append((at, node, payload))
        else:
            self._open(span, (at, node, payload))

    def deliver(self) -> Iterator[tuple[int, int, Payload]]:
        """Time, recipient and payload, one after another; `now_us` moves along."""
        while self._spans:
            self._current = heapq.heappop(self._spans)
            self._batch = batch = self._due.pop(self._current)
            batch.sort(key=_get_time)
            for entry in batch:  # grows behind the entry that is being handled
                self.now_us = entry[0]
                yield entry
            self.delivered += len(batch)
            self._current = -1

    def _open(self, span: int, entry: tuple[int, int, Payload]) -> None:
        """The first entry of a span, or one more of the span that is being delivered."""
        if span == self._current:
            insort_right(self._batch, entry, key=_get_time)
        else:
            self._due[span] = [entry]
            heapq.heappush(self._spans, span)
