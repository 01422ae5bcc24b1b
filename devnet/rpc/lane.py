"""Where a method runs when a server has threads; in process a call runs where it is made."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from devnet.rpc.dispatch import Method


class Lane(Enum):
    """What a method may do decides where it runs."""

    QUICK = "quick"  # where requests arrive, at once: constant time, waits for nothing
    READ = "read"  # in one of several threads, on a frozen node
    WRITE = "write"  # in the one thread that changes the node, in order of arrival


@dataclass(frozen=True, slots=True)
class Routed:
    """A method and its lane; a method without one is a READ."""

    method: Method
    lane: Lane


def route(method: Method | Routed) -> Routed:
    """The method with its lane."""
    return method if isinstance(method, Routed) else Routed(method, Lane.READ)


def quick(method: Method) -> Routed:
    """For answers in constant time from what is at hand."""
    return Routed(method, Lane.QUICK)


def write(method: Method) -> Routed:
    """For everything that changes the node."""
    return Routed(method, Lane.WRITE)
