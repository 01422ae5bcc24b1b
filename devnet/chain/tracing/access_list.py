"""Access-list tracer: addresses and slots that a transaction would gain from naming (EIP-2930)."""

from collections.abc import Iterable

from devnet.chain.tracing.event import Begin, Touch, Tracer
from devnet.chain.tracing.touching import CREATE, CREATE2, PRECOMPILE


class AccessListTracer(Tracer):
    """Collects what is touched; addresses that are warm anyway appear only with slots."""

    wants_touches = True

    def __init__(self, warm: Iterable[bytes], known: Iterable[tuple[bytes, Iterable[int]]]) -> None:
        """
        Args:
            warm: addresses that are warm without being named, but for sender and recipient.
            known: what is in the list already.
        """
        self._warm = set(warm)
        self._slots: dict[bytes, dict[int, None]] = {
            address: dict.fromkeys(slots) for address, slots in known if address not in self._warm
        }

    def on_begin(self, event: Begin) -> None:
        self._warm |= {event.sender, event.to or event.created, *event.authorities}
        for address in self._warm & set(self._slots):
            if not self._slots[address]:
                del self._slots[address]

    def on_touch(self, event: Touch) -> None:
        if event.code == PRECOMPILE:
            return  # it pays the same for what is warm
        if event.slot is not None:
            self._slots.setdefault(event.address, {})[event.slot] = None
        elif event.code not in (CREATE, CREATE2) and event.address not in self._warm:
            self._slots.setdefault(event.address, {})

    def build(self) -> tuple[tuple[bytes, tuple[int, ...]], ...]:
        """The list, in order of address and slot."""
        return tuple(
            (address, tuple(sorted(slots))) for address, slots in sorted(self._slots.items())
        )
