"""Triggers: when a fault shows.

    never | always | random(P)   then, in any order   at heights 3,7-9   at rounds 0-1

Without places a trigger holds everywhere; `at heights 5-` has no end, `height>=5` is short for it.
"""

import re
from dataclasses import dataclass
from decimal import Decimal

from devnet.errors import ConfigError
from devnet.streams import Stream

FOREVER = 2**63 - 1
_FORM = re.compile(
    r"(?P<chance>never|always|random\((?P<p>[01](?:\.[0-9]{1,3})?|\.[0-9]{1,3})\))?"
    r"(?P<places>(?:\s*at (?:heights|rounds) [0-9, -]+)*)"
)
_SINCE = re.compile(r"height>=([0-9]+)")
_PLACE = re.compile(r"at (heights|rounds) ([0-9, -]+)")
_ANYWHERE = ((0, FOREVER),)


@dataclass(frozen=True, slots=True)
class Trigger:
    """Chance and places; spans include both ends."""

    permille: int = 1000  # how often, where it may
    heights: tuple[tuple[int, int], ...] = _ANYWHERE
    rounds: tuple[tuple[int, int], ...] = _ANYWHERE

    def covers(self, height: int, round_: int) -> bool:
        """Whether it may hold there at all."""
        return (
            self.permille > 0
            and any(first <= height <= last for first, last in self.heights)
            and any(first <= round_ <= last for first, last in self.rounds)
        )

    def is_active(self, height: int, round_: int, stream: Stream) -> bool:
        """Whether it holds there now; draws only where chance decides."""
        if not self.covers(height, round_):
            return False
        return self.permille == 1000 or stream.is_drawn(self.permille)

    def overlaps(self, other: "Trigger") -> bool:
        """Whether both may hold at one height and round."""
        return (
            self.permille > 0
            and other.permille > 0
            and _meet(self.heights, other.heights)
            and _meet(self.rounds, other.rounds)
        )


ALWAYS = Trigger()
NEVER = Trigger(0)


def parse_trigger(text: str) -> Trigger:
    """Read a trigger as scenario files write it.

    Raises: ConfigError with the form.
    """
    since = _SINCE.fullmatch(text.strip())
    if since is not None:
        return Trigger(heights=((int(since[1]), FOREVER),))
    match = _FORM.fullmatch(text.strip())
    if match is None or not text.strip():
        raise ConfigError(
            f"trigger '{text}' is not of the form never | always | random(P) "
            "[at heights 3,7-9] [at rounds 0-1]"
        )
    permille = {"never": 0, "always": 1000, None: 1000}.get(match["chance"], -1)
    if permille < 0:
        permille = int(Decimal(match["p"]) * 1000)
    if permille > 1000:
        raise ConfigError(f"trigger '{text}': a probability is at most 1")
    spans: dict[str, tuple[tuple[int, int], ...]] = {"heights": _ANYWHERE, "rounds": _ANYWHERE}
    for name, listed in _PLACE.findall(match["places"]):
        spans[name] = tuple(_parse_span(span, text) for span in listed.strip().split(","))
    return Trigger(permille, spans["heights"], spans["rounds"])


def _parse_span(span: str, text: str) -> tuple[int, int]:
    first, dash, last = (part.strip() for part in span.partition("-"))
    if not first or " " in first or " " in last:
        raise ConfigError(f"trigger '{text}': '{span.strip()}' is neither N, N-M nor N-")
    if not dash:
        return int(first), int(first)
    end = int(last) if last else FOREVER
    if end < int(first):
        raise ConfigError(f"trigger '{text}': {span.strip()} ends before it begins")
    return int(first), end


def _meet(ours: tuple[tuple[int, int], ...], theirs: tuple[tuple[int, int], ...]) -> bool:
    return any(a <= d and c <= b for a, b in ours for c, d in theirs)
