"""`devnet up`: start a node and answer JSON-RPC until it is stopped."""

import json
from pathlib import Path

import click

from devnet.config import DEFAULT_MNEMONIC, Config, Host
from devnet.errors import ConfigError
from devnet.node import Node
from devnet.rpc.evm import MAX_INTERVAL_S
from devnet.rpc.serving import serve
from devnet.rpc.transport.server import Listen
from devnet.validators.misbehaviour import parse_behavior
from precompiles.inference import INFERENCE
from precompiles.registry import REGISTRY

_ETHER = 10**18


@click.command(name="up")
@click.option("--validators", default=4, show_default=True, help="Validators in this process.")
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
    help="Keep models here; in memory if not given.",
)
@click.option("--isolate", is_flag=True, help="Run models in a worker process with limits.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of a banner.")
def command(
    validators: int,
    host: str,
    port: int,
    ipc: Path | None,
    origins: tuple[str, ...],
    hosts: tuple[str, ...],
    block_time: float | None,
    seed: int,
    chain_id: int,
    accounts: int,
    mnemonic: str,
    gas_limit: int,
    behaviors: tuple[str, ...],
    data_dir: Path | None,
    isolate: bool,
    as_json: bool,
) -> None:
    """Start a devnet and answer JSON-RPC."""
    config = Config(
        validators=validators,
        seed=seed,
        chain_id=chain_id,
        mnemonic=mnemonic,
        accounts=accounts,
        block_gas_limit=gas_limit,
        block_time_s=max(1, round(block_time or 1)),
    )
    node = Node(config, Host(data_dir=data_dir, isolate=isolate))
    for text in behaviors:
        name, separator, behavior = text.partition("=")
        if not separator:
            raise ConfigError(f"--behavior '{text}' is not VALIDATOR=STRATEGY, as in v2=crash")
        node.set_behavior(name, parse_behavior(behavior))
    if block_time:
        node.set_interval(block_time)

    def announce(bound_port: int) -> None:
        url = f"http://{host}:{bound_port}"
        click.echo(_describe_json(node, url) if as_json else _describe(node, url))

    serve(node, Listen(host, port, ipc, hosts, origins), announce)
    click.echo(f"stopped at block {node.head.header.number}, 0x{node.head.hash.hex()}", err=True)


def _describe(node: Node, url: str) -> str:
    """The banner: what a developer copies from."""
    config = node.config
    lines = ["", "Accounts", "========"]
    lines += [
        f"({index}) {_checksum(account.address)} ({config.balance_wei // _ETHER} ETH)"
        for index, account in enumerate(node.accounts)
    ]
    lines += ["", "Private keys", "============"]
    lines += [f"({index}) 0x{a.key.hex()}" for index, a in enumerate(node.accounts)]
    lines += ["", "Validators", "=========="]
    lines += [
        f"{v.name} {_checksum(v.address)} power {node.cluster.validator_set.get_power(v.address)}, "
        f"{v.behavior}"
        for v in node.cluster.validators
    ]
    lines += [
        "",
        f"Chain id         {config.chain_id}",
        f"Block gas limit  {node.next_header.gas_limit}",
        f"Genesis          0x{node.history.get_block(0).hash.hex()}",
        f"IInference       {_checksum(INFERENCE)}",
        f"IModelRegistry   {_checksum(REGISTRY)}",
        "",
        "These keys are public: never send real funds to them.",
        "",
        f"Listening on {url}",
    ]
    return "\n".join(lines)


def _describe_json(node: Node, url: str) -> str:
    return json.dumps(
        {
            "url": url,
            "chainId": node.config.chain_id,
            "genesisHash": "0x" + node.history.get_block(0).hash.hex(),
            "accounts": [
                {"address": _checksum(a.address), "privateKey": "0x" + a.key.hex()}
                for a in node.accounts
            ],
            "validators": [
                {"name": v.name, "address": _checksum(v.address), "behavior": str(v.behavior)}
                for v in node.cluster.validators
            ],
        }
    )


def _checksum(address: bytes) -> str:
    from eth_utils.address import to_checksum_address

    return str(to_checksum_address(address))
