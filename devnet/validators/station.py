"""Station: a participant's place in the cluster's network; blocks travel beside their names."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from devnet.consensus.participation.commit import Commit
from devnet.consensus.participation.host import NextHeight, Retry, Wire
from devnet.consensus.tendermint import message
from devnet.consensus.tendermint.duplicate import Duplicate
from devnet.consensus.tendermint.event import TimedOut
from devnet.network.fabric import Fabric
from devnet.validators.agreement.statement import Due, Said
from devnet.validators.faults.disguise import Held
from devnet.validators.proposal import Proposal, hide_outputs


@dataclass(frozen=True, slots=True)
class Letter:
    """A message and the block that it names, if the sender has it."""

    message: Wire
    body: Proposal | None


@dataclass(frozen=True, slots=True)
class Slip:
    """A statement before the vote, and the block whose outputs are shown with it."""

    said: Said
    body: Proposal | None


@dataclass(frozen=True, slots=True)
class Wake:
    """A validator that was down or paused goes on."""


@dataclass(frozen=True, slots=True, eq=False)
class Stop:
    """The time of a run is over."""


NodeTimer: TypeAlias = TimedOut | NextHeight | Retry | Held | Wake | Due
Payload: TypeAlias = Letter | Slip | NodeTimer | Stop


class Station:
    """A transport in virtual time."""

    __slots__ = ("_addresses", "_fabric", "_find_body", "_hides", "_node", "_on_duplicate",
                 "_on_said", "_others")  # fmt: skip

    def __init__(
        self,
        fabric: Fabric[Payload],
        node: int,
        addresses: Sequence[bytes],
        find_body: Callable[[bytes], Proposal | None],
        on_said: Callable[[Wire], None],
        on_duplicate: Callable[[Duplicate], None],
        hides_outputs: bool = False,
    ) -> None:
        """A place in the network.

        Args:
            addresses: by node.
            on_said: sees all that leaves, before it does.
            on_duplicate: is told when somebody said two things.
            hides_outputs: whether blocks are proposed without what executing them gave.
        """
        self._fabric, self._node, self._addresses = fabric, node, tuple(addresses)
        self._others = tuple(other for other in range(len(addresses)) if other != node)
        self._find_body, self._on_said, self._on_duplicate = find_body, on_said, on_duplicate
        self._hides = hides_outputs

    def broadcast(self, message: Wire) -> None:
        """To every other node."""
        self._fabric.send(self._node, self._others, self._seal(message))

    def send(self, to: bytes, message: Wire) -> None:
        """To the node with this address."""
        self._fabric.send(self._node, (self._addresses.index(to),), self._seal(message))

    def tell(self, said: Said, value: bytes | None) -> None:
        """A statement to every other node, with the outputs of a value's block."""
        body = None if value is None else self._find_body(value)
        self._fabric.send(self._node, self._others, Slip(said, body))

    def schedule(self, timer: NodeTimer, delay_us: int) -> None:
        """Through the fabric's clock."""
        self._fabric.schedule(self._node, timer, delay_us)

    def report(self, duplicate: Duplicate) -> None:
        """Somebody said two things."""
        self._on_duplicate(duplicate)

    def _seal(self, said: Wire) -> Letter:
        self._on_said(said)
        if not isinstance(said, message.Proposal | Commit):
            return Letter(said, None)
        body = self._find_body(said.value)
        if body is not None and self._hides and isinstance(said, message.Proposal):
            body = hide_outputs(body)
        return Letter(said, body)
