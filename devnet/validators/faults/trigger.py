"""Triggers: when a fault shows.

    never | always | random(P)   then, in any order   at heights 3,7-9   at rounds 0-1
                                                      at calls 0,2-      at models b1f2,bafk
    height>=N                    short for            at heights N-

Without places a trigger holds everywhere; `at heights 5-` has no end. Calls count the inferences
of a block from 0; models are beginnings of ids, in hex or as CIDs. Both are for inferences only.
"""

import re
from dataclasses import dataclass
from decimal import Decimal

from devnet.errors import ConfigError
from devnet.streams import Stream
from precompiles.digest import encode_cid

FOREVER = 2**63 - 1
Spans = tuple[tuple[int, int], ...]
_FORM = re.compile(
    r"(?P<chance>never|always|random\((?P<p>[01](?:\.[0-9]{1,3})?|\.[0-9]{1,3})\))?"
    r"(?P<places>(?:\s*at (?:(?:heights|rounds|calls) [0-9, -]+|models [0-9a-z, ]+?))*)"
)
_PLACE = re.compile(r"at (heights|rounds|calls|models) ((?:(?!\bat\b)[0-9a-z, -])+)")
_MODEL = re.compile(r"[0-9a-f]{1,64}|b(a(f(k(r(e(i[a-z2-7]{0,52})?)?)?)?)?)?")  # hex, CID
_SHORT = re.compile(r"height>=([0-9]+)")
_ANYWHERE: Spans = ((0, FOREVER),)


@dataclass(frozen=True, slots=True)
class Trigger:
    """Chance and places; spans include both ends."""

    permille: int = 1000  # how often, where it may
    heights: Spans = _ANYWHERE
    rounds: Spans = _ANYWHERE
    calls: Spans = _ANYWHERE
    models: tuple[str, ...] = ()  # any if empty

    @property
    def is_for_calls(self) -> bool:
        """Whether it picks single inferences."""
        return self.calls != _ANYWHERE or bool(self.models)

    def covers(self, height: int, round_: int) -> bool:
        """Whether it may hold there at all."""
        return self.permille > 0 and _is_in(height, self.heights) and _is_in(round_, self.rounds)

    def is_active(self, height: int, round_: int, stream: Stream) -> bool:
        """Whether it holds there now; draws only where chance decides."""
        if not self.covers(height, round_):
            return False
        return self.permille == 1000 or stream.is_drawn(self.permille)

    def picks(self, call: int, model_id: bytes) -> bool:
        """Whether it may hold for one inference."""
        if not _is_in(call, self.calls):
            return False
        names = (model_id.hex(), encode_cid(model_id)) if self.models else ()
        return not self.models or any(n.startswith(m) for n in names for m in self.models)

    def overlaps(self, other: "Trigger") -> bool:
        """Whether both may hold at one height and round, and for one inference."""
        pairs = [(a, b) for a in self.models for b in other.models]
        return (
            self.permille > 0
            and other.permille > 0
            and _meet(self.heights, other.heights)
            and _meet(self.rounds, other.rounds)
            and _meet(self.calls, other.calls)
            and (not pairs or any(a.startswith(b) or b.startswith(a) for a, b in pairs))
        )


ALWAYS = Trigger()
NEVER = Trigger(0)


def parse_trigger(text: str) -> Trigger:
    """Read a trigger as scenario files write it.

    Raises: ConfigError with the form.
    """
    short = _SHORT.fullmatch(text.strip())
    if short is not None:
        return Trigger(heights=((int(short[1]), FOREVER),))
    match = _FORM.fullmatch(text.strip())
    if match is None or not text.strip():
        raise ConfigError(
            f"trigger '{text}' is not of the form never | always | random(P) "
            "[at heights 3,7-9] [at rounds 0-1] [at calls 0-1] [at models b1f2], or height>=N"
        )
    permille = {"never": 0, "always": 1000, None: 1000}.get(match["chance"], -1)
    if permille < 0:
        permille = int(Decimal(match["p"]) * 1000)
    if permille > 1000:
        raise ConfigError(f"trigger '{text}': a probability is at most 1")
    spans: dict[str, Spans] = dict.fromkeys(("heights", "rounds", "calls"), _ANYWHERE)
    models: tuple[str, ...] = ()
    found = _PLACE.findall(match["places"])
    for name, listed in found:
        if sum(other == name for other, _ in found) > 1:
            raise ConfigError(f"trigger '{text}': {name} are given twice; join them by commas")
        items = listed.strip().split(",")
        if name == "models":
            models = tuple(_parse_model(item, text) for item in items)
        else:
            spans[name] = tuple(_parse_span(item, text) for item in items)
    return Trigger(permille, spans["heights"], spans["rounds"], spans["calls"], models)


def _parse_model(item: str, text: str) -> str:
    name = item.strip().removeprefix("0x")
    if not _MODEL.fullmatch(name):
        raise ConfigError(f"trigger '{text}': '{item.strip()}' does not begin a model id")
    return name


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


def _is_in(place: int, spans: Spans) -> bool:
    return any(first <= place <= last for first, last in spans)


def _meet(ours: Spans, theirs: Spans) -> bool:
    return any(a <= d and c <= b for a, b in ours for c, d in theirs)
