"""Flat traces: frames in order of entry, each with its place in the tree, as Parity listed them."""

from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass

from devnet.chain.tracing.call_tracer import CallFrame
from devnet.chain.tracing.event import CallKind

Rule = Callable[[CallFrame], bool]  # whether a frame inside another is shown


@dataclass(frozen=True, slots=True)
class FlatTrace:
    """One frame and where it stands."""

    frame: CallFrame
    address: tuple[int, ...]  # index of each frame on the way down from the outermost
    subtraces: int  # frames directly inside it


def flatten(top: CallFrame, is_shown: Rule) -> Iterator[FlatTrace]:
    """Frames that are shown, outermost first; those inside one that is not are not."""
    pending: list[tuple[CallFrame, tuple[int, ...]]] = [(top, ())]
    while pending:
        frame, address = pending.pop()
        shown = [call for call in frame.calls if is_shown(call)]
        yield FlatTrace(frame, address, len(shown))
        inside = [(call, (*address, index)) for index, call in enumerate(shown)]
        pending.extend(reversed(inside))


def show_every_frame(_: CallFrame) -> bool:
    return True


def build_parity_rule(interfaces: Container[bytes]) -> Rule:
    """Parity's: precompiles only if they are paid.

    Args:
        interfaces: addresses of precompiles that are shown like contracts.
    """
    return lambda frame: _is_contract(frame, interfaces) or bool(frame.value)


def build_geth_rule(interfaces: Container[bytes]) -> Rule:
    """That of geth's `flatCallTracer`: precompiles only if their code is borrowed."""
    hidden = (CallKind.CALL, CallKind.STATICCALL)
    return lambda frame: _is_contract(frame, interfaces) or frame.kind not in hidden


def _is_contract(frame: CallFrame, interfaces: Container[bytes]) -> bool:
    return not frame.is_precompile or frame.target in interfaces
