"""World state of one validator: every root it has executed, opened as py-evm state.

The seam for another account database: nothing outside this file knows how state is kept.
"""

from collections.abc import Iterable
from typing import Any, cast

from eth.db.atomic import AtomicDB
from eth.db.backends.memory import MemoryDB
from eth.vm.execution_context import ExecutionContext
from eth_typing import Address, BlockNumber, Hash32

from devnet.chain.header import EMPTY_TRIE_ROOT, Header
from devnet.chain.precompile import bind_state
from precompiles.interface import Table


class World:
    """States by root; opening one copies nothing."""

    def __init__(self, table: Table, chain_id: int) -> None:
        self.chain_id = chain_id
        self._db = AtomicDB(MemoryDB())
        self._state_class = bind_state(table)

    def open(
        self,
        root: bytes,
        header: Header,
        ancestors: Iterable[bytes] = (),
        base_fee: int | None = None,
    ) -> Any:
        """State at `root`, executing in the block that `header` describes.

        Args:
            ancestors: hashes of earlier blocks, latest first, for BLOCKHASH.
            base_fee: in wei per gas, instead of the header's.
        """
        context = ExecutionContext(
            coinbase=Address(header.coinbase),
            timestamp=header.timestamp,
            block_number=BlockNumber(header.number),
            difficulty=0,
            mix_hash=Hash32(header.mix_hash),
            gas_limit=header.gas_limit,
            prev_hashes=cast(Iterable[Hash32], ancestors),
            chain_id=self.chain_id,
            base_fee_per_gas=header.base_fee_per_gas if base_fee is None else base_fee,
            excess_blob_gas=header.excess_blob_gas,
        )
        return self._state_class(self._db, context, Hash32(root))

    def open_empty(self, header: Header) -> Any:
        """The empty state, to build a genesis in."""
        return self.open(EMPTY_TRIE_ROOT, header)
