"""Options of `devnet up` that choose how inferences are verified, and the terms that go with it."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

import click

from devnet.config import RULES, WEI_PER_ETHER, Optimistic
from devnet.errors import ConfigError

F = TypeVar("F", bound=Callable[..., Any])
TERMS = ("sample", "committee", "window", "move_blocks", "bond")  # options of the optimistic rule


def rule_options(command: F) -> F:
    """Add them to a command."""
    terms = Optimistic()
    options = (
        click.option(
            "--rule",
            type=click.Choice(RULES),
            default=RULES[0],
            show_default=True,
            help="All execute every inference, or one does and others may dispute it.",
        ),
        click.option(
            "--sample", metavar="P", default="1", show_default=True,
            help="Optimistic: chance from 0 to 1 that a committee runs a request again.",
        ),
        click.option(
            "--committee", default=terms.committee, show_default=True,
            help="Optimistic: validators that then run it again.",
        ),
        click.option(
            "--window", default=terms.window_blocks, show_default=True, metavar="BLOCKS",
            help="Optimistic: how long an answer may be challenged.",
        ),
        click.option(
            "--move-blocks", default=terms.move_blocks, show_default=True, metavar="BLOCKS",
            help="Optimistic: how long a party to a dispute has for a move.",
        ),
        click.option(
            "--bond", metavar="ETHER", default="1", show_default=True,
            help="Optimistic: what executor and challenger put at stake.",
        ),
    )  # fmt: skip
    for option in reversed(options):
        command = option(command)
    return command


def choose_terms(given: Mapping[str, Any], rule: str, terms: Optimistic) -> Optimistic:
    """The terms with the options that were given.

    Raises: ConfigError for an option that the rule does not know, or a value out of range.
    """
    named = [name for name in TERMS if name in given]
    if named and rule != "optimistic":
        option = named[0].replace("_", "-")
        raise ConfigError(f"--{option} has no effect under --rule {rule}; add --rule optimistic")
    fields = {
        "committee": given.get("committee", terms.committee),
        "window_blocks": given.get("window", terms.window_blocks),
        "move_blocks": given.get("move_blocks", terms.move_blocks),
    }
    if "sample" in given:
        fields["sample_basis_points"] = _read_scaled(given["sample"], "--sample", 10_000)
    if "bond" in given:
        fields["bond_wei"] = _read_scaled(given["bond"], "--bond", WEI_PER_ETHER)
    return replace(terms, **fields)


def _read_scaled(text: str, option: str, unit: int) -> int:
    try:
        scaled = Decimal(text) * unit
        if scaled.is_finite() and scaled == int(scaled):
            return int(scaled)
    except InvalidOperation:
        pass
    raise ConfigError(f"{option} is {text!r}; use a decimal number with a step of 1/{unit}")
