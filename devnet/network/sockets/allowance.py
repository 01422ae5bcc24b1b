"""Allowance: how much one peer may send in a span of time before it counts as flooding."""

from dataclasses import dataclass

SPAN_S = 10.0
MAX_MESSAGES = 50_000  # in one span
MAX_BYTES = 1 << 30  # in one span; models are at most a sixteenth of it
MAX_FRAME_BYTES = 1 << 24  # of one message; blocks are smaller, models travel in parts


@dataclass(slots=True)
class Allowance:
    """What one peer has sent in the span that is running."""

    began_s: float
    messages: int = 0
    size_bytes: int = 0

    def spend(self, size_bytes: int, now_s: float) -> str:
        """Count one message; returns what is too much about it, empty if nothing is."""
        if now_s - self.began_s >= SPAN_S:
            self.began_s, self.messages, self.size_bytes = now_s, 0, 0
        self.messages += 1
        self.size_bytes += size_bytes
        if size_bytes > MAX_FRAME_BYTES:
            return f"a message of {size_bytes} bytes, at most {MAX_FRAME_BYTES}"
        if self.messages > MAX_MESSAGES:
            return f"more than {MAX_MESSAGES} messages in {SPAN_S:.0f} s"
        if self.size_bytes > MAX_BYTES:
            return f"more than {MAX_BYTES} bytes in {SPAN_S:.0f} s"
        return ""
