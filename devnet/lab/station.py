"""Station: a participant's place in a simulated network: sends go to the fabric, timers too."""

from collections.abc import Callable, Sequence

from devnet.consensus.participation.commit import Commit
from devnet.consensus.participation.host import Status, Wire
from devnet.consensus.participation.signing import Verifier
from devnet.consensus.tendermint.duplicate import Duplicate
from devnet.lab.payload import NodeTimer, Payload
from devnet.network.fabric import Fabric


class Station:
    """A transport in virtual time."""

    __slots__ = (
        *("_fabric", "_is_unwatched", "_observers", "_verifier"),
        *("addresses", "duplicates", "node", "others"),
    )

    def __init__(
        self,
        fabric: Fabric[Payload],
        node: int,
        addresses: Sequence[bytes],
        observers: Sequence[Callable[[int, Wire], None]] = (),
        verifier: Verifier | None = None,
    ) -> None:
        """A place in the network.

        Args:
            addresses: by node; twins share one.
            observers: see all that leaves, before it does.
            verifier: checks what a faulty node sends, once, as every recipient would; what honest
                code has signed needs no second look.
        """
        self.node = node
        self.others = tuple(other for other in range(len(addresses)) if other != node)
        self.duplicates: list[Duplicate] = []
        self._fabric = fabric
        self.addresses = addresses
        self._observers = tuple(observers)
        self._verifier = verifier
        self._is_unwatched = not observers and verifier is None

    def broadcast(self, message: Wire) -> None:
        """To every other node."""
        if self._is_unwatched or self._is_sound(message):
            self._fabric.send(self.node, self.others, message)

    def send(self, to: bytes, message: Wire) -> None:
        """To all nodes with this address, but not to oneself."""
        if self._is_sound(message):
            nodes = (other for other in self.others if self.addresses[other] == to)
            self._fabric.send(self.node, nodes, message)

    def schedule(self, timer: NodeTimer, delay_us: int) -> None:
        """Through the fabric's clock."""
        self._fabric.schedule(self.node, timer, delay_us)

    def _is_sound(self, message: Wire) -> bool:
        for observe in self._observers:
            observe(self.node, message)
        if self._verifier is None or isinstance(message, Status | Commit):
            return True
        return self._verifier.is_signed(message)

    def report(self, duplicate: Duplicate) -> None:
        """Keep it for the report."""
        self.duplicates.append(duplicate)
