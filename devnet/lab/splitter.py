"""Splitter: colluding validators under one adversary that sees all messages.

It shows each side of a divided network its own truth: two values from a colluding proposer, and
the votes of all colluders for whatever a side says. With enough power this forks.
"""

from collections.abc import Mapping, Sequence

from devnet.consensus.participation.commit import Commit
from devnet.consensus.participation.host import Status, Wire
from devnet.consensus.participation.signing import Signer
from devnet.consensus.proposer import Rotation
from devnet.consensus.tendermint.message import NO_ROUND, Precommit, Prevote, Proposal
from devnet.consensus.vote import NIL
from devnet.lab.payload import Payload
from devnet.lab.values import make_value
from devnet.network.fabric import Fabric


class Splitter:
    """One mind, many keys; it follows no protocol and is bound by no lock."""

    def __init__(
        self,
        fabric: Fabric[Payload],
        members: Mapping[int, tuple[bytes, Signer]],
        sides: Sequence[Sequence[int]],
        rotation: Rotation,
    ) -> None:
        """`members` are the colluders by node, `sides` the nodes that are told one story each."""
        self._fabric, self._members, self._sides = fabric, dict(members), tuple(map(tuple, sides))
        self._rotations = [rotation]  # by height - 1
        self._backed: dict[tuple[int, int, int, bytes], None] = {}  # side, height, round, value
        self.sent: list[tuple[int, Wire]] = []

    def start(self) -> None:
        """Propose at the first height if it is a colluder's turn."""
        for side in range(len(self._sides)):
            self._propose(side, 1, 0)

    def observe(self, sender: int, message: Wire) -> None:
        """Answer what an honest node says, to its side only."""
        if isinstance(message, Status | Commit) or sender in self._members:
            return
        for side, nodes in enumerate(self._sides):
            if sender in nodes:
                self._back(side, message.height, message.round, message.value)
                if message.value == NIL:
                    self._propose(side, message.height, message.round + 1)
                elif isinstance(message, Precommit):
                    self._propose(side, message.height + 1, 0)

    def _propose(self, side: int, height: int, round_: int) -> None:
        while len(self._rotations) < height:
            self._rotations.append(self._rotations[-1].advance())
        proposer = self._rotations[height - 1].get_proposer(round_)
        for node, (address, signer) in self._members.items():
            if address == proposer:
                value = make_value(node, height, round_, variant=side)
                proposal = Proposal(height, round_, value, NO_ROUND, address)
                if self._is_new(side, height, round_, b"proposal"):
                    self._send(node, side, signer.sign(proposal))
                    self._back(side, height, round_, value)

    def _back(self, side: int, height: int, round_: int, value: bytes) -> None:
        if not self._is_new(side, height, round_, value):
            return
        for node, (address, signer) in self._members.items():
            prevote = Prevote(height, round_, value, NO_ROUND, address)
            self._send(node, side, signer.sign(prevote))
            self._send(node, side, signer.sign(Precommit(height, round_, value, NIL, address)))

    def _is_new(self, side: int, height: int, round_: int, what: bytes) -> bool:
        place = (side, height, round_, what)
        return place not in self._backed and self._backed.setdefault(place) is None

    def _send(self, node: int, side: int, message: Wire) -> None:
        self.sent.append((node, message))
        self._fabric.send(node, self._sides[side], message)
