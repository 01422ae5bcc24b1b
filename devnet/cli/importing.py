"""`devnet import`: blocks made elsewhere, checked and executed, into a data directory."""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeElapsedColumn

from devnet.chain.body import Block, decode_block
from devnet.chain.chain_file import read_chain, split_blocks
from devnet.chain.forks.seal import SealCheck
from devnet.chain.genesis_file import load_genesis
from devnet.cli.output import json_option
from devnet.data_directory import DataDirectory
from devnet.importer import Importer

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command(name="import")
@click.argument("chains", metavar="CHAIN.rlp...", nargs=-1, required=True, type=_FILE)
@click.option(
    "--data-dir",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Where the chain is kept; 'devnet up --data-dir' goes on with it.",
)
@click.option("--genesis", type=_FILE, help="geth's genesis.json; not needed a second time.")
@click.option(
    "--strict-seals",
    is_flag=True,
    help="Refuse mined blocks whose seal is blank, as test suites make them.",
)
@json_option
def command(
    chains: tuple[Path, ...],
    data_dir: Path,
    genesis: Path | None,
    strict_seals: bool,
    as_json: bool,
) -> None:
    """Take blocks made elsewhere into a data directory.

    CHAIN.rlp holds blocks one after another, as geth exports them; gzip is read too. Every block is
    held to all rules and executed; those before a bad one stay, known ones are passed over.
    """
    seals = SealCheck(strict_seals)
    added = 0
    with closing(DataDirectory(data_dir)) as directory:
        if genesis is not None:
            directory.choose_genesis(load_genesis(genesis))
        with closing(Importer(directory)) as importer:
            try:
                for chain in chains:
                    raw = read_chain(chain)
                    with _show_progress(chain, len(raw)) as progress:
                        blocks = _decode(raw, progress)
                        for _ in importer.run(blocks, seals):
                            added += 1
            finally:
                head = importer.history.head
                _report(added, head.header.number, head.hash, seals.blank, as_json)


def _decode(raw: bytes, progress: Progress) -> Iterator[Block]:
    for item in split_blocks(raw):
        block = decode_block(item)
        progress.update(progress.task_ids[0], advance=len(item) / 1000, number=block.header.number)
        yield block


def _show_progress(chain: Path, size: int) -> Progress:
    console = Console(stderr=True)
    progress = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("block {task.fields[number]}"),
        DownloadColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    progress.add_task(chain.name, total=size, number=0)
    return progress


def _report(added: int, number: int, head: bytes, blank: int, as_json: bool) -> None:
    if blank:
        click.echo(
            f"{blank} mined headers have a blank seal and were taken without proof of work; "
            "--strict-seals refuses them",
            err=True,
        )
    if as_json:
        fields = {"imported": added, "head": number, "hash": "0x" + head.hex(), "blankSeals": blank}
        click.echo(json.dumps(fields))
    else:
        click.echo(f"imported {added} blocks; head is block {number}, 0x{head.hex()}")
