"""A chain without validators, for tests of execution, and py-evm's own chain beside it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import pytest
import rlp
from eth.consensus.context import ConsensusContext
from eth.db.atomic import AtomicDB
from eth.db.backends.memory import MemoryDB
from eth.db.chain import ChainDB
from eth.vm.chain_context import ChainContext
from eth.vm.forks.prague import PragueVM
from eth.vm.forks.prague.blocks import PragueBlock, PragueBlockHeader
from eth.vm.forks.prague.transactions import PragueTransactionBuilder
from eth_account import Account

from devnet.chain.account import derive_accounts
from devnet.chain.block import Execution
from devnet.chain.call import Call, CallResult, execute_call
from devnet.chain.estimation import estimate_gas
from devnet.chain.execution import Leave, execute_block
from devnet.chain.fee import compute_base_fee
from devnet.chain.genesis import build_genesis
from devnet.chain.header import Header, compute_header_hash, encode_header
from devnet.chain.precompile import bind_state
from devnet.chain.transaction import Transaction, decode_transaction
from devnet.chain.world import World
from devnet.config import Config
from devnet.streams import draw
from precompiles.engine.local import LocalEngine
from precompiles.interface import Table
from precompiles.models.store import MemoryStore
from precompiles.table import build_table
from tests.chain.suite import SUITE, Suite

COINBASE = bytes.fromhex("c0" * 20)


class Bench:
    """One world in which blocks are executed one after another."""

    def __init__(self, codes: dict[bytes, bytes] | None = None, extra: Table | None = None) -> None:
        self.config = Config()
        self.accounts = derive_accounts(self.config.mnemonic, 10)
        self.store = MemoryStore()
        self.table = {
            **build_table(LocalEngine(self.store), self.config.schedule),
            **(extra or {}),
        }
        self.world = World(self.table, self.config.chain_id)
        funded = [account.address for account in self.accounts]
        genesis = build_genesis(self.world, self.config, funded, sorted(self.table), bytes(32))
        self.head = self._place(genesis, codes or {})
        self.hashes = [compute_header_hash(self.head)]
        self.genesis = self.head
        self._nonces = dict.fromkeys(range(10), 0)

    def sign(self, account: int = 0, **fields: Any) -> bytes:
        """Raw bytes of a transaction, by eth_account; what is not given is valid.

        Args:
            fields: as JSON-RPC names them; `nonce` counts up by itself.
        """
        if "nonce" not in fields:
            fields["nonce"] = self._nonces[account]
            self._nonces[account] += 1
        fields = {"gas": 100_000, "value": 0, "data": b"", "chainId": 31337, **fields}
        if "gasPrice" not in fields:
            fields = {"maxFeePerGas": 10**10, "maxPriorityFeePerGas": 10**9, **fields}
        signed = Account.from_key(self.accounts[account].key).sign_transaction(fields)
        return bytes(signed.raw_transaction)

    def template(self, **changes: Any) -> Header:
        """The next block's header before execution."""
        number = self.head.number + 1
        template = Header(
            parent_hash=self.hashes[-1],
            coinbase=COINBASE,
            state_root=bytes(32),
            number=number,
            gas_limit=self.head.gas_limit,
            timestamp=self.head.timestamp + 1,
            mix_hash=draw(number, "mix"),
            base_fee_per_gas=compute_base_fee(self.head),
            parent_beacon_block_root=draw(number, "beacon"),
        )
        return replace(template, **changes)

    def execute(
        self,
        transactions: Iterable[Transaction],
        on_left_out: Leave | None = None,
        **changes: Any,
    ) -> Execution:
        """The next block, not kept."""
        template = self.template(**changes)
        ancestors = self.hashes[::-1][:256]
        return execute_block(self.world, self.head, template, transactions, ancestors, on_left_out)

    def run(self, *raws: bytes, **changes: Any) -> Execution:
        """Execute a block and make it the head."""
        block = self.execute([decode_transaction(raw) for raw in raws], **changes)
        self.head = block.header
        self.hashes.append(block.hash)
        return block

    def call(self, **fields: Any) -> CallResult:
        """Try a call on the head's state."""
        call = Call(**{"sender": self.accounts[0].address, **fields})
        return execute_call(self.world, self.head, self.hashes[-2::-1][:256], call)

    def estimate(self, **fields: Any) -> int:
        """Gas of a call on the head's state."""
        call = Call(**{"sender": self.accounts[0].address, **fields})
        return estimate_gas(self.world, self.head, self.hashes[-2::-1][:256], call)

    def open(self) -> Any:
        """The head's state."""
        return self.world.open(self.head.state_root, self.head)

    def read(self, address: bytes, slot: int) -> int:
        """One storage word of the head's state."""
        value: int = self.open().get_storage(address, slot)
        return value

    def copy_database(self) -> AtomicDB:
        """All that this world has written, to be changed by somebody else."""
        return AtomicDB(MemoryDB(dict(self.world.iterate_nodes())))

    def _place(self, genesis: Header, codes: dict[bytes, bytes]) -> Header:
        state = self.world.open(genesis.state_root, genesis)
        for address, code in codes.items():
            state.set_code(address, code)
            state.set_nonce(address, 1)
        state.persist()
        return replace(genesis, state_root=state.state_root)


class Oracle:
    """py-evm's PragueVM with our precompiles, importing the same blocks from the same genesis."""

    def __init__(self, bench: Bench) -> None:
        database = bench.copy_database()
        self._chaindb = ChainDB(database)
        self._consensus = ConsensusContext(database)
        self._context = ChainContext(bench.config.chain_id)
        state_class = bind_state(bench.table)
        self._vm_class: Any = type("OracleVM", (PragueVM,), {"_state_class": state_class})
        self.head = decode_header(bench.genesis)
        self._chaindb.persist_header(self.head)

    def import_block(self, block: Execution) -> PragueBlockHeader:
        """The header that py-evm comes to by itself from the block's fixed part."""
        given = decode_header(block.header)
        header = self._vm_class.create_header_from_parent(
            self.head, timestamp=given.timestamp, coinbase=given.coinbase
        )
        vm = self._vm_class(header, self._chaindb, self._context, self._consensus)
        transactions = [PragueTransactionBuilder.decode(t.raw) for t in block.transactions]
        blank = given.copy(state_root=self.head.state_root, gas_used=0, bloom=0)
        imported = vm.import_block(PragueBlock(blank, transactions, [], []))
        self.head = imported.block.header
        self._chaindb.persist_header(self.head)
        return self.head


def decode_header(header: Header) -> PragueBlockHeader:
    """Our header as py-evm reads its bytes."""
    decoded: PragueBlockHeader = rlp.decode(encode_header(header), PragueBlockHeader)
    return decoded


@pytest.fixture
def make_bench() -> Callable[..., Bench]:
    """`Bench`, for tests that need their own contracts."""
    return Bench


@pytest.fixture
def bench() -> Bench:
    """A world with funded accounts and nothing else."""
    return Bench()


@pytest.fixture
def make_oracle() -> Callable[[Bench], Oracle]:
    """`Oracle`."""
    return Oracle


@pytest.fixture(scope="module")
def suite() -> Suite:
    """Where the files are missing: a failure in CI, a warning elsewhere."""
    if not SUITE.is_dir():
        if os.environ.get("CI") == "true":
            pytest.fail(f"{SUITE} is missing: the import test needs it")
        pytest.skip(f"{SUITE} is missing: THE IMPORT OF CHAINS IS NOT TESTED")
    return Suite()
