"""The next block as its first proposer would make it now: what clients call the pending block."""

from collections.abc import Sequence
from dataclasses import dataclass

from devnet.chain.block import Execution
from devnet.chain.execution import execute_block
from devnet.chain.transaction import Transaction
from devnet.chain.world import World
from devnet.validators.cluster import Cluster
from devnet.validators.proposal import build_template
from devnet.validators.proposer import Select


@dataclass(frozen=True, slots=True)
class Draft:
    """A block that nobody has proposed, and a world of its own that can open its state."""

    block: Execution
    world: World
    ancestors: Sequence[bytes]  # hashes of the blocks before it, latest first


@dataclass(frozen=True, slots=True)
class _Source:
    """All that a draft depends on."""

    parent_hash: bytes
    timestamp: int
    waiting: tuple[Transaction, ...]


class Drafts:
    """Keeps the last draft, for as long as the next one would be the same."""

    def __init__(self) -> None:
        self._kept: tuple[_Source, Draft] | None = None

    def get(
        self,
        cluster: Cluster,
        select: Select,
        waiting: tuple[Transaction, ...],
        timestamp: int,
        ancestors: Sequence[bytes],
    ) -> Draft:
        """The draft on a cluster's head; what cannot be executed now is left out.

        Args:
            select: picks executable ones of `waiting`, given account nonces.
            ancestors: hashes of decided blocks, latest first.
        """
        source = _Source(ancestors[0], timestamp, waiting)
        kept = self._kept
        if kept is None or kept[0] != source:
            kept = source, _draft(cluster, select, timestamp, ancestors)
            self._kept = kept
        return kept[1]


def _draft(cluster: Cluster, select: Select, timestamp: int, ancestors: Sequence[bytes]) -> Draft:
    world, parent = cluster.world.branch(), cluster.head
    last_commit = cluster.find_certificate(parent.number)
    proposer = cluster.get_proposer(parent.number + 1)
    template = build_template(
        *(parent, ancestors[0], last_commit, proposer, timestamp), world.schedule
    )
    chosen = select(world.open(parent.state_root, template).get_nonce)
    block = execute_block(world, parent, template, chosen, ancestors, _leave)
    return Draft(block, world, ancestors)


def _leave(transaction: Transaction, reason: Exception) -> None:
    """It waits for another block, or for its sender to give it up."""
