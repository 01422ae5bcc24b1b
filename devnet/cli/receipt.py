"""`devnet receipt`: write the proof bundle of one inference."""

import json
from pathlib import Path

import click

from devnet.cli.remote import rpc_option
from devnet.errors import ConfigError
from devnet.rpc.client import Client


@click.command(name="receipt")
@click.argument("transaction")
@click.option("--index", default=0, show_default=True, help="Of the inference in the transaction.")
@click.option("--out", type=click.Path(dir_okay=False), help="File to write instead of stdout.")
@rpc_option
def command(transaction: str, index: int, out: str | None, client: Client) -> None:
    """Write the proof bundle of TRANSACTION's inference as JSON."""
    bundle = client.request("inference_bundle", transaction, index)
    text = json.dumps(bundle, indent=1)
    if out is None:
        click.echo(text)
        return
    try:
        Path(out).write_text(text + "\n")
    except OSError as fault:
        raise ConfigError(f"cannot write '{out}': {fault.strerror}") from fault
    click.echo(f"check it anywhere with: devnet verify {out}", err=True)
