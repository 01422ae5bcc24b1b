"""What `devnet up` prints when it listens: a banner to copy from, or one JSON object."""

import json

from devnet.consensus.optimistic import OPTIMISTIC
from devnet.consensus.staking import STAKING
from devnet.node import Node
from precompiles.inference import INFERENCE
from precompiles.registry import REGISTRY

_ETHER = 10**18


def build_url(host: str, port: int) -> str:
    """Where clients find a server; an IPv6 address stands in brackets."""
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def describe(node: Node, url: str) -> str:
    """The banner: what a developer copies from."""
    config, state = node.config, node.open_state()
    lines = ["", "Accounts", "========"]
    lines += [
        f"({index}) {_checksum(a.address)} ({state.get_balance(a.address) // _ETHER} ETH)"
        for index, a in enumerate(node.accounts)
    ]
    lines += ["", "Private keys", "============"]
    lines += [f"({index}) 0x{a.key.hex()}" for index, a in enumerate(node.accounts)]
    lines += ["", "Validators", "=========="]
    members = node.cluster.get_validators(node.head.header.number + 1)
    lines += [
        f"{v.name} {_checksum(v.address)} power {members.get_power(v.address)}, {v.behavior}, "
        f"runs {v.client}"
        for v in node.cluster.standings
    ]
    lines += [
        "",
        f"Chain id         {config.chain_id}",
        f"Block gas limit  {node.next_header.gas_limit}",
        f"Genesis          0x{node.history.get_block(0).hash.hex()}",
        f"IInference       {_checksum(INFERENCE)}",
        f"IModelRegistry   {_checksum(REGISTRY)}",
        f"IStaking         {_checksum(STAKING)}",
        *([f"Disputes         {_checksum(OPTIMISTIC)}"] if config.is_optimistic else []),
        f"Rule             {config.rule}",
        f"Mining           {_describe_mining(node)}",
        f"Data directory   {_describe_place(node)}",
        "",
        "These keys are public: never send real funds to them.",
        "",
        f"Listening on {url}",
    ]
    return "\n".join(lines)


def _describe_mining(node: Node) -> str:
    if node.automine:
        return "a block for each transaction"
    return f"a block every {node.interval_s:g} s" if node.interval_s else "on request (evm_mine)"


def _describe_place(node: Node) -> str:
    if node.directory is None:
        return "none: the chain is gone when this process ends (--data-dir keeps it)"
    head = node.head.header.number
    return f"{node.directory.folder}, {f'resumed at block {head}' if head else 'at block 0'}"


def describe_json(node: Node, url: str) -> str:
    return json.dumps(
        {
            "url": url,
            "chainId": node.config.chain_id,
            "genesisHash": "0x" + node.history.get_block(0).hash.hex(),
            "rule": node.config.rule,
            "blockNumber": node.head.header.number,
            "dataDir": None if node.directory is None else str(node.directory.folder),
            "accounts": [
                {"address": _checksum(a.address), "privateKey": "0x" + a.key.hex()}
                for a in node.accounts
            ],
            "validators": [
                {
                    "name": v.name,
                    "address": _checksum(v.address),
                    "behavior": v.behavior,
                    "client": v.client,
                }
                for v in node.cluster.standings
            ],
        }
    )


def _checksum(address: bytes) -> str:
    from eth_utils.address import to_checksum_address

    return str(to_checksum_address(address))
