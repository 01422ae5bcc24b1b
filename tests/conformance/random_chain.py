"""A chain of random contracts, transactions, withdrawals and requests, under any fork."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from eth_account import Account

from devnet.chain.block import Execution, Withdrawal
from devnet.chain.body import Block
from devnet.chain.execution import execute_block
from devnet.chain.forks.difficulty import MIN_DIFFICULTY
from devnet.chain.forks.fork import Fork
from devnet.chain.forks.schedule import ForkSchedule
from devnet.chain.forks.system import SYSTEM_CONTRACTS
from devnet.chain.genesis_file import Genesis, GenesisAccount, place_genesis
from devnet.chain.header import Header, compute_header_hash
from devnet.chain.template import build_child
from devnet.chain.transaction import Transaction, decode_included
from devnet.chain.world import World
from devnet.errors import BadTransaction
from tests.conformance.dice import CHAIN_ID, Dice
from tests.conformance.random_code import CONTRACTS


class RandomChain:
    """The chain so far; anybody may replay its blocks."""

    def __init__(
        self,
        dice: Dice,
        schedule: ForkSchedule,
        codes: Mapping[bytes, bytes],
        gas_limit: int = 30_000_000,
    ) -> None:
        self.dice, self.schedule = dice, schedule
        self.world = World({}, CHAIN_ID, schedule)
        fork = schedule.find_genesis_fork(0)
        accounts = [GenesisAccount(owner, 10**24) for owner in dice.owners]
        for address, code in codes.items():
            accounts.append(GenesisAccount(address, 5_000, 1, code, ((0, 1), (1, 2**200))))
        accounts += [GenesisAccount(a, 0, 1, code) for a, (code, _) in SYSTEM_CONTRACTS.items()]
        header = Header(
            parent_hash=bytes(32),
            coinbase=bytes(20),
            state_root=bytes(32),
            difficulty=MIN_DIFFICULTY if fork < Fork.PARIS else 0,
            number=0,
            gas_limit=gas_limit,
            timestamp=0,
            extra_data=b"",
            mix_hash=bytes(32),
            base_fee_per_gas=10**9 if fork >= Fork.LONDON else 0,
            length=schedule.get_rules(fork).header_length,
        )
        self.genesis = Genesis(CHAIN_ID, schedule, header, tuple(accounts))
        self.header = self.head = place_genesis(self.world, self.genesis)
        self.hashes = [compute_header_hash(self.head)]
        self.blocks: list[Execution] = []
        self.left_out: tuple[Exception, ...] = ()  # of the last block

    def add(self, *raws: bytes, elapsed: int = 10) -> Execution:
        """A block of those transactions that are valid."""
        pick = self.dice.random
        template = build_child(
            self.schedule,
            self.head,
            self.hashes[0],
            timestamp=self.head.timestamp + elapsed,
            coinbase=pick.choice((b"\xcb" * 20, CONTRACTS[0], self.dice.owners[0])),
            mix_hash=pick.randbytes(32) if self.head.difficulty == 0 else bytes(32),
            parent_beacon_block_root=pick.randbytes(32),
            extra_data=b"",
        )
        fork = self.schedule.find_fork(template)
        paid = range(pick.randrange(3)) if fork >= Fork.SHANGHAI else range(0)
        withdrawals = tuple(
            Withdrawal(n, n, self.dice.address(), pick.choice((0, 1, 10**9))) for n in paid
        )
        left: list[Exception] = []
        block = execute_block(
            self.world,
            self.head,
            template,
            list(_decode(raws, fork)),
            self.hashes,
            lambda _, why: left.append(why),
            withdrawals=withdrawals,
        )
        self.left_out = tuple(left)
        self.blocks.append(block)
        self.head, self.hashes = block.header, [block.hash, *self.hashes]
        return block

    def get_nonces(self) -> list[int]:
        """The next nonce of each owner."""
        state = self.world.open(self.head.state_root, self.head)
        return [state.get_nonce(owner) for owner in self.dice.owners]

    def send(self, index: int, to: bytes, data: bytes, **fields: Any) -> Execution:
        """A block with one transaction."""
        nonce = self.get_nonces()[index]
        common = {"nonce": nonce, "gas": 900_000, "value": 0, "chainId": CHAIN_ID}
        fields = {**common, "to": to, "data": data, **fields}
        signed = Account.sign_transaction(fields, self.dice.keys[index].to_bytes())
        return self.add(bytes(signed.raw_transaction))

    def add_random(self) -> Execution:
        """A block with a transaction of each owner."""
        elapsed = self.dice.random.randrange(1, 20)
        fork = self.schedule.find_fork(
            replace(self.head, number=self.head.number + 1, timestamp=self.head.timestamp + elapsed)
        )
        nonces = self.get_nonces()
        raws = [self.dice.sign(index, nonces, fork) for index in range(len(nonces))]
        return self.add(*raws, elapsed=elapsed)


def _decode(raws: Sequence[bytes], fork: Fork) -> Iterator[Transaction]:
    for raw in raws:
        with suppress(BadTransaction):
            yield decode_included(raw, fork)


def as_block(execution: Execution) -> Block:
    """What travels of an executed block."""
    raws = tuple(transaction.raw for transaction in execution.transactions)
    return Block(execution.header, raws, execution.uncles, execution.withdrawals)
