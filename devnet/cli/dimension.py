"""What commands that take a model share: sizes of its dynamic dimensions."""

from collections.abc import Callable
from typing import Any

import click

from devnet.errors import ConfigError


def _parse_dimensions(
    _context: click.Context, _option: click.Parameter, texts: tuple[str, ...]
) -> dict[str, int]:
    sizes = {}
    for text in texts:
        name, _, size = text.rpartition("=")
        if not name or not size.isdecimal():
            raise ConfigError(f"--dimension '{text}' is not NAME=SIZE, as in batch=1")
        sizes[name] = int(size)
    return sizes


dimension_option: Callable[[Callable[..., Any]], Callable[..., Any]] = click.option(
    "--dimension",
    "dimensions",
    multiple=True,
    metavar="NAME=SIZE",
    callback=_parse_dimensions,
    help="Size of a dynamic dimension, by name or input:axis; may be given several times.",
)
