"""Transactions to receipts per second, in process, beside the same node on py-evm's own state.

Each block holds one transaction, as with automine; every validator executes it. A chain is measured
from block 1 and again from block 1,000, with twice as many accounts or storage words each time.
"""

import statistics
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any
from unittest.mock import patch

from eth.db.atomic import AtomicDB
from eth.db.backends.memory import MemoryDB

from devnet.chain.header import EMPTY_TRIE_ROOT, Header
from devnet.chain.precompile import bind_state
from devnet.chain.signing import UnsignedTransaction, sign_transaction
from devnet.chain.world import World, build_context
from devnet.config import Config
from devnet.node import Node
from precompiles.interface import Table

_BLOCKS = 200  # a measurement
_OLD = 1_000  # blocks before the second measurement
_ROUNDS = 15  # of snapshot, 20 transfers, revert
_TRANSFERS = 20
_GAS = 100_000
_FEE = 2 * 10**9  # wei
# transfer(address to, uint256 value) of a token without supply: two words, one event, true
_TOKEN = bytes.fromhex(
    "335f5260405f20805460243590039055"  # balances[caller] -= value
    "6004355f5260405f20805460243501"
    "9055"  # balances[to] += value
    "6024355f52600435337fddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef60205fa3"
    "60015f5260205ff3"
)
_DEPLOY = bytes.fromhex(f"60{len(_TOKEN):02x}80600a5f395ff300") + _TOKEN
_TRANSFER = bytes.fromhex("a9059cbb")


class StockWorld(World):
    """The same seam over py-evm's AccountDB: what the ratios are held against."""

    def __init__(self, table: Table, chain_id: int) -> None:
        self.chain_id = chain_id
        self._db = AtomicDB(MemoryDB())
        self._stock = bind_state(table)

    def open(
        self,
        root: bytes,
        header: Header,
        ancestors: Iterable[bytes] = (),
        base_fee: int | None = None,
    ) -> Any:
        return self._stock(self._db, build_context(self.chain_id, header, ancestors, base_fee), root)

    def open_empty(self, header: Header) -> Any:
        return self.open(EMPTY_TRIE_ROOT, header)


class Sender:
    """The first unlocked account of a node, and transactions it has signed ahead."""

    def __init__(self, world: type[World], validators: int) -> None:
        with patch("devnet.validators.validator.World", world):
            self.node = Node(Config(validators=validators))
        self._account = self.node.accounts[0]
        self._signed = 0

    def sign(self, to: bytes | None, data: bytes, count: int) -> list[bytes]:
        """Raw transactions; where `to` or `data` ends with `*`, a fresh address stands there."""
        return [self._sign(to, data) for _ in range(count)]

    def _sign(self, to: bytes | None, data: bytes) -> bytes:
        fresh = (2**159 + self._signed * 7919).to_bytes(20, "big")
        target = fresh if to == b"*" else to
        unsigned = UnsignedTransaction(
            self._signed, target, 1 if to == b"*" else 0, data.replace(b"*" * 20, fresh),
            10**6 if to is None else _GAS, _FEE, 1,
        )  # fmt: skip
        self._signed += 1
        return sign_transaction(unsigned, self.node.config.chain_id, self._account.key)

    def rewind(self, count: int) -> None:
        """Take back the nonces of transactions that a revert undid."""
        self._signed -= count

    def deploy(self) -> bytes:
        """Address of the token."""
        (raw,) = self.sign(None, _DEPLOY, 1)
        address = self.node.history.get_transaction(self.node.send_raw(raw)).receipt
        assert address.contract_address is not None
        return address.contract_address

    def send(self, raws: Iterable[bytes]) -> None:
        """Send one after another and read each receipt."""
        for raw in raws:
            place = self.node.history.get_transaction(self.node.send_raw(raw))
            assert place.receipt.succeeded, place.receipt.failure


def measure() -> list[Mapping[str, Any]]:
    """One row a workload and network."""
    rows = []
    for validators in (1, 4):
        rows += list(_measure_network(validators))
    return rows


def _measure_network(validators: int) -> Iterator[Mapping[str, Any]]:
    for name, prepare in (("transfer", _prepare_transfer), ("token transfer", _prepare_token)):
        own, stock = Sender(World, validators), Sender(StockWorld, validators)
        (early, *_), (upstream, *_) = _interleave(own, stock, prepare)
        late = _age(own, prepare)
        yield _row(f"{name}s /s", validators, early, late, upstream, early / upstream)
    own, stock = Sender(World, validators), Sender(StockWorld, validators)
    ours, theirs = _measure_revert_ms(own), _measure_revert_ms(stock)
    label = f"snapshot, {_TRANSFERS} transfers, revert ms"
    yield _row(label, validators, ours, "", theirs, theirs / ours)


def _row(
    workload: str, validators: int, early: float, late: float | str, stock: float, ratio: float
) -> Mapping[str, Any]:
    return {
        "workload": workload,
        "validators": validators,
        "from block 1": early,
        f"from block {_OLD:,}": late,
        "on py-evm's state": stock,
        "times": ratio,
    }


Prepare = Callable[[Sender, int], list[bytes]]


def _prepare_transfer(sender: Sender, count: int) -> list[bytes]:
    return sender.sign(b"*", b"", count)


def _prepare_token(sender: Sender, count: int) -> list[bytes]:
    token = getattr(sender, "token", None) or sender.deploy()
    sender.token = token  # type: ignore[attr-defined]
    data = _TRANSFER + bytes(12) + b"*" * 20 + (5).to_bytes(32, "big")
    return sender.sign(token, data, count)


def _interleave(own: Sender, stock: Sender, prepare: Prepare) -> Any:
    return [[_time(sender, prepare(sender, _BLOCKS))] for sender in (own, stock)]


def _age(sender: Sender, prepare: Prepare) -> float:
    sender.send(prepare(sender, _OLD - sender.node.head.header.number))
    return _time(sender, prepare(sender, _BLOCKS))


def _time(sender: Sender, raws: list[bytes]) -> float:
    start = time.perf_counter()
    sender.send(raws)
    return len(raws) / (time.perf_counter() - start)


def _measure_revert_ms(sender: Sender) -> float:
    spent = []
    raws = sender.sign(b"*", b"", _TRANSFERS)
    for _ in range(_ROUNDS):
        start = time.perf_counter()
        snapshot = sender.node.snapshot()
        sender.send(raws)
        sender.node.revert(snapshot)
        spent.append(time.perf_counter() - start)
    return statistics.median(spent) * 1e3
