"""`devnet validator`: one validator as a process of its own, until it is stopped."""

import json
import logging
import os
import select
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import click

from devnet.clock import read_clock
from devnet.consensus.signature import compute_address
from devnet.errors import ConfigError
from devnet.network.sockets.identity import derive_keys
from devnet.processes.key_file import has_key, load_key, save_key
from devnet.processes.network_file import FILE, Network, load_network, parse_network, save_network
from devnet.processes.process import Process, check_behavior
from devnet.rpc.client import Client
from devnet.validators.misbehaviour import HONEST, parse_behavior

_KEY_BYTES = 32


@click.command(name="validator")
@click.option(
    "--data-dir",
    "folder",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Its key, network file, chain and log; made by --join, or by 'devnet up --processes'.",
)
@click.option(
    "--join",
    metavar="HOST:PORT",
    help="Ask this node to be let in; once is enough, unless the address changes.",
)
@click.option(
    "--listen",
    metavar="HOST:PORT",
    help="Where others reach this process; a free port of the address that faces the node if not "
    "given.",
)
@click.option(
    "--behavior",
    default=str(HONEST),
    show_default=True,
    metavar="STRATEGY[@TRIGGER]",
    help="Misbehave while this process lives, as in equivocate-votes@at heights 5-.",
)
@click.option("--isolate", is_flag=True, help="Run models in a worker process with limits.")
@click.option("--with-parent", is_flag=True, hidden=True, help="End when standard input does.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of a line.")
def command(
    folder: Path,
    join: str | None,
    listen: str | None,
    behavior: str,
    isolate: bool,
    with_parent: bool,
    as_json: bool,
) -> None:
    """Run one validator of a network of processes."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(message)s")
    chosen = parse_behavior(behavior)
    check_behavior(chosen)
    if join is not None:
        _join(folder, join, listen)
    elif listen is not None:
        raise ConfigError("--listen says where a process that joins is reached; add --join")
    process = Process(folder, read_clock, isolate, chosen)
    try:
        _announce(process, as_json)
        process.run(_stop_on_signals(with_parent))
    finally:
        process.close()


def _join(folder: Path, node: str, listen: str | None) -> Network:
    """Ask a node for the network, and to tell the others."""
    host, separator, port = node.rpartition(":")
    if not separator or not host or not port.isdigit():
        raise ConfigError(f"--join '{node}' is not HOST:PORT, as in 192.0.2.7:8545")
    if not has_key(folder):
        save_key(folder, os.urandom(_KEY_BYTES))
    key = load_key(folder)
    keys = derive_keys(key)
    endpoint = f"tcp://{listen}" if listen else _find_endpoint(folder, keys.public, host, int(port))
    address = "0x" + compute_address(key).hex()
    answer = Client(f"http://{node}").request("consensus_join", address, keys.public, endpoint)
    network = parse_network(answer)
    save_network(folder, network)
    return network


def _find_endpoint(folder: Path, key: str, host: str, port: int) -> str:
    """Where it was before, or a free port of the address that faces the node."""
    if (folder / FILE).exists():
        return load_network(folder).find(key).endpoint
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((host, port))
        except OSError as unknown:
            raise ConfigError(f"--join: {host} is not found: {unknown.strerror}") from unknown
        own = probe.getsockname()[0]
    with socket.socket() as free:
        free.bind((own, 0))
        return f"tcp://{own}:{free.getsockname()[1]}"


def _announce(process: Process, as_json: bool) -> None:
    peer = process.peer
    address = "0x" + peer.address.hex()
    if as_json:
        shown = {"name": peer.name, "address": address, "endpoint": peer.endpoint, "key": peer.key}
        click.echo(json.dumps({**shown, "pid": os.getpid(), "height": process.height}))
    else:
        click.echo(
            f"{peer.name} {address} at {peer.endpoint}, block {process.height}, pid {os.getpid()}"
        )


def _stop_on_signals(with_parent: bool) -> Callable[[], bool]:
    """Whether SIGINT, SIGTERM or the end of the parent has come."""
    stopped: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda received, _: stopped.append(received))

    def is_stopped() -> bool:
        if with_parent and not stopped:
            readable, _, _ = select.select([sys.stdin], [], [], 0)
            if readable and not os.read(sys.stdin.fileno(), 1):
                stopped.append(0)
        return bool(stopped)

    return is_stopped
