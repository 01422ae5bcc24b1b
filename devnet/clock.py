"""The clock of this machine: the one place that reads it; who needs time is given a `Clock`.

Nothing that reaches a block may use it: block timestamps are logical, they follow the block number.
"""

import time
from collections.abc import Callable
from typing import TypeAlias

Clock: TypeAlias = Callable[[], float]  # seconds since some moment; never goes back


def read_clock() -> float:
    """Seconds since this machine started, or any other moment that does not change."""
    return time.monotonic()
