"""Transfer tracer: events of a transaction, and its payments as if a token had moved (ERC-7528)."""

from devnet.chain.block import Log
from devnet.chain.tracing.event import CallKind, Emitted, Enter, Exit, Tracer

TRANSFER_TOPIC = bytes.fromhex("ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef")
ETHER_ADDRESS = b"\xee" * 20
_BORROWED = (CallKind.DELEGATECALL, CallKind.CALLCODE)  # nothing is paid


class TransferTracer(Tracer):
    """Collects what frames that succeed emit and pay, in order."""

    def __init__(self, wants_transfers: bool) -> None:
        self.logs: list[Log] = []
        self._wants_transfers = wants_transfers
        self._marks: list[int] = []  # length of `logs` when each open frame began

    def on_enter(self, event: Enter) -> None:
        self._marks.append(len(self.logs))
        if self._wants_transfers and event.value and event.kind not in _BORROWED:
            parties = (event.caller.rjust(32, b"\0"), event.target.rjust(32, b"\0"))
            amount = event.value.to_bytes(32, "big")
            self.logs.append(Log(ETHER_ADDRESS, (TRANSFER_TOPIC, *parties), amount))

    def on_exit(self, event: Exit) -> None:
        mark = self._marks.pop()
        if event.failure is not None:
            del self.logs[mark:]

    def on_log(self, event: Emitted) -> None:
        topics = tuple(topic.to_bytes(32, "big") for topic in event.topics)
        self.logs.append(Log(event.address, topics, event.data))
