"""Budget of a trace: how much one request may hold of what it watched.

Counted in bytes as a tracer keeps them, not in time: the same trace is refused on every host.
"""

from devnet.errors import TraceTooLarge

MAX_TRACE_BYTES = 128 << 20
STEP_BYTES = 400  # an instruction without its stack
FRAME_BYTES = 600  # a frame without its data
WORD_BYTES = 32


class Budget:
    """What is left; the tracers of one request share one."""

    def __init__(self, limit_bytes: int = MAX_TRACE_BYTES) -> None:
        self._limit_bytes = limit_bytes
        self._left_bytes = limit_bytes

    def spend(self, size_bytes: int) -> None:
        """Raises: TraceTooLarge."""
        self._left_bytes -= size_bytes
        if self._left_bytes < 0:
            raise TraceTooLarge(
                f"the trace is larger than {self._limit_bytes:,} bytes; ask for less of it: a "
                "'limit', no memory, one transaction instead of a block, or another tracer"
            )
