"""The account database agrees with py-evm's on random sequences of everything a block can do."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from devnet.chain.header import EMPTY_TRIE_ROOT, Header
from devnet.chain.world import World

if TYPE_CHECKING:
    from benches.stock import StockWorld

SEQUENCES = int(os.environ.get("DEVNET_SEQUENCES", "250"))  # 100,000 takes half an hour
SEEDS = [
    pytest.param(range(SEQUENCES), id="few"),
    pytest.param(range(SEQUENCES, SEQUENCES + 10_000), id="many", marks=pytest.mark.slow),
]
ADDRESSES = [bytes([n]) * 20 for n in (1, 2, 3, 4)]
SLOTS = (0, 1, 255, 2**256 - 1)
WORDS = (0, 0, 1, 127, 128, 2**256 - 1)
CODES = (b"", b"\x00", b"\xfe" * 40)


@dataclass
class Twin:
    """Our state and py-evm's side by side; whatever is asked of one is asked of both."""

    draw: random.Random
    states: tuple[Any, Any]
    checkpoints: list[tuple[Any, Any]] = field(default_factory=list)
    wiped: set[bytes] = field(default_factory=set)  # in this transaction

    def do(self, name: str, *arguments: Any, **keywords: Any) -> Any:
        """Call a method of both; the results, or the classes of the errors, must be equal."""
        own, stock = (
            attempt(getattr(state, name), *arguments, **keywords) for state in self.states
        )
        assert own == stock, (name, arguments)
        return own

    def step(self) -> None:
        """One random operation that may come inside a transaction."""
        steps = (self.write, self.store, self.warm, self.wipe, self.nest)
        (step,) = self.draw.choices(steps, STEP_WEIGHTS)
        step(self.draw.choice(ADDRESSES))

    def write(self, address: bytes) -> None:
        name, arguments = self.draw.choice(
            [
                ("set_balance", (self.draw.choice((0, 1, 2**256 - 1)),)),
                ("delta_balance", (self.draw.choice((-1, 0, 1)),)),
                ("set_nonce", (self.draw.choice((0, 1, 2**64 - 1)),)),
                ("increment_nonce", ()),
                ("set_code", (self.draw.choice(CODES),)),
                ("delete_code", ()),
                ("touch_account", ()),
            ]
        )
        self.do(name, address, *arguments)

    def store(self, address: bytes) -> None:
        slot = self.draw.choice(SLOTS)
        if self.draw.random() < 0.2:
            self.do("set_transient_storage", address, slot, self.draw.choice((b"", b"\1", b"\2")))
        self.do("set_storage", address, slot, self.draw.choice(WORDS))

    def warm(self, address: bytes) -> None:
        if self.draw.random() < 0.5:
            self.do("mark_address_warm", address)
        else:
            self.do("mark_storage_warm", address, self.draw.choice(SLOTS))

    def wipe(self, address: bytes) -> None:
        """py-evm can undo one wipe of an account, and deletes only what is there."""
        if address in self.wiped:
            return
        if self.draw.random() < 0.5:
            self.do("get_storage", address, 0)  # or py-evm forgets the storage it should undo to
            self.do("delete_storage", address)
        elif self.do("account_exists", address):
            self.do("delete_account", address)
        self.wiped.add(address)

    def nest(self, address: bytes) -> None:
        if self.draw.random() < 0.5 or not self.checkpoints:
            own, stock = (state.snapshot() for state in self.states)
            self.checkpoints.append((own, stock))
        else:
            self.leave(self.draw.randrange(len(self.checkpoints)))

    def leave(self, level: int) -> None:
        """Commit or revert a checkpoint and all inside it."""
        name = self.draw.choice(("commit", "revert"))
        for state, checkpoint in zip(self.states, self.checkpoints[level], strict=True):
            getattr(state, name)(checkpoint)
        del self.checkpoints[level:]

    def compare(self) -> None:
        """Read everything there is to read."""
        for address in ADDRESSES:
            for name in READS:
                self.do(name, address)
            for slot in SLOTS:
                self.do("get_storage", address, slot)
                self.do("is_storage_warm", address, slot)
                self.do("get_transient_storage", address, slot)
                if address not in self.wiped:  # py-evm then mixes words of before and after
                    self.do("get_storage", address, slot, from_journal=False)

    def run_transaction(self) -> None:
        """From `lock_changes` to the last checkpoint, now and then with a root after it."""
        self.do("lock_changes")
        self.wiped.clear()
        for _ in range(self.draw.randint(1, 12)):
            self.step()
        self.compare()
        while self.checkpoints:
            self.leave(self.draw.randrange(len(self.checkpoints)))
        if self.draw.random() < 0.3:
            self.compare()
        self.do("clear_transient_storage")
        if self.draw.random() < 0.2:  # as before Byzantium
            self.do("make_state_root")
            self.compare()


STEP_WEIGHTS = (8, 8, 2, 2, 5)
READS = (
    "get_balance",
    "get_nonce",
    "get_code",
    "get_code_hash",
    "account_exists",
    "account_is_empty",
    "is_address_warm",
)


def attempt(run: Callable[..., Any], *arguments: Any, **keywords: Any) -> Any:
    """The result, or the class of the error."""
    try:
        return run(*arguments, **keywords)
    except Exception as error:
        return type(error)


@pytest.mark.parametrize("seeds", SEEDS)
def test_random_sequences_agree_with_py_evm(
    make_stock: Callable[[], StockWorld], header: Header, seeds: range
) -> None:
    """Reads, errors and roots are equal, block after block, on the newest state and on old ones."""
    for seed in seeds:
        draw = random.Random(seed)
        worlds = World({}, 1), make_stock()
        roots = [EMPTY_TRIE_ROOT]
        for _ in range(draw.randint(1, 3)):
            root = roots[-1] if draw.random() < 0.8 else draw.choice(roots)
            twin = Twin(draw, tuple(world.open(root, header) for world in worlds))
            try:
                for _ in range(draw.randint(1, 3)):
                    twin.run_transaction()
                for state in twin.states:
                    state.persist()
                own, stock = (state.state_root for state in twin.states)
                assert own == stock
            except AssertionError as error:
                error.add_note(f"seed {seed}")
                raise
            roots.append(own)
