"""Our precompiles under EELS: run here, with the validator's own engine, on the worker's state."""

from collections.abc import Callable
from typing import Any

from devnet.chain.eels.wire import Message
from precompiles.errors import Fatal, Halt, Revert, WriteProtection
from precompiles.interface import InferenceCall, Meter, Table

Exchange = Callable[[Message], Message]


class RemoteFrame:
    """A `StateView` over a frame in the worker; what is written goes back last."""

    def __init__(self, call: Message, exchange: Exchange) -> None:
        self._exchange = exchange
        self._is_static = bool(call["isStatic"])
        self.caller = bytes.fromhex(call["caller"])
        self.address = bytes.fromhex(call["storage"])
        self.effects: list[list[Any]] = []
        self.recorded: InferenceCall | None = None
        self._stored: dict[int, int] = {}

    def load(self, address: bytes, slot: int) -> int:
        if address == self.address and slot in self._stored:
            return self._stored[slot]
        question = {"kind": "read", "address": address.hex(), "slot": hex(slot)}
        return int(self._exchange(question)["word"], 16)

    def store(self, slot: int, value: int) -> None:
        self._require_mutable()
        self._stored[slot] = value
        self.effects.append(["store", hex(slot), hex(value)])

    def log(self, topics: tuple[bytes, ...], data: bytes) -> None:
        self._require_mutable()
        self.effects.append(["log", [topic.hex() for topic in topics], data.hex()])

    def record(self, call: InferenceCall) -> None:
        self.recorded = call

    def _require_mutable(self) -> None:
        if self._is_static:
            raise WriteProtection("state change in a static call")


class Calls:
    """The calls of one block."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self.recorded: dict[int, InferenceCall] = {}  # by number of the call
        self.fault: Fatal | None = None  # why there is no result

    def serve(self, call: Message, exchange: Exchange) -> Message:
        """The outcome of one call, as the frame takes it."""
        _, run = self._table[bytes.fromhex(call["address"])]
        meter, frame = Meter(call["gas"]), RemoteFrame(call, exchange)
        try:
            output = run(bytes.fromhex(call["data"]), meter, frame)
        except Revert as stop:
            answer = {"kind": "revert", "gas": meter.used, "data": stop.data.hex()}
        except Halt as stop:
            answer = {"kind": "halt", "reason": str(stop)}
        except Fatal as fault:
            self.fault = fault
            answer = {"kind": "fatal"}
        else:
            gas, effects = meter.used, frame.effects
            answer = {"kind": "output", "gas": gas, "data": output.hex(), "effects": effects}
        if frame.recorded is not None:
            self.recorded[call["number"]] = frame.recorded
        return answer
