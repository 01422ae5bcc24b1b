"""class Node: the one object that RPC, CLI and Python users hold.

Knows no web3 and no socket. One thread at a time may use it.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar

from devnet.chain.account import DevAccount, derive_accounts
from devnet.chain.block import Execution, build_execution
from devnet.chain.call import Call, CallResult, estimate_gas, execute_call
from devnet.chain.fee import compute_base_fee
from devnet.chain.history import History
from devnet.chain.pool import Pool
from devnet.chain.transaction import Transaction, decode_transaction
from devnet.chain.validity import check_static
from devnet.config import Config, Host
from devnet.consensus.certificate import Certificate
from devnet.errors import (
    BadTransaction,
    FeeTooLow,
    HostError,
    InsufficientFunds,
    NonceTooLow,
    NoQuorum,
    UnknownBlock,
    UnknownSnapshot,
)
from devnet.validators.cluster import Cluster
from devnet.validators.misbehaviour import Behavior

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What `revert` goes back to."""

    number: int
    waiting: tuple[Transaction, ...]


class StateReader:
    """Storage of one block's state, for what the precompiles keep there."""

    def __init__(self, state: Any) -> None:
        self._state = state

    def load(self, address: bytes, slot: int) -> int:
        value: int = self._state.get_storage(address, slot)
        return value


