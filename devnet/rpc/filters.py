"""Filters: what a client asks for by and by with `eth_getFilterChanges`.

Any thread may call; the node feeds them in the thread that changes it. A filter nobody polls for
five minutes is forgotten, as in geth.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from threading import Lock

from devnet.clock import Clock
from devnet.errors import LimitExceeded, UnknownFilter
from devnet.events import Event
from devnet.node import Node
from devnet.rpc.dispatch import Json
from devnet.rpc.feeds import Feed
from devnet.rpc.limits import FILTER_IDLE_S, MAX_BACKLOGS, MAX_FILTER_BACKLOG, MAX_FILTERS


@dataclass(slots=True)
class Filter:
    """What came since the last poll."""

    feed: Feed
    query: Mapping[str, object] | None  # of events, for `eth_getFilterLogs`
    polled_s: float
    waiting: list[Json] = field(default_factory=list)


class Filters:
    """The filters of one node."""

    def __init__(self, node: Node, clock: Clock) -> None:
        self._node = node
        self._clock = clock
        self._filters: dict[str, Filter] = {}
        self._numbers = count(1)
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._filters)

    def add(self, feed: Feed, query: Mapping[str, object] | None = None) -> str:
        """Collect from now on; returns the filter's id. Raises: LimitExceeded."""
        with self._lock:
            now_s = self._forget_idle()
            if len(self._filters) >= MAX_FILTERS:
                raise LimitExceeded(
                    f"{MAX_FILTERS} filters are in use; remove some with eth_uninstallFilter"
                )
            name = hex(next(self._numbers))
            self._filters[name] = Filter(feed, query, now_s)
            if len(self._filters) == 1:
                self._node.observers.append(self._collect)
            return name

    def take(self, name: str) -> list[Json]:
        """What came since the last time. Raises: UnknownFilter."""
        with self._lock:
            found = self._touch(name)
            waiting, found.waiting = found.waiting, []
            return waiting

    def get_query(self, name: str) -> Mapping[str, object]:
        """What a filter of events looks for. Raises: UnknownFilter, for one of another kind too."""
        with self._lock:
            query = self._touch(name).query
            if query is None:
                raise UnknownFilter(f"filter not found: {name} is not one of events")
            return query

    def remove(self, name: str) -> bool:
        """Whether there was such a filter."""
        with self._lock:
            self._forget_idle()
            return self._drop(name)

    def _touch(self, name: str) -> Filter:
        now_s = self._forget_idle()
        if name not in self._filters:
            raise UnknownFilter(
                f"filter not found: {name}; one that is not polled for {FILTER_IDLE_S:g} s, or "
                f"holds more than {MAX_FILTER_BACKLOG} results, or most of {MAX_BACKLOGS} in all "
                "filters, is forgotten"
            )
        self._filters[name].polled_s = now_s
        return self._filters[name]

    def _forget_idle(self) -> float:
        now_s = self._clock()
        for name, found in tuple(self._filters.items()):
            if now_s - found.polled_s >= FILTER_IDLE_S:
                self._drop(name)
        return now_s

    def _drop(self, name: str) -> bool:
        if self._filters.pop(name, None) is None:
            return False
        if not self._filters:
            self._node.observers.remove(self._collect)
        return True

    def _collect(self, event: Event) -> None:
        with self._lock:
            self._forget_idle()
            results: dict[Feed, list[Json]] = {}  # those who ask the same share them
            for name, found in tuple(self._filters.items()):
                if found.feed not in results:
                    results[found.feed] = list(found.feed.select(event, self._node))
                found.waiting += results[found.feed]
                if len(found.waiting) > MAX_FILTER_BACKLOG:
                    self._drop(name)
            self._bound_backlogs()

    def _bound_backlogs(self) -> None:
        sizes = {name: len(found.waiting) for name, found in self._filters.items()}
        total = sum(sizes.values())
        for name in sorted(sizes, key=sizes.__getitem__, reverse=True):
            if total <= MAX_BACKLOGS:
                break
            total -= sizes[name]
            self._drop(name)
