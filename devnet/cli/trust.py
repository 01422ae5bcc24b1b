"""What the commands that check proofs share: the validator set that their user trusts."""

from collections.abc import Callable
from typing import Any

import click

from devnet.errors import ConfigError


def _parse_hash(
    _context: click.Context, _option: click.Parameter, text: str | None
) -> bytes | None:
    if text is None:
        return None
    try:
        value = bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        value = b""
    if len(value) != 32:
        raise ConfigError(f"--trust '{text}' is not a 32-byte hash in hex")
    return value


trust_option: Callable[[Callable[..., Any]], Callable[..., Any]] = click.option(
    "--trust",
    metavar="HASH",
    callback=_parse_hash,
    help="Hash of a validator set you trust: the genesis set's, which is extraData of block 0, or "
    "that of a later set which signed the change after it, or the block.",
)
