"""py-evm's own way to keep state, behind our seam: the oracle for ours."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from benches.stock import StockWorld

from devnet.chain.header import Header
from devnet.chain.world import World

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
