"""Genesis is reproducible, and its accounts are the ones every local node has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from eth.vm.forks.cancun.constants import BEACON_ROOTS_ADDRESS, BEACON_ROOTS_CONTRACT_CODE
from eth.vm.forks.prague.constants import HISTORY_STORAGE_ADDRESS, HISTORY_STORAGE_CONTRACT_CODE

from devnet.chain.account import derive_accounts
from devnet.chain.genesis import build_genesis
from devnet.chain.header import Header, compute_header_hash
from devnet.chain.world import World
from devnet.config import DEFAULT_MNEMONIC, Config
from devnet.errors import ConfigError
from precompiles.engine.local import LocalEngine
from precompiles.models.store import MemoryStore
from precompiles.table import build_table

if TYPE_CHECKING:
    from tests.chain.conftest import Bench

# as Anvil and Hardhat print them
KNOWN_ADDRESSES = (
    "f39fd6e51aad88f6f4ce6ab8827279cfffb92266",
    "70997970c51812dc3a010c7d01b50e0d17dc79c8",
    "3c44cdddb6a900fa2b585dd299e03d12fa4293bc",
    "90f79bf6eb2c4f870365e785982e1f101e93b906",
    "15d34aaf54267db7d7c367839aaf71a00a2c6a65",
    "9965507d1a55bcc2695c58ba16fb37d819b0a4dc",
    "976ea74026e726554db657fa54763abd0c3a0aa9",
    "14dc79964da2c08b23698b3d3cc7ca32193d9955",
    "23618e81e3f5cdf7f54c3d65f7fbc0abf5b21e8f",
    "a0ee7a142d267c1f36714e4a8f75612f20a79720",
)
FIRST_KEY = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"


def build(config: Config, hash_of_set: bytes = bytes(32)) -> Header:
    """Genesis in a world of its own."""
    table = build_table(LocalEngine(MemoryStore()), config.schedule)
    funded = [a.address for a in derive_accounts(config.mnemonic, config.accounts)]
    world = World(table, config.chain_id)
    return build_genesis(world, config, funded, sorted(table), hash_of_set)


def test_accounts_are_the_ten_that_everybody_knows() -> None:
    """Keys and addresses of the default mnemonic are those of Anvil and Hardhat."""
    accounts = derive_accounts(DEFAULT_MNEMONIC, 10)
    assert tuple(account.address.hex() for account in accounts) == KNOWN_ADDRESSES
    assert accounts[0].key.hex() == FIRST_KEY
    assert derive_accounts(DEFAULT_MNEMONIC, 3) == accounts[:3]


@pytest.mark.parametrize("mnemonic", ["", "test", "test " * 11 + "test", "eins zwei drei"])
def test_words_that_are_no_mnemonic_are_refused(mnemonic: str) -> None:
    """The checksum of BIP-39 catches a word that is wrong."""
    with pytest.raises(ConfigError, match="mnemonic is not valid BIP-39"):
        derive_accounts(mnemonic, 1)


def test_equal_configurations_give_equal_genesis_blocks() -> None:
    """Nothing but the configuration goes in: no clock, no randomness, no other world."""
    first, second = build(Config()), build(Config())
    assert first == second
    assert (first.number, first.timestamp, first.gas_limit) == (0, 1_700_000_000, 30_000_000)


@pytest.mark.parametrize(
    "config",
    [
        Config(seed=1),
        Config(chain_id=1),
        Config(accounts=9),
        Config(balance_wei=1),
        Config(block_gas_limit=40_000_000),
        Config(genesis_time_s=1),
        Config(base_fee_wei=7),
        Config(mnemonic="abandon " * 11 + "about"),
    ],
    ids=range(8),
)
def test_every_setting_of_genesis_changes_its_hash(config: Config) -> None:
    """Two chains with different rules cannot be mistaken for each other."""
    assert compute_header_hash(build(config)) != compute_header_hash(build(Config()))
    assert build(Config(), b"\x01" * 32) == replace(build(Config()), extra_data=b"\x01" * 32)


def test_genesis_holds_funds_system_contracts_and_stubs(make_bench: Callable[..., Bench]) -> None:
    """Accounts are funded, EIP-4788 and EIP-2935 deployed, every precompile of ours has code."""
    bench = make_bench()
    state = bench.open()
    for account in bench.accounts:
        assert state.get_balance(account.address) == 10_000 * 10**18
        assert state.get_nonce(account.address) == 0
    assert state.get_code(BEACON_ROOTS_ADDRESS) == BEACON_ROOTS_CONTRACT_CODE
    assert state.get_code(HISTORY_STORAGE_ADDRESS) == HISTORY_STORAGE_CONTRACT_CODE
    for address in bench.table:
        assert len(state.get_code(address)) == 1
