"""Subscriptions: news sent to clients on connections of their own, WebSocket or IPC.

What an event brings is written once for all who asked the same, in the thread that changes the
node; who listens is known to the event loop alone.
"""

import asyncio
import json
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from itertools import count

from devnet.errors import LimitExceeded
from devnet.events import Event
from devnet.rpc.dispatch import Json
from devnet.rpc.feeds import Feed, decode_feed
from devnet.rpc.gate import Gate
from devnet.rpc.lane import Routed, quick
from devnet.rpc.limits import MAX_QUEUED_MESSAGES, MAX_SUBSCRIPTIONS
from devnet.rpc.quantity import decode_quantity

Tell = Callable[[bytes], None]


class Subscription:
    """One feed of one client; what comes before its id was told waits."""

    def __init__(self, name: str, feed: Feed, tell: Tell) -> None:
        self.feed = feed
        self._tell = tell
        head = '{"jsonrpc":"2.0","method":"eth_subscription","params":{"subscription":"'
        self._head = f'{head}{name}","result":'.encode()
        self._held: list[bytes] | None = []

    def send(self, result: bytes) -> None:
        message = self._head + result + b"}}"
        if self._held is None:
            self._tell(message)
            return
        self._held.append(message)
        if len(self._held) > MAX_QUEUED_MESSAGES:
            self.release()

    def release(self) -> None:
        """The client knows the id now."""
        held, self._held = self._held or (), None
        for message in held:
            self._tell(message)


class Hub:
    """All subscriptions of one server; lives on the event loop it was made on."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._loop = asyncio.get_running_loop()
        self._feeds: dict[Feed, dict[str, Subscription]] = {}
        self._numbers = count(1)
        gate.node.observers.append(self._observe)

    def __len__(self) -> int:
        return sum(map(len, self._feeds.values()))

    def connect(self, tell: Tell) -> "Listener":
        """A client; `tell` sends it a message."""
        return Listener(self, tell)

    def add(self, feed: Feed, tell: Tell) -> tuple[str, Subscription]:
        """Send from now on; returns the id too."""
        name = hex(next(self._numbers))
        subscription = Subscription(name, feed, tell)
        self._feeds.setdefault(feed, {})[name] = subscription
        return name, subscription

    def remove(self, name: str, feed: Feed) -> None:
        """Send no more."""
        listeners = self._feeds[feed]
        del listeners[name]
        if not listeners:
            del self._feeds[feed]

    def _observe(self, event: Event) -> None:
        view, news = self._gate.view, []
        for feed in tuple(self._feeds):
            results = [_dump(found) for found in feed.select(event, view)]
            if results:
                news.append((feed, results))
        if news and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._deliver, news)

    def _deliver(self, news: list[tuple[Feed, list[bytes]]]) -> None:
        for feed, results in news:
            for subscription in tuple(self._feeds.get(feed, {}).values()):
                for result in results:
                    subscription.send(result)


class Listener:
    """The subscriptions of one connection."""

    def __init__(self, hub: Hub, tell: Tell) -> None:
        self._hub = hub
        self._tell = tell
        self._mine: dict[str, Subscription] = {}
        self._new: ContextVar[list[Subscription]] = ContextVar("new")  # of one body being answered

    @property
    def methods(self) -> Mapping[str, Routed]:
        return {"eth_subscribe": quick(self.subscribe), "eth_unsubscribe": quick(self.unsubscribe)}

    def subscribe(self, subscription: object, option: object = None) -> Json:
        """Raises: InvalidParams, LimitExceeded."""
        feed = decode_feed(subscription, option)
        if len(self._mine) >= MAX_SUBSCRIPTIONS:
            raise LimitExceeded(
                f"{MAX_SUBSCRIPTIONS} subscriptions on this connection; end some with "
                "eth_unsubscribe"
            )
        name, made = self._hub.add(feed, self._tell)
        self._mine[name] = made
        self._new.get().append(made)
        return name

    def unsubscribe(self, subscription_id: object) -> Json:
        """False if there is no such subscription on this connection."""
        name = hex(decode_quantity(subscription_id, "subscription"))
        ended = self._mine.pop(name, None)
        if ended is None:
            return False
        self._hub.remove(name, ended.feed)
        return True

    def begin(self) -> None:
        """What subscribes from here on in this task is one body's."""
        self._new.set([])

    def release(self) -> None:
        """The answer to this task's body is on its way: the client knows the ids in it."""
        for subscription in self._new.get():
            subscription.release()

    def close(self) -> None:
        for name, subscription in self._mine.items():
            self._hub.remove(name, subscription.feed)
        self._mine.clear()


def _dump(result: Json) -> bytes:
    return json.dumps(result, separators=(",", ":"), allow_nan=False).encode()
