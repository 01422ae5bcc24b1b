"""Asks for a block every so many seconds: the one place where time makes blocks.

A block that takes longer than that delays the next; none is made up for.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from devnet.errors import NoQuorum, StoreError
from devnet.events import Event, IntervalSet
from devnet.node import Node

_logger = logging.getLogger(__name__)


class Ticker:
    """Runs while a server does."""

    def __init__(self, node: Node, mine: Callable[[], Awaitable[None]]) -> None:
        """
        Args:
            mine: decides one block in the writer thread.
        """
        self._mine = mine
        self._loop = asyncio.get_running_loop()
        self._task: asyncio.Task[None] | None = None
        self._set(node.interval_s)
        node.observers.append(self._observe)

    def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            self._task = None

    def _observe(self, event: Event) -> None:
        if isinstance(event, IntervalSet) and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._set, event.seconds)

    def _set(self, seconds: float) -> None:
        self.stop()
        if seconds > 0:
            self._task = self._loop.create_task(self._tick(seconds))

    async def _tick(self, seconds: float) -> None:
        due_s = self._loop.time()
        while True:
            due_s = max(due_s + seconds, self._loop.time())
            await asyncio.sleep(due_s - self._loop.time())
            try:
                await self._mine()
            except (NoQuorum, StoreError) as halt:
                _logger.warning("no block: %s", halt)
