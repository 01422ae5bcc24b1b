"""What the commands that talk to a running node share: its URL and how to ask it."""

from collections.abc import Callable
from typing import Any

import click

from devnet.rpc.client import Client

DEFAULT_URL = "http://127.0.0.1:8545"

rpc_option: Callable[[Callable[..., Any]], Callable[..., Any]] = click.option(
    "--rpc-url",
    "client",
    default=DEFAULT_URL,
    show_default=True,
    envvar="ETH_RPC_URL",
    callback=lambda _context, _option, url: Client(url),
    help="Node to ask.",
)
