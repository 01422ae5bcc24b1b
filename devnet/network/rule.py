"""Rules of the network: what happens to one message on one link.

| verdict         | means                                            |
|-----------------|--------------------------------------------------|
| `PASS`          | this rule has nothing to say; the next is asked  |
| `DROP`          | the message is lost                              |
| `(delay, ...)`  | a copy arrives after each delay, in microseconds |

Rules are asked in order and the first verdict wins. Payloads are opaque.
"""

from dataclasses import dataclass
from typing import Final, Protocol, TypeAlias

from devnet.streams import Stream

Verdict: TypeAlias = tuple[int, ...] | None
PASS: Final[Verdict] = None
DROP: Final[Verdict] = ()


@dataclass(slots=True)
class Link:
    """Where a message goes; one object is filled in again for every message."""

    sender: int
    recipient: int
    now_us: int
    payload: object


class Rule(Protocol):
    """Judges messages; draws all its randomness from the stream it is given."""

    def judge(self, link: Link, stream: Stream) -> Verdict:
        """What happens to this message on this link."""
