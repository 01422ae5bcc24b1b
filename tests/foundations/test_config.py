"""Configuration refuses what cannot work, naming the value and the range."""

from typing import Any

import pytest

from devnet.config import DEFAULT_MNEMONIC, Config, Optimistic, Staking
from devnet.errors import ConfigError


def test_defaults_are_those_of_local_nodes() -> None:
    """Chain id, mnemonic, accounts and balance as Anvil has them; four validators."""
    config = Config()
    assert (config.chain_id, config.mnemonic, config.accounts) == (31337, DEFAULT_MNEMONIC, 10)
    assert config.balance_wei == 10_000 * 10**18
    assert config.block_gas_limit == 30_000_000
    assert (config.validators, config.seed) == (4, 0)
    assert (config.hardfork, config.order, config.caps_transaction_gas) == ("osaka", "fees", True)
    assert config == Config()


@pytest.mark.parametrize(
    ("field", "bad", "words"),
    [
        ("validators", 0, "validators is 0; use 1 to 256"),
        ("validators", 257, "validators is 257; use 1 to 256"),
        ("accounts", -1, "accounts is -1; use 0 to 1000"),
        ("chain_id", 0, "chain id is 0; use 1 to"),
        ("block_gas_limit", 4_999_999, "block gas limit is 4999999; use 5000000 to"),
        ("block_time_s", 0, "block time is 0; use 1 to 1000000"),
        ("seed", -1, "seed is -1; use 0 to"),
        ("seed", 2**63, f"seed is {2**63}; use 0 to"),
        ("balance_wei", -1, "balance is -1; use 0 to"),
        ("genesis_time_s", -1, "genesis time is -1; use 0 to"),
        ("base_fee_wei", -1, "base fee is -1; use 0 to"),
        ("powers", (1, -1), "power of v1 is -1; use 0 to"),
        ("powers", (1, 1, 1, 1, 1), "5 powers for 4 validators"),
        ("powers", (0, 0, 0, 0), "no validator has power"),
    ],
)
def test_value_out_of_range_is_refused(field: str, bad: int, words: str) -> None:
    """The message has the name, the value and what to use instead."""
    fields: dict[str, Any] = {field: bad}
    with pytest.raises(ConfigError, match=words):
        Config(**fields)


@pytest.mark.parametrize(
    ("field", "bad", "words"),
    [
        ("unit_wei", 0, "stake for a unit of power is 0; use 1 to"),
        ("slash_basis_points", 10_001, "slashing is 10001; use 0 to 10000"),
        ("jail_blocks", 0, "jail is 0; use 1 to"),
        ("unbonding_blocks", -1, "unbonding is -1; use 0 to"),
        ("max_evidence_age", 2**32, "evidence age is 4294967296; use 1 to"),
    ],
)
def test_terms_of_staking_out_of_range_are_refused(field: str, bad: int, words: str) -> None:
    """They are packed into one word of storage."""
    with pytest.raises(ConfigError, match=words):
        Staking(**{field: bad})


@pytest.mark.parametrize(
    ("field", "bad", "words"),
    [
        ("bond_wei", 0, "bond is 0; use 1 to"),
        ("sample_basis_points", 10_001, "sampling in 1/10,000 is 10001; use 0 to 10000"),
        ("committee", 0, "committee is 0; use 1 to 256"),
        ("window_blocks", 1, "challenge window is 1; use 2 to 128"),
        ("move_blocks", 129, "blocks for a move is 129; use 2 to 128"),
    ],
)
def test_terms_of_the_optimistic_rule_out_of_range_are_refused(
    field: str, bad: int, words: str
) -> None:
    """They are packed into one word of storage; BLOCKHASH limits the window."""
    with pytest.raises(ConfigError, match=words):
        Optimistic(**{field: bad})


def test_a_chain_on_which_nobody_can_dispute_is_refused() -> None:
    """A leaf needs room in a block, a bond somebody who has so much."""
    with pytest.raises(ConfigError, match="block gas limit is 5000000; use 16777216 to"):
        Config(rule="optimistic", block_gas_limit=5_000_000)
    with pytest.raises(ConfigError, match="bond is 1000000000000000000; use 1 to 5"):
        Config(rule="optimistic", balance_wei=5)
    Config(block_gas_limit=5_000_000, balance_wei=5)


def test_a_rule_that_does_not_exist_is_refused() -> None:
    """The message names those that do."""
    with pytest.raises(ConfigError, match="rule is 'hopeful'; use replicate or optimistic"):
        Config(rule="hopeful")


def test_powers_that_are_not_named_are_one() -> None:
    """Zero is a validator that may join later."""
    assert Config(powers=(5, 0)).all_powers == (5, 0, 1, 1)


@pytest.mark.parametrize(
    "fields",
    [
        {"validators": 256},
        {"accounts": 0},
        {"balance_wei": 0},
        {"genesis_time_s": 0},
        {"base_fee_wei": 0},
        {"block_gas_limit": 5_000_000},
    ],
    ids=str,
)
def test_ends_of_the_ranges_are_allowed(fields: dict[str, Any]) -> None:
    """The range in the message is what is taken."""
    Config(**fields)
