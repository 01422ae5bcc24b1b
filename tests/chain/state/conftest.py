"""py-evm's own way to keep state, behind our seam: the oracle for ours."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest
from eth.db.atomic import AtomicDB
from eth.db.backends.memory import MemoryDB

from devnet.chain.header import Header
from devnet.chain.precompile import bind_state
from devnet.chain.world import World, build_context

HEADER = Header(
    parent_hash=bytes(32),
    coinbase=b"\xc0" * 20,
    state_root=bytes(32),
    number=1,
    gas_limit=30_000_000,
    timestamp=1,
    mix_hash=bytes(32),
    base_fee_per_gas=0,
)


class StockWorld(World):
    """A world on py-evm's AccountDB and HexaryTrie."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._database = AtomicDB(MemoryDB())
        self._stock: dict[Any, Any] = {}

    def open(
        self,
        root: bytes,
        header: Header,
        ancestors: Iterable[bytes] = (),
        base_fee: int | None = None,
    ) -> Any:
        rules = self.schedule.find_rules(header)
        if rules not in self._stock:
            self._stock[rules] = bind_state(self.table, rules)
        context = build_context(self.chain_id, header, ancestors, base_fee)
        return self._stock[rules](self._database, context, root)


@pytest.fixture
def make_stock() -> Callable[[], StockWorld]:
    """An empty world of py-evm's."""
    return lambda: StockWorld({}, 1)


@pytest.fixture
def stock_class() -> type[StockWorld]:
    """`StockWorld`."""
    return StockWorld


@pytest.fixture
def world() -> World:
    """An empty world of ours."""
    return World({}, 1)


@pytest.fixture
def header() -> Header:
    """A block to open states in."""
    return HEADER
