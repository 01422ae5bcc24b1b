"""4-byte tracer: which functions were called, with how much call data beside the selector."""

from collections import Counter
from collections.abc import Container

from devnet.chain.tracing.event import CallKind, Enter, Tracer

_CALLS = (CallKind.CALL, CallKind.CALLCODE, CallKind.DELEGATECALL, CallKind.STATICCALL)


class FourByteTracer(Tracer):
    """Counts pairs of selector and bytes of arguments; Ethereum's precompiles have no selectors."""

    def __init__(self, interfaces: Container[bytes] = ()) -> None:
        """
        Args:
            interfaces: addresses of precompiles that do have them.
        """
        self._interfaces = interfaces
        self.counts: Counter[tuple[bytes, int]] = Counter()

    def on_enter(self, event: Enter) -> None:
        is_bare = event.is_precompile and event.target not in self._interfaces
        if event.kind in _CALLS and len(event.data) >= 4 and not is_bare:
            self.counts[event.data[:4], len(event.data) - 4] += 1