class Node:
    """A running devnet: validators, decided chain, waiting transactions, unlocked accounts."""

    def __init__(self, config: Config | None = None, host: Host | None = None) -> None:
        self.config = config or Config()
        self.accounts = derive_accounts(self.config.mnemonic, self.config.accounts)
        funded = [account.address for account in self.accounts]
        self.cluster = Cluster(self.config, funded, host or Host())
        self.history = History(build_execution(self.cluster.genesis, (), (), ()))
        self.pool = Pool()
        self.automine = True
        self._snapshots: dict[int, Snapshot] = {}
        self._next_snapshot = 1

    @property
    def head(self) -> Execution:
        return self.history.head

    @property
    def next_base_fee(self) -> int:
        """Wei per gas of the next block."""
        return compute_base_fee(self.head.header)

    def find_account(self, address: bytes) -> DevAccount | None:
        """The unlocked account with this address."""
        return next((a for a in self.accounts if a.address == address), None)

    # state

    def open_state(self, number: int | None = None) -> Any:
        """State after a block, to read from."""
        block = self.head if number is None else self.history.get_block(number)
        world = self.cluster.reader.world
        return world.open(block.header.state_root, block.header)

    def open_storage(self, number: int | None = None) -> StateReader:
        return StateReader(self.open_state(number))

    def get_pending_nonce(self, address: bytes) -> int:
        """Next nonce of an account, waiting transactions counted."""
        return self.pool.get_next_nonce(address, self.open_state().get_nonce(address))

    def call(self, call: Call, number: int | None = None) -> CallResult:
        """Try a call on the state after a block. Raises what `execute_call` raises."""
        return self._try(execute_call, call, number)

    def estimate_gas(self, call: Call, number: int | None = None) -> int:
        """Least gas limit for a call. Raises what `estimate_gas` raises."""
        return self._try(estimate_gas, call, number)

    def _try(self, run: Callable[..., T], call: Call, number: int | None) -> T:
        block = self.head if number is None else self.history.get_block(number)
        ancestors = self.history.get_ancestors(block.header.number)
        return run(self.cluster.reader.world, block.header, ancestors, call)

    # transactions and blocks

    def send_raw(self, raw: bytes) -> bytes:
        """Take a signed transaction; with automine it is final when this returns.

        Returns: its hash.
        Raises: BadTransaction before it is taken; NoQuorum if the validators do not agree, then it
            waits; HostError if no validator can execute it, then it is dropped.
        """
        transaction = decode_transaction(raw)
        self._check(transaction)
        self.pool.add(transaction)
        if self.automine:
            left_out = self._mine_pool()
            if transaction.hash in left_out and not self.history.find_transaction(transaction.hash):
                raise left_out[transaction.hash]
        return transaction.hash

    def mine(self, count: int = 1) -> None:
        """Decide `count` blocks, empty ones too. Raises: NoQuorum."""
        for _ in range(count):
            self._advance(allow_empty=True)

    def set_automine(self, automine: bool) -> None:
        self.automine = automine
        if automine:
            self._mine_pool()

    def set_behavior(self, validator: str, behavior: Behavior) -> None:
        """Change what a validator does; transactions that waited for a quorum are tried again.

        If there is still no quorum they go on waiting, and `cluster.waiting` says why.
        """
        self.cluster.set_behavior(validator, behavior)
        if self.automine and self.cluster.waiting:
            with suppress(NoQuorum):
                self._mine_pool()

    def get_certificate(self, number: int) -> Certificate:
        """Certificate of a decided block.

        Raises: UnknownBlock; nobody signs block 0.
        """
        self.history.get_block(number)
        if number == 0:
            raise UnknownBlock("block 0 is the genesis block: it has no certificate")
        return self.cluster.decisions[number - 1].certificate

    # snapshots

    def snapshot(self) -> int:
        """Remember the chain as it is now."""
        number, self._next_snapshot = self._next_snapshot, self._next_snapshot + 1
        self._snapshots[number] = Snapshot(self.head.header.number, self.pool.all())
        return number

    def revert(self, snapshot_id: int) -> None:
        """Go back to a snapshot; it and all later ones are gone.

        Raises: UnknownSnapshot.
        """
        snapshot = self._snapshots.get(snapshot_id)
        if snapshot is None:
            raise UnknownSnapshot(f"no snapshot {snapshot_id}; a revert uses up its snapshot")
        for later in [number for number in self._snapshots if number >= snapshot_id]:
            del self._snapshots[later]
        self.cluster.rewind(snapshot.number)
        self.history.rewind(snapshot.number)
        self.pool.clear()
        for transaction in snapshot.waiting:
            self.pool.add(transaction)

    def _check(self, transaction: Transaction) -> None:
        check_static(transaction, self.config.chain_id, self.config.block_gas_limit)
        state = self.open_state()
        evm, sender = transaction.evm, transaction.sender
        nonce = state.get_nonce(sender)
        if evm.nonce < nonce:
            raise NonceTooLow(f"nonce too low: next nonce {nonce}, tx nonce {evm.nonce}")
        cost = evm.gas * evm.max_fee_per_gas + evm.value
        balance = state.get_balance(sender)
        if balance < cost:
            raise InsufficientFunds(
                f"insufficient funds for gas * price + value: balance {balance}, tx cost {cost}"
            )
        if self.automine and evm.max_fee_per_gas < self.next_base_fee:
            raise FeeTooLow(
                f"max fee per gas less than block base fee: maxFeePerGas {evm.max_fee_per_gas}, "
                f"baseFee {self.next_base_fee}"
            )

    def _mine_pool(self) -> dict[bytes, Exception]:
        """Decide blocks while a transaction is executable; returns why some were left out."""
        left_out: dict[bytes, Exception] = {}
        while self.pool.select(self.open_state().get_nonce):
            decided = self._advance(allow_empty=False)
            left_out |= {left.transaction.hash: left.reason for left in self.cluster.left_out}
            if not decided:
                break
        return left_out

    def _advance(self, allow_empty: bool) -> bool:
        timestamp = self.head.header.timestamp + self.config.block_time_s
        decision = self.cluster.advance(self.pool.select, timestamp, allow_empty)
        for left in self.cluster.left_out:
            unanswered = isinstance(left.reason, HostError) and decision is None
            if unanswered or isinstance(left.reason, BadTransaction):
                self.pool.discard(left.transaction)
        if decision is None:
            return False
        self.history.append(decision.block)
        for transaction in decision.block.transactions:
            self.pool.discard(transaction)
        return True
