"""A chain under any fork, without our precompiles: what the book says and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from eth_account import Account

from devnet.chain.account import derive_accounts
from devnet.chain.block import Execution, Withdrawal
from devnet.chain.execution import Leave, execute_block
from devnet.chain.forks.fork import Fork, parse_fork
from devnet.chain.forks.schedule import ForkSchedule, build_schedule
from devnet.chain.genesis import build_genesis
from devnet.chain.header import Header, compute_header_hash
from devnet.chain.template import build_child
from devnet.chain.transaction import Transaction, decode_included
from devnet.chain.world import World
from devnet.config import Config

CHAIN_ID = 31337
COINBASE = bytes.fromhex("c0" * 20)


class Chain:
    """One world in which blocks are executed one after another."""

    def __init__(
        self, fork: str | ForkSchedule, codes: Mapping[bytes, bytes] | None = None
    ) -> None:
        self.schedule = build_schedule(parse_fork(fork)) if isinstance(fork, str) else fork
        self.world = World({}, CHAIN_ID, self.schedule)
        self.accounts = derive_accounts(Config().mnemonic, 10)
        funded = [account.address for account in self.accounts]
        genesis = build_genesis(self.world, Config(), funded, (), bytes(32))
        state = self.world.open(genesis.state_root, genesis)
        for address, code in (codes or {}).items():
            state.set_code(address, code)
            state.set_nonce(address, 1)
        state.persist()
        self.head = genesis
        self.place(state.state_root)

    def place(self, state_root: bytes) -> None:
        """Begin again with another state in block 0."""
        assert self.head.number == 0
        self.head = replace(self.head, state_root=state_root)
        self.hashes = [compute_header_hash(self.head)]  # the latest first

    @property
    def next_fork(self) -> Fork:
        return self.schedule.find_fork(self.template())

    def template(self, **changes: Any) -> Header:
        """The next block's header before execution."""
        timestamp = changes.pop("timestamp", self.head.timestamp + 1)
        child = build_child(
            self.schedule, self.head, self.hashes[0], timestamp=timestamp, coinbase=COINBASE
        )
        return replace(child, **changes)

    def sign(self, account: int = 0, **fields: Any) -> bytes:
        """Raw bytes of a transaction, by eth_account; what is not given is valid."""
        address = self.accounts[account].address
        nonce = self.world.open(self.head.state_root, self.head).get_nonce(address)
        fields = {"gas": 500_000, "value": 0, "data": b"", "nonce": nonce, **fields}
        if "maxFeePerGas" not in fields:
            fields = {"gasPrice": 10**10, **fields}
        if self.next_fork >= Fork.SPURIOUS_DRAGON:
            fields = {"chainId": CHAIN_ID, **fields}
        signed = Account.from_key(self.accounts[account].key).sign_transaction(fields)
        return bytes(signed.raw_transaction)

    def execute(
        self,
        *transactions: Transaction,
        on_left_out: Leave | None = None,
        withdrawals: tuple[Withdrawal, ...] = (),
        **changes: Any,
    ) -> Execution:
        """The next block, not kept."""
        return execute_block(
            self.world,
            self.head,
            self.template(**changes),
            transactions,
            self.hashes,
            on_left_out,
            withdrawals=withdrawals,
        )

    def keep(self, block: Execution) -> Execution:
        """Make a block the head."""
        self.head = block.header
        self.hashes.insert(0, block.hash)
        return block

    def run(self, *raws: bytes, **changes: Any) -> Execution:
        """Execute a block and make it the head."""
        transactions = [decode_included(raw, self.next_fork) for raw in raws]
        return self.keep(self.execute(*transactions, **changes))

    def send(self, account: int = 0, **fields: Any) -> Execution:
        """A block with one transaction."""
        return self.run(self.sign(account, **fields))

    def read(self, address: bytes, slot: int) -> int:
        """One storage word of the head's state."""
        value: int = self.world.open(self.head.state_root, self.head).get_storage(address, slot)
        return value


@pytest.fixture
def make_chain() -> Callable[..., Chain]:
    """`Chain`."""
    return Chain
