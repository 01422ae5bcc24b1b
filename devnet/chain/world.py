"""World state of one validator: every root it has executed, opened as py-evm state.

The seam for another way to keep state: nothing outside this file and `state/` knows how it is done.
"""

from collections.abc import Iterable, Iterator, Sequence
from copy import copy
from typing import Any, cast

from eth.vm.execution_context import ExecutionContext
from eth_typing import Address, BlockNumber, Hash32

from devnet.chain.forks.fork import Fork
from devnet.chain.forks.schedule import DEFAULT_SCHEDULE, ForkSchedule
from devnet.chain.header import EMPTY_TRIE_ROOT, Header
from devnet.chain.history import History
from devnet.chain.keccak import bind_keccak
from devnet.chain.precompile import bind_state
from devnet.chain.predeploy import Predeploy
from devnet.chain.state.account import Account
from devnet.chain.state.archive import Archive
from devnet.chain.state.binding import bind_database
from devnet.chain.state.database import AccountDatabase
from devnet.chain.state.node_store import NodeStore
from devnet.chain.state.proof import AccountProof, prove_account
from precompiles.interface import Table


class World:
    """States by root; opening one copies nothing, and several may be open at once."""

    def __init__(
        self,
        table: Table,
        chain_id: int,
        schedule: ForkSchedule = DEFAULT_SCHEDULE,
        inference_from: int = 0,
        store: NodeStore | None = None,
        predeploys: tuple[Predeploy, ...] = (),
    ) -> None:
        """
        Args:
            inference_from: number of the first block that has the precompiles of `table`.
            store: where accepted states are kept beyond this process.
            predeploys: accounts that are there from that block on.
        """
        bind_keccak()
        self.chain_id = chain_id
        self.schedule = schedule
        self.table = table
        self.inference_from = inference_from
        self.predeploys = predeploys
        self._archive = Archive(store)
        self._state_classes: dict[tuple[Fork, bool], type[Any]] = {}

    def open(
        self,
        root: bytes,
        header: Header,
        ancestors: Iterable[bytes] = (),
        base_fee: int | None = None,
    ) -> Any:
        """State at `root`, executing in the block that `header` describes.

        What it changes is its own until `persist`, which makes the new root one to open.

        Args:
            ancestors: hashes of earlier blocks, latest first, for BLOCKHASH.
            base_fee: in wei per gas, instead of the header's.
        Raises: KeyError if this root was not persisted here, or was forgotten.
        """
        context = build_context(self.chain_id, header, ancestors, base_fee)
        return self._bind(header)(AccountDatabase(self._archive, root), context)

    def branch(self) -> "World":
        """A world with the same states; what is persisted in it, only it can open."""
        branch = copy(self)
        branch._archive = self._archive.branch()
        return branch

    def freeze(self) -> "World":
        """The same states, which stay when this world forgets them; copies nothing."""
        frozen = copy(self)
        frozen._archive = self._archive.freeze()
        return frozen

    def has_inference(self, number: int) -> bool:
        """Whether a block has our precompiles, and their root in its `extraData`."""
        return bool(self.table) and number >= self.inference_from

    def open_empty(self, header: Header) -> Any:
        """The empty state, to build a genesis in."""
        return self.open(EMPTY_TRIE_ROOT, header)

    def has_root(self, root: bytes) -> bool:
        """Whether a state can be opened."""
        return root in self._archive

    def keep(self, block: Header, block_hash: bytes) -> None:
        """Write the state after an accepted block to the store, if there is one.

        Raises: StoreError.
        """
        self._archive.keep(block.state_root, block.number, block_hash)

    def find_kept(self, history: History) -> int | None:
        """Number of the latest block of a chain whose state was kept here before.

        Raises: StoreError.
        """
        store = self._archive.store
        for number, block_hash in store.iterate_accepted() if store else ():
            if number <= history.head.header.number and history.get_hash(number) == block_hash:
                return number
        return None

    def rewind(self, number: int) -> None:
        """Forget that blocks above `number` were kept. Raises: StoreError."""
        if self._archive.store is not None:
            self._archive.store.rewind(number)

    def close(self) -> None:
        """Let go of the store."""
        if self._archive.store is not None:
            self._archive.store.close()

    def forget(self, roots: Iterable[bytes]) -> None:
        """Let go of states; what others share with them stays."""
        self._archive.forget(roots)

    def prove(self, root: bytes, address: bytes, slots: Sequence[int] = ()) -> AccountProof:
        """An account, some of its words, and the proofs against the root. Raises: KeyError."""
        return prove_account(self._archive.get_state(root), address, slots)

    def find_code(self, code_hash: bytes) -> bytes:
        """Code that any state knows by this hash; nothing if none does."""
        try:
            return self._archive.get_code(code_hash)
        except KeyError:
            return b""

    def iterate_changed(self, old_root: bytes, new_root: bytes) -> Iterator[bytes]:
        """Addresses of accounts that are in the new state otherwise than in the old."""
        return self._archive.iterate_changed(old_root, new_root)

    def iterate_accounts(self, root: bytes) -> Iterator[tuple[bytes, Account]]:
        """Address and account of everything in a state. Raises: KeyError."""
        return self._archive.iterate_accounts(root)

    def iterate_words(self, account: Account) -> Iterator[tuple[int, int]]:
        """Slots and words of an account."""
        return self._archive.iterate_words(account)

    def iterate_nodes(self) -> Iterator[tuple[bytes, bytes]]:
        """Hash and bytes of every trie node and code: what a database of any client would hold."""
        return self._archive.iterate_nodes()

    def _bind(self, header: Header) -> type[Any]:
        fork, has_inference = self.schedule.find_fork(header), self.has_inference(header.number)
        bound = self._state_classes.get((fork, has_inference))
        if bound is None:
            table = self.table if has_inference else {}
            bound = bind_database(bind_state(table, self.schedule.get_rules(fork)))
            self._state_classes[fork, has_inference] = bound
        return bound


def build_context(
    chain_id: int, header: Header, ancestors: Iterable[bytes], base_fee: int | None
) -> ExecutionContext:
    """What opcodes see of the block."""
    return ExecutionContext(
        coinbase=Address(header.coinbase),
        timestamp=header.timestamp,
        block_number=BlockNumber(header.number),
        difficulty=header.difficulty,
        mix_hash=Hash32(header.mix_hash),
        gas_limit=header.gas_limit,
        prev_hashes=cast(Iterable[Hash32], ancestors),
        chain_id=chain_id,
        base_fee_per_gas=header.base_fee_per_gas if base_fee is None else base_fee,
        excess_blob_gas=header.excess_blob_gas,
    )
