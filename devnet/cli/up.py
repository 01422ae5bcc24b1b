"""`devnet up`: start a node and answer JSON-RPC until it is stopped."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import click

from devnet.chain.genesis_file import load_genesis
from devnet.chain.origin import Origin
from devnet.cli.banner import build_url, describe, describe_json
from devnet.cli.configuration import choose_config, read_behaviors, read_given, refuse_overruled
from devnet.cli.federation import open_federated
from devnet.cli.rule import rule_options
from devnet.config import DEFAULT_HARDFORK, DEFAULT_MNEMONIC, ORDERS, Config, Host
from devnet.consensus.agreement import locate_rule
from devnet.data_directory import DataDirectory
from devnet.errors import ConfigError
from devnet.node import Node
from devnet.rpc.evm import MAX_INTERVAL_S
from devnet.rpc.serving import serve
from devnet.rpc.transport.server import Listen


@click.command(name="up")
@click.option("--validators", default=4, show_default=True, help="How many there are.")
@click.option(
    "--processes",
    is_flag=True,
    help="Each validator is an operating system process of its own, over authenticated sockets.",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8545, show_default=True, help="Port to listen on.")
@click.option(
    "--ipc",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Answer on a Unix socket too.",
)
@click.option(
    "--allow-origin",
    "origins",
    multiple=True,
    metavar="ORIGIN",
    help="Answer pages from here too, as in https://app.example; * for all. May be repeated.",
)
@click.option(
    "--allow-host",
    "hosts",
    multiple=True,
    metavar="NAME",
    help="Answer to this name in a Host header too; * for all. May be repeated.",
)
@click.option(
    "--block-time",
    type=click.FloatRange(0.001, MAX_INTERVAL_S),
    metavar="SECONDS",
    help="A block every so many seconds instead of one for each transaction.",
)
@click.option(
    "--power",
    "powers",
    multiple=True,
    metavar="VALIDATOR=POWER[,...]",
    help="Voting power at genesis, as in v0=10,v1=0; 1 for whoever is not named.",
)
@click.option("--seed", default=0, show_default=True, help="Seed of everything that is drawn.")
@click.option("--chain-id", default=31337, show_default=True)
@click.option("--accounts", default=10, show_default=True, help="Unlocked accounts.")
@click.option("--mnemonic", default=DEFAULT_MNEMONIC, help="Where the accounts come from.")
@click.option("--gas-limit", default=30_000_000, show_default=True, help="Of a block.")
@click.option(
    "--behavior",
    "behaviors",
    multiple=True,
    metavar="VALIDATOR=STRATEGY[@height>=N]",
    help="For example v2=wrong-model@height>=5; may be given several times.",
)
@click.option(
    "--data-dir",
    type=click.Path(file_okay=False, path_type=Path),
    help="Keep the chain here and go on with what is there; in memory if not given.",
)
@click.option(
    "--genesis",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Begin with geth's genesis.json.",
)
@click.option(
    "--hardfork",
    default=DEFAULT_HARDFORK,
    show_default=True,
    help="Rules of a new chain, as in cancun.",
)
@click.option(
    "--transaction-gas-cap/--no-transaction-gas-cap",
    default=True,
    help="A transaction has at most 2**24 gas, from osaka on (EIP-7825).",
)
@click.option(
    "--order",
    type=click.Choice(ORDERS),
    default=ORDERS[0],
    show_default=True,
    help="Of transactions in a block: by tip, or as they come.",
)
@click.option(
    "--no-mining",
    "--no-mine",
    is_flag=True,
    help="Transactions wait for evm_mine.",
)
@click.option(
    "--agreement",
    default="exact",
    show_default=True,
    metavar="RULE",
    callback=lambda _context, _option, text: locate_rule(text, Path()),
    help="What counts as the same output: exact, tolerance(N) in units of 2^-20, majority, "
    "commit-reveal, or FILE.py:NAME.",
)
@rule_options
@click.option("--isolate", is_flag=True, help="Run models in a worker process with limits.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of a banner.")
@click.pass_context
def command(
    context: click.Context,
    /,
    validators: int,
    processes: bool,
    host: str,
    port: int,
    ipc: Path | None,
    origins: tuple[str, ...],
    hosts: tuple[str, ...],
    block_time: float | None,
    powers: tuple[str, ...],
    seed: int,
    chain_id: int,
    accounts: int,
    mnemonic: str,
    gas_limit: int,
    behaviors: tuple[str, ...],
    data_dir: Path | None,
    genesis: Path | None,
    hardfork: str,
    transaction_gas_cap: bool,
    order: str,
    no_mining: bool,
    agreement: str,
    isolate: bool,
    as_json: bool,
    **_rule: object,
) -> None:
    """Start a devnet and answer JSON-RPC."""
    if no_mining and block_time:
        raise ConfigError("--no-mining and --block-time exclude each other")
    given = read_given(context)
    if processes:
        if genesis is not None:
            raise ConfigError("--processes excludes --genesis")
        choose = partial(choose_config, given)
        with open_federated(choose, data_dir, host, isolate, read_behaviors(behaviors)) as node:
            _run(node, Listen(host, port, ipc, hosts, origins), block_time, no_mining, as_json)
        return
    node = _open_node(given, data_dir, genesis, isolate)
    for name, behavior in read_behaviors(behaviors).items():
        node.set_behavior(name, behavior)
    _run(node, Listen(host, port, ipc, hosts, origins), block_time, no_mining, as_json)


def _run(
    node: Node, listen: Listen, block_time: float | None, no_mining: bool, as_json: bool
) -> None:
    """Answer until it is stopped."""
    if block_time:
        node.set_interval(block_time)
    if no_mining:
        node.set_interval(0)

    def announce(bound_port: int) -> None:
        url = build_url(listen.host, bound_port)
        click.echo(describe_json(node, url) if as_json else describe(node, url))

    try:
        serve(node, listen, announce)
    finally:
        node.close()
    click.echo(f"stopped at block {node.head.header.number}, 0x{node.head.hash.hex()}", err=True)


def _open_node(
    given: Mapping[str, Any], data_dir: Path | None, genesis: Path | None, isolate: bool
) -> Node:
    """A node with the options that were given; others are as stored, or the defaults."""
    directory = None if data_dir is None else DataDirectory(data_dir)
    origin = None if genesis is None else Origin(load_genesis(genesis))
    config = Config()
    if directory is not None and directory.network is not None:
        config = directory.network.config
    known = origin.genesis if origin else directory.genesis if directory else None
    if known is not None:
        refuse_overruled(given, known)
    return Node(choose_config(given, config), Host(data_dir, isolate), origin, directory)
