"""Fabric: a network in seeded virtual time. Payloads are opaque, nodes are numbers.

What is sent at one moment arrives in the order in which it was sent; ties in time break by that
order. The same seed, rules and sends give the same deliveries.
"""

import heapq
from collections.abc import Iterable, Iterator, Sequence
from typing import Generic, TypeVar

from devnet.network.fault import find_verdict
from devnet.network.rule import Link, Rule
from devnet.streams import Stream

Payload = TypeVar("Payload")


class Fabric(Generic[Payload]):
    """Messages under way and timers set."""

    def __init__(self, rules: Sequence[Rule], seed: int) -> None:
        """`rules` are asked in order; a message that all of them pass arrives at once."""
        self.now_us = 0
        self.delivered = 0  # messages and timers
        self.rules = tuple(rules)
        self._stream = Stream(seed, "network")
        self._link = Link(0, 0, 0, None)
        self._due: dict[int, list[tuple[int, Payload]]] = {}  # by time, in order of sending
        self._times: list[int] = []  # heap of the keys of `_due`

    def send(self, sender: int, recipients: Iterable[int], payload: Payload) -> None:
        """Put one message on the link to each recipient."""
        link, stream, rules, now = self._link, self._stream, self.rules, self.now_us
        due, times = self._due, self._times
        only = rules[0].judge if len(rules) == 1 else None
        link.sender, link.now_us, link.payload = sender, now, payload
        for recipient in recipients:
            link.recipient = recipient
            verdict = only(link, stream) if only else find_verdict(rules, link, stream)
            for delay in (0,) if verdict is None else verdict:
                at = now + delay
                waiting = due.get(at)
                if waiting is None:
                    due[at] = [(recipient, payload)]
                    heapq.heappush(times, at)
                else:
                    waiting.append((recipient, payload))

    def schedule(self, node: int, payload: Payload, delay_us: int) -> None:
        """Hand something back to a node after a time; no rule touches it."""
        at = self.now_us + delay_us
        waiting = self._due.get(at)
        if waiting is None:
            self._due[at] = [(node, payload)]
            heapq.heappush(self._times, at)
        else:
            waiting.append((node, payload))

    def deliver(self) -> Iterator[tuple[int, Payload]]:
        """Recipients and payloads, one after another; `now_us` moves along."""
        due, times = self._due, self._times
        while times:
            self.now_us = now = heapq.heappop(times)
            batch = due.pop(now)
            self.delivered += len(batch)
            yield from batch
