"""Flat traces: frames in order of entry, each with its place in the tree, as Parity listed them."""

from collections.abc import Container, Iterator
from dataclasses import dataclass

from devnet.chain.tracing.call_tracer import CallFrame


class _Everything:
    """Contains all addresses."""

    def __contains__(self, _: object) -> bool:
        return True


EVERYTHING: Container[bytes] = _Everything()


@dataclass(frozen=True, slots=True)
class FlatTrace:
    """One frame and where it stands."""

    frame: CallFrame
    address: tuple[int, ...]  # index of each frame on the way down from the outermost
    subtraces: int  # frames directly inside it


def flatten(top: CallFrame, interfaces: Container[bytes]) -> Iterator[FlatTrace]:
    """All frames, outermost first.

    Args:
        interfaces: addresses of precompiles that are shown like contracts; calls of others are
            left out unless they are the transaction or carry value.
    """
    pending: list[tuple[CallFrame, tuple[int, ...]]] = [(top, ())]
    while pending:
        frame, address = pending.pop()
        shown = [call for call in frame.calls if _is_shown(call, interfaces)]
        yield FlatTrace(frame, address, len(shown))
        inside = [(call, (*address, index)) for index, call in enumerate(shown)]
        pending.extend(reversed(inside))


def _is_shown(frame: CallFrame, interfaces: Container[bytes]) -> bool:
    return not frame.is_precompile or frame.target in interfaces or bool(frame.value)
