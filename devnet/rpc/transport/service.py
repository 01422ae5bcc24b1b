"""Answers bodies from an event loop, each request on its lane; knows no transport and no Ethereum.

The requests of one batch are answered one after another, different bodies at the same time.
"""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from devnet.clock import Clock
from devnet.rpc.dispatch import Answer, Dispatcher, Joiner
from devnet.rpc.lane import Lane
from devnet.rpc.limits import GRACE_S, INLINE_BYTES, READERS
from devnet.rpc.transport.workers import Workers

T = TypeVar("T")
Observe = Callable[[str, float, bool], None]  # method or "", seconds, whether it failed


class Service:
    """Several readers, one writer, and what needs neither."""

    def __init__(self, dispatcher: Dispatcher, observe: Observe, clock: Clock) -> None:
        self.dispatcher = dispatcher
        self._observe = observe
        self._clock = clock
        self._readers = Workers("reader", READERS)
        self._writer = Workers("writer", 1)

    async def handle(self, body: bytes, dispatcher: Dispatcher | None = None) -> bytes | None:
        """The answer to a body, nothing if none is due.

        A body of QUICK requests is answered without giving up the loop.
        """
        table = dispatcher or self.dispatcher
        if len(body) > INLINE_BYTES:
            reading = await self._readers.run(partial(table.read, body))
        else:
            reading = table.read(body)
        if reading.refusal is not None:
            self._observe("", 0.0, True)
            return reading.refusal
        joiner = Joiner(reading)
        for request in reading.requests:
            if joiner.is_full:
                joiner.add(table.refuse(request))
            else:
                joiner.add(await self._answer(table, request))
        return joiner.join()

    async def write(self, work: Callable[[], T]) -> T:
        """Run something in the writer thread; it is finished even if nobody waits any more."""
        future = self._writer.run(work)
        future.add_done_callback(_take_note)
        return await asyncio.shield(future)

    def stop(self) -> None:
        """Finish what was begun; a reader that takes too long is left behind."""
        self._writer.stop(GRACE_S)
        self._readers.stop(0.0)

    async def _answer(self, table: Dispatcher, request: object) -> Answer:
        name, lane = table.find(request)
        began = self._clock()
        if lane is Lane.QUICK:
            answer = table.answer(request)
        elif lane is Lane.READ:
            answer = await self._readers.run(partial(table.answer, request))
        else:
            answer = await self.write(partial(table.answer, request))
        self._observe(name, self._clock() - began, answer.failed)
        return answer


def _take_note(future: asyncio.Future[T]) -> None:
    """What went wrong after its client left concerns nobody: not even the log."""
    if not future.cancelled():
        future.exception()
