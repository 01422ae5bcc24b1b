"""Transactions to receipts per second, in process, beside the same node on py-evm's own state and
beside one with a data directory.

One transaction a block, signed ahead; every validator executes it and signs. Each network is
measured over 200 blocks from block 1 and again from block 1,000, every time with new recipients.
"""

import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

from benches.stock import StockWorld
from devnet.chain.signing import UnsignedTransaction, sign_transaction
from devnet.chain.world import World
from devnet.config import Config, Host
from devnet.node import Node

_BLOCKS = 200
_PART = 20  # blocks that one network makes before it is the other's turn
_OLD = 1_000  # number of the block from which the second measurement begins
_ROUNDS = 15  # of snapshot, transfers, revert
_MAX_FEE = 2 * 10**9  # wei
# transfer(address to, uint256 value) of a token without checks: two words, one event
_TOKEN = bytes.fromhex(
    "335f5260405f20805460243590039055"  # balances[caller] -= value
    "6004355f5260405f20805460243501"
    "9055"  # balances[to] += value
    "6024355f52600435337fddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef60205fa3"
    "60015f5260205ff3"  # return true
)
_DEPLOY = bytes.fromhex(f"60{len(_TOKEN):02x}80600a5f395ff300") + _TOKEN
_TRANSFER = bytes.fromhex("a9059cbb") + bytes(12)


class Network:
    """A node, and transactions of its first account signed ahead."""

    def __init__(self, world: type[World], validators: int, folder: Path | None = None) -> None:
        with patch("devnet.validators.beginning.World", world):
            self.node = Node(Config(validators=validators), Host(data_dir=folder))
        self._nonce = 0

    def sign_transfers(self, count: int) -> list[bytes]:
        """Of one wei, each to an address that is new."""
        return [self._sign(self._draw_address(), b"", value=1) for _ in range(count)]

    def sign_token_transfers(self, count: int) -> list[bytes]:
        """Of five tokens, each to an address that is new."""
        if not self._nonce:
            self.send([self._sign(None, _DEPLOY)])
        token = self.node.history.get_block(1).receipts[0].contract_address
        amount = (5).to_bytes(32, "big")
        return [self._sign(token, _TRANSFER + self._draw_address() + amount) for _ in range(count)]

    def send(self, raws: Sequence[bytes]) -> float:
        """Send one after another, read each receipt; returns seconds."""
        start = time.perf_counter()
        for raw in raws:
            receipt = self.node.history.get_transaction(self.node.send_raw(raw)).receipt
            assert receipt.succeeded, receipt.failure
        return time.perf_counter() - start

    def _draw_address(self) -> bytes:
        return (2**159 + self._nonce * 7919).to_bytes(20, "big")

    def _sign(self, to: bytes | None, data: bytes, value: int = 0) -> bytes:
        unsigned = UnsignedTransaction(self._nonce, to, value, data, 200_000, _MAX_FEE, 1)
        self._nonce += 1
        return sign_transaction(unsigned, self.node.config.chain_id, self.node.accounts[0].key)


Sign = Callable[[Network, int], list[bytes]]


def measure() -> list[Mapping[str, Any]]:
    """One row a workload, number of validators and age; `times` above 1 is in our favour."""
    with TemporaryDirectory() as folder:
        return [
            row
            for validators in (1, 4)
            for row in _measure_validators(validators, Path(folder, str(validators)))
        ]


def _measure_validators(validators: int, folder: Path) -> Iterator[Mapping[str, Any]]:
    for name, sign in (
        ("transfers /s", Network.sign_transfers),
        ("token transfers /s", Network.sign_token_transfers),
    ):
        networks = _start(validators, folder / name.split()[0])
        for first in (1, _OLD):
            for network in networks:
                network.send(sign(network, max(0, first - 1 - network.node.head.header.number)))
            own, stock, kept = (_BLOCKS / seconds for seconds in _take_turns(networks, sign))
            yield _row(name, validators, first, own, stock, own / stock, kept)
        networks[-1].node.close()
    networks = _start(validators, folder / "snapshots")
    own, stock, kept = (_measure_revert_ms(network) for network in networks)
    networks[-1].node.close()
    workload = f"snapshot, {_PART} transfers, revert, ms"
    yield _row(workload, validators, 1, own, stock, stock / own, kept)


def _start(validators: int, folder: Path) -> tuple[Network, ...]:
    return (
        Network(World, validators),
        Network(StockWorld, validators),
        Network(World, validators, folder),
    )


def _row(
    workload: str,
    validators: int,
    first: int,
    own: float,
    stock: float,
    times: float,
    kept: float,
) -> Mapping[str, Any]:
    return {
        "workload": workload,
        "validators": validators,
        "from block": first,
        "ours": own,
        "on py-evm's state": stock,
        "times": times,
        "with a data directory": kept,
    }


def _take_turns(networks: Sequence[Network], sign: Sign) -> list[float]:
    seconds = [0.0 for _ in networks]
    signed = [sign(network, _BLOCKS) for network in networks]
    for part in range(0, _BLOCKS, _PART):
        for index, network in enumerate(networks):
            seconds[index] += network.send(signed[index][part : part + _PART])
    return seconds


def _measure_revert_ms(network: Network) -> float:
    spent = []
    raws = network.sign_transfers(_PART)
    for _ in range(_ROUNDS):
        start = time.perf_counter()
        snapshot = network.node.snapshot()
        network.send(raws)
        network.node.revert(snapshot)
        spent.append(time.perf_counter() - start)
    return statistics.median(spent) * 1e3
