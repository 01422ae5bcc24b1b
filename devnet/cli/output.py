"""How commands print: one option for JSON, one line for an error."""

import sys
from collections.abc import Callable
from typing import Any, NoReturn

import click

json_option: Callable[[Callable[..., Any]], Callable[..., Any]] = click.option(
    "--json", "as_json", is_flag=True, help="Print JSON."
)


def escape(text: str) -> str:
    """What a stranger wrote, unable to steer a terminal or to break a line."""
    return "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in text)


def fail(message: str, exit_code: int) -> NoReturn:
    """Say what is wrong on stderr, in one line, and leave."""
    click.echo(f"error: {escape(' '.join(message.split()))}", err=True)
    sys.exit(exit_code)
