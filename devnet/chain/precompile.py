"""Binds our precompile table to the rules of a fork by a fresh subclass per chain.

The one adapter: py-evm's computation on one side, `precompiles.interface` on the other.
"""

from collections.abc import Iterator
from typing import Any

from eth.abc import ComputationAPI
from eth.exceptions import Revert as EvmRevert
from eth.exceptions import VMError
from eth.exceptions import WriteProtection as EvmWriteProtection

from devnet.chain.forks.rules import Rules
from devnet.chain.forks.schedule import DEFAULT_RULES
from devnet.chain.forks.vm import build_state_class
from precompiles.errors import Halt, Revert, WriteProtection
from precompiles.interface import InferenceCall, Meter, Precompile, Table

_CALL = "inference_call"  # attribute on the computation that ran a model


class Frame:
    """`precompiles.interface.StateView` over one running computation."""

    __slots__ = ("_computation",)

    def __init__(self, computation: Any) -> None:
        self._computation = computation

    @property
    def caller(self) -> bytes:
        sender: bytes = self._computation.msg.sender
        return sender

    @property
    def address(self) -> bytes:
        address: bytes = self._computation.msg.storage_address
        return address

    def load(self, address: bytes, slot: int) -> int:
        value: int = self._computation.state.get_storage(address, slot)
        return value

    def store(self, slot: int, value: int) -> None:
        self._require_mutable()
        self._computation.state.set_storage(self.address, slot, value)

    def log(self, topics: tuple[bytes, ...], data: bytes) -> None:
        self._require_mutable()
        words = [int.from_bytes(topic, "big") for topic in topics]
        self._computation.add_log_entry(self.address, words, data)

    def record(self, call: InferenceCall) -> None:
        setattr(self._computation, _CALL, call)

    def _require_mutable(self) -> None:
        if self._computation.msg.is_static:
            raise WriteProtection("state change in a static call")


def adapt(name: str, run: Precompile) -> Any:
    """py-evm's view of a precompile; `Fatal` passes through the EVM untouched."""

    def precompile(computation: Any) -> ComputationAPI:
        meter = Meter(computation.get_gas_remaining())
        try:
            output = run(computation.msg.data_as_bytes, meter, Frame(computation))
        except Revert as stop:
            computation.consume_gas(meter.used, reason=name)
            computation.output = stop.data
            raise EvmRevert(stop.data) from stop
        except WriteProtection as stop:
            raise EvmWriteProtection(str(stop)) from stop
        except Halt as stop:
            raise VMError(f"{name}: {stop}") from stop
        computation.consume_gas(meter.used, reason=name)
        computation.output = output
        return computation  # type: ignore[no-any-return]

    return precompile


def bind_state(table: Table, rules: Rules = DEFAULT_RULES) -> type[Any]:
    """A state class with these precompiles; two chains never share one."""
    state = build_state_class(rules)
    upstream = state.computation_class
    ours = {address: adapt(name, run) for address, (name, run) in table.items()}
    merged: dict[Any, Any] = {**upstream.get_precompiles(), **ours}
    # py-evm's SELFDESTRUCT warns first; where warnings are errors that would change the outcome
    opcodes = {code: getattr(run, "__wrapped__", run) for code, run in upstream.opcodes.items()}
    members = {"_precompiles": merged, "opcodes": opcodes}
    computation = type("DevnetComputation", (upstream,), members)
    return type("DevnetState", (state,), {"computation_class": computation})


def get_inference(computation: Any) -> InferenceCall | None:
    """The model call that this computation, not one inside it, was."""
    return getattr(computation, _CALL, None)


def walk_inferences(computation: Any) -> Iterator[tuple[InferenceCall, bool]]:
    """Model calls of a transaction in order of execution, each with whether it was undone."""
    pending = [(computation, False)]
    while pending:
        frame, undone = pending.pop()
        undone = undone or frame.is_error
        call = get_inference(frame)
        if call is not None:
            yield call, undone
        pending.extend((child, undone) for child in reversed(frame.children))
