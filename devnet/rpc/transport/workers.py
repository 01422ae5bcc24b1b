"""Threads that take work from an event loop in order, with a stack deep enough for the EVM.

They are daemons: a call that runs for long does not keep the process from ending.
"""

import asyncio
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, Generic, TypeVar

from devnet.rpc.limits import STACK_BYTES

T = TypeVar("T")


class _Job(Generic[T]):
    """A piece of work and who waits for it."""

    def __init__(self, work: Callable[[], T]) -> None:
        self._work = work
        self._loop = asyncio.get_running_loop()
        self.future: asyncio.Future[T] = self._loop.create_future()

    def run(self) -> None:
        if self.future.cancelled():
            return
        try:
            self._settle(self.future.set_result, self._work())
        except Exception as error:
            self._settle(self.future.set_exception, error)

    def _settle(self, settle: Callable[[Any], None], outcome: object) -> None:
        def finish() -> None:
            if not self.future.done():
                settle(outcome)

        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(finish)


class Workers:
    """So many threads over one queue."""

    def __init__(self, name: str, count: int) -> None:
        self._jobs: SimpleQueue[_Job[Any] | None] = SimpleQueue()
        self._threads = [
            threading.Thread(target=self._work, name=f"{name}-{index}", daemon=True)
            for index in range(count)
        ]
        before = threading.stack_size(STACK_BYTES)
        try:
            for thread in self._threads:
                thread.start()
        finally:
            threading.stack_size(before)

    def run(self, work: Callable[[], T]) -> asyncio.Future[T]:
        """What `work` returns or raises; called on the loop that waits for it.

        Cancelled before a thread took it, it is never run.
        """
        job = _Job(work)
        self._jobs.put(job)
        return job.future

    def stop(self, grace_s: float) -> bool:
        """Take nothing more. Returns: whether all that was taken is done within `grace_s`."""
        for _ in self._threads:
            self._jobs.put(None)
        for thread in self._threads:
            thread.join(grace_s)
        return not any(thread.is_alive() for thread in self._threads)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            job.run()
