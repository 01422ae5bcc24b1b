"""One client that may be told things at any time: bodies in, answers and news out.

Bodies are answered side by side. What the client does not read waits in a queue with an end: a slow
reader loses its connection, never the node its memory.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Protocol

from devnet.errors import RequestError
from devnet.rpc.dispatch import Method, refuse_body
from devnet.rpc.lane import Routed
from devnet.rpc.limits import (
    MAX_BODY_BYTES,
    MAX_QUEUED_BYTES,
    MAX_QUEUED_MESSAGES,
    MAX_RUNNING,
)
from devnet.rpc.transport.service import Service

_MAX_RUNNING_BYTES = 4 * MAX_BODY_BYTES
Tell = Callable[[bytes], None]
Send = Callable[[bytes], Awaitable[None]]


class News(Protocol):
    """What one client listens to."""

    @property
    def methods(self) -> Mapping[str, Method | Routed]:
        """What only this client may be answered: to listen, and to stop that."""

    def begin(self) -> None:
        """A body is about to be answered in this task, which answers no other."""

    def release(self) -> None:
        """The answer to this task's body is on its way: what it listens to may follow."""

    def close(self) -> None:
        """Listen to nothing any more."""


Connect = Callable[[Tell], News]


class Session:
    """The client of one connection."""

    def __init__(self, service: Service, connect: Connect, send: Send) -> None:
        self._service = service
        self._send = send
        self._news = connect(self.tell)
        self._dispatcher = service.dispatcher.extend(self._news.methods)
        self._queue: asyncio.Queue[bytes] = asyncio.Queue()
        self._queued_bytes = 0
        self._running: dict[asyncio.Task[None], int] = {}  # and the bytes they were asked with
        self._dropped: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def tell(self, message: bytes) -> None:
        """Send when the client reads; end the session if too much waits already."""
        waiting = self._queue.qsize()
        if waiting >= MAX_QUEUED_MESSAGES or self._queued_bytes > MAX_QUEUED_BYTES:
            self.drop(f"slow reader: {waiting} messages, {self._queued_bytes} bytes wait")
        if not self._dropped.done():
            self._queued_bytes += len(message)
            self._queue.put_nowait(message)

    def drop(self, reason: str) -> None:
        """End the session."""
        if not self._dropped.done():
            self._dropped.set_result(reason)

    async def serve(self, bodies: AsyncIterator[bytes]) -> str:
        """Answer until the client is gone, or too slow.

        Args:
            bodies: ends when the client says no more and still reads; raises OSError when it is
                gone, RequestError for what is no body.
        Returns: why the session was ended, nothing if the client ended it.
        """
        sender = asyncio.create_task(self._send_all())
        reader = asyncio.create_task(self._read_all(bodies))
        try:
            await asyncio.wait((sender, reader, self._dropped), return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._news.close()
            tasks = (sender, reader, *self._running)
            for task in tasks:
                task.cancel()
            outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, Exception) and not isinstance(outcome, OSError):
                raise outcome
        return self._dropped.result() if self._dropped.done() else ""

    async def _read_all(self, bodies: AsyncIterator[bytes]) -> None:
        try:
            async for body in bodies:
                await self._wait_for_room(len(body))
                task = asyncio.create_task(self._answer(body))
                self._running[task] = len(body)
                task.add_done_callback(self._running.pop)
        except RequestError as refused:
            self.tell(refuse_body(refused))
        await asyncio.gather(*self._running)
        await self._queue.join()

    async def _wait_for_room(self, size: int) -> None:
        while self._running and (
            len(self._running) >= MAX_RUNNING
            or sum(self._running.values()) + size > _MAX_RUNNING_BYTES
        ):
            await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)

    async def _answer(self, body: bytes) -> None:
        self._news.begin()
        answer = await self._service.handle(body, self._dispatcher)
        if answer is not None:
            self.tell(answer)
        self._news.release()

    async def _send_all(self) -> None:
        while True:
            message = await self._queue.get()
            await self._send(message)
            self._queued_bytes -= len(message)
            self._queue.task_done()
