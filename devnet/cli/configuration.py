"""The configuration that the options of `devnet up` ask for; what was not given stays as stored."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import click
from click.core import ParameterSource

from devnet.chain.genesis_file import Genesis
from devnet.cli.power import parse_powers
from devnet.cli.rule import TERMS, choose_terms
from devnet.config import Config
from devnet.errors import ConfigError
from devnet.validators.misbehaviour import Behavior, parse_behavior

_FIELDS = {  # options that make a chain, and the fields of the configuration that they set
    "validators": "validators",
    "seed": "seed",
    "chain_id": "chain_id",
    "mnemonic": "mnemonic",
    "accounts": "accounts",
    "gas_limit": "block_gas_limit",
    "hardfork": "hardfork",
    "transaction_gas_cap": "caps_transaction_gas",
    "order": "order",
    "block_time": "block_time_s",
    "agreement": "agreement",
    "rule": "rule",
    "powers": "powers",
}


def read_given(context: click.Context) -> dict[str, Any]:
    """The options that make a chain and were given, by name."""
    return {
        name: value
        for name, value in context.params.items()
        if name in (*_FIELDS, *TERMS)
        and context.get_parameter_source(name) is not ParameterSource.DEFAULT
    }


def choose_config(given: Mapping[str, Any], config: Config) -> Config:
    """The configuration with the options that were given."""
    fields = {_FIELDS[name]: value for name, value in given.items() if name in _FIELDS}
    rule = fields.get("rule", config.rule)
    fields["optimistic"] = choose_terms(given, rule, config.optimistic)
    if "powers" in fields:
        fields["powers"] = parse_powers(
            fields["powers"], fields.get("validators", config.validators)
        )
    if "block_time_s" in fields:
        fields["block_time_s"] = max(1, round(fields["block_time_s"]))
    return replace(config, **fields)


def refuse_overruled(given: Mapping[str, Any], genesis: Genesis) -> None:
    """Raises: ConfigError for an option that the genesis decides otherwise, or alone."""
    if given.get("chain_id", genesis.chain_id) != genesis.chain_id:
        raise ConfigError(f"--chain-id {given['chain_id']}: the genesis says {genesis.chain_id}")
    for name in ("gas_limit", "hardfork", "transaction_gas_cap"):
        if name in given:
            option = name.replace("_", "-")
            raise ConfigError(f"--{option} has no effect: the genesis says it; leave it out")


def read_behaviors(texts: tuple[str, ...]) -> dict[str, Behavior]:
    """By validator. Raises: ConfigError, also for a validator that is given two."""
    behaviors: dict[str, Behavior] = {}
    for text in texts:
        name, separator, behavior = text.partition("=")
        if not separator:
            raise ConfigError(f"--behavior '{text}' is not VALIDATOR=STRATEGY, as in v2=crash")
        if name in behaviors:
            both = f"{name}={behaviors[name]} + {behavior}"
            raise ConfigError(f"--behavior '{text}': {name} has one already; give both as '{both}'")
        behaviors[name] = parse_behavior(behavior)
    return behaviors
