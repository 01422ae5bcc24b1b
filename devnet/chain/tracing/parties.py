"""Party tracer: who calls, is called, creates and is created in a transaction; keeps no data."""

from devnet.chain.tracing.event import Begin, Enter, Tracer


class PartyTracer(Tracer):
    """Collects addresses, in the order in which they first take part."""

    def __init__(self) -> None:
        self._parties: dict[bytes, None] = {}

    def on_begin(self, event: Begin) -> None:
        self._parties |= dict.fromkeys((event.sender, event.to or event.created))

    def on_enter(self, event: Enter) -> None:
        self._parties |= dict.fromkeys((event.caller, event.target))

    @property
    def parties(self) -> tuple[bytes, ...]:
        return tuple(self._parties)
