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
from devnet.network.latency import Latency
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
        only = self.rules[0] if len(self.rules) == 1 else None
        self._draw = only.draw if isinstance(only, Latency) else None  # no link matters
        self._due: dict[int, list[tuple[int, int, Payload]]] = {}  # by span, in order of sending
        self._spans: list[int] = []  # heap of the keys of `_due`
        self._current = -1  # the span that is being delivered
        self._batch: list[tuple[int, int, Payload]] = []  # what is due in it, sorted by time

    def send(self, sender: int, recipients: Iterable[int], payload: Payload) -> None:
        """Put one message on the link to each recipient."""
        stream, now, due, draw = self._stream, self.now_us, self._due, self._draw
        if draw is not None:
            for recipient in recipients:
                at = now + draw(stream)
                span = at >> _SPAN_BITS
                if span in due:
                    due[span].append((at, recipient, payload))
                else:
                    self._put(at, recipient, payload)
            return
        link = self._link
        link.sender, link.now_us, link.payload = sender, now, payload
        for recipient in recipients:
            link.recipient = recipient
            verdict = find_verdict(self.rules, link, stream)
            for delay in (0,) if verdict is None else verdict:
                self._put(now + delay, recipient, payload)

    def schedule(self, node: int, payload: Payload, delay_us: int) -> None:
        """Hand something back to a node after a time; no rule touches it."""
        self._put(self.now_us + delay_us, node, payload)

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

    def _put(self, at: int, node: int, payload: Payload) -> None:
        span = at >> _SPAN_BITS
        if span in self._due:
            self._due[span].append((at, node, payload))
        elif span == self._current:
            insort_right(self._batch, (at, node, payload), key=_get_time)
        else:
            self._due[span] = [(at, node, payload)]
            heapq.heappush(self._spans, span)
