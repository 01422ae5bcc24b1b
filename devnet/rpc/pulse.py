"""Looks every so often whether validators that are processes have decided a block unasked."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from devnet.errors import DevnetError

PERIOD_S = 0.25

_logger = logging.getLogger(__name__)


class Pulse:
    """Runs while a server does."""

    def __init__(self, follow: Callable[[], Awaitable[None]]) -> None:
        """
        Args:
            follow: takes over what was decided, in the writer thread.
        """
        self._follow = follow
        self._task = asyncio.get_running_loop().create_task(self._beat())

    def stop(self) -> None:
        self._task.cancel()

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(PERIOD_S)
            try:
                await self._follow()
            except DevnetError as fault:
                _logger.warning("cannot follow: %s", fault)
