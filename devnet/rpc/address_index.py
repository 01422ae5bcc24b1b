"""Which transactions of a block an address takes part in, found by replaying the block once."""

from collections import OrderedDict
from collections.abc import Mapping

from devnet.chain.block import Execution
from devnet.chain.tracing.parties import PartyTracer
from devnet.node import Node
from devnet.rpc.replays import trace_block

MAX_BLOCKS = 4_096  # whose addresses are remembered
_Positions = Mapping[bytes, tuple[int, ...]]


class AddressIndex:
    """Remembers blocks by hash, so it serves any node and any moment; the oldest use goes first."""

    def __init__(self) -> None:
        self._blocks: OrderedDict[bytes, _Positions] = OrderedDict()

    def find(self, node: Node, block: Execution, address: bytes) -> tuple[int, ...]:
        """Positions of the transactions in which an address calls, is called or is created."""
        if not block.transactions:
            return ()
        known = self._blocks.get(block.hash)
        if known is None:
            known = self._blocks[block.hash] = _read(node, block)
            if len(self._blocks) > MAX_BLOCKS:
                self._blocks.popitem(last=False)
        return known.get(address, ())


def _read(node: Node, block: Execution) -> _Positions:
    tracers = [PartyTracer() for _ in block.transactions]
    trace_block(node, block, tracers)
    found: dict[bytes, list[int]] = {}
    for position, tracer in enumerate(tracers):
        for address in tracer.parties:
            found.setdefault(address, []).append(position)
    return {address: tuple(positions) for address, positions in found.items()}
