"""Four validator processes' worth in one thread, over real sockets, each with its own disk."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path
from typing import Any

from devnet.chain.account import derive_accounts
from devnet.chain.signing import UnsignedTransaction, sign_transaction
from devnet.clock import read_clock
from devnet.config import Config, Host
from devnet.network.sockets.exchange import Exchange
from devnet.network.sockets.identity import derive_keys
from devnet.node import Node
from devnet.processes.codec import decode, encode
from devnet.processes.federation import Federation
from devnet.processes.founding import NODE, found
from devnet.processes.key_file import load_key
from devnet.processes.message import Message, Transactions
from devnet.processes.process import Process
from devnet.validators.misbehaviour import parse_behavior
from precompiles.registry import REGISTER, REGISTRY

PATIENCE_S = 60.0
NAMES = ("v0", "v1", "v2", "v3")
STRANGER = bytes(20)


class Quartet:
    """Processes that take a step when they are asked to."""

    def __init__(
        self,
        folder: Path,
        stack: ExitStack,
        behaviors: Mapping[str, str] | None = None,
        config: Config | None = None,
    ) -> None:
        self.folder, self.stack = folder, stack
        self.network = found(folder, config or Config())
        known = behaviors or {}
        self.running = {name: self.open(name, known.get(name, "honest")) for name in NAMES}
        self.begin()

    def begin(self) -> None:
        """Add what stands in for the node."""

    def open(self, name: str, behavior: str = "honest") -> Process:
        """Start one."""
        process = Process(self.folder / name, read_clock, behavior=parse_behavior(behavior))
        self.stack.enter_context(closing(process)).start()
        return process

    def impersonate(self, name: str) -> Exchange:
        """Sockets with a validator's key, in its place, that say what they like."""
        self.running.pop(name).close()
        keys = derive_keys(load_key(self.folder / name))
        place = self.network.find(keys.public).endpoint
        others = [peer for peer in self.network.peers if peer.name != name]
        return self.stack.enter_context(closing(Exchange(keys, place, read_clock, others)))

    def step(self) -> None:
        """Let all of them work a little."""
        for process in self.running.values():
            process.step(1)

    def wait(self, holds: Callable[[], bool]) -> None:
        """Let all of them work until something holds."""
        end = read_clock() + PATIENCE_S
        while not holds():
            assert read_clock() < end, "waited too long"
            self.step()

    def wait_for_block(self, number: int) -> None:
        """Until all that run have it."""
        self.wait(lambda: all(p.height == number for p in self.running.values()))

    def find_dropped(self, name: str) -> dict[str, str]:
        """Whom a process has dropped, and why."""
        return {c.peer.name: c.dropped for c in self.running[name].contacts if c.dropped}

    def sign(self, nonce: int, to: bytes = STRANGER, data: bytes = b"", **fields: Any) -> bytes:
        """A transaction of the first account."""
        account = derive_accounts(self.network.config.mnemonic, 1)[0]
        gas, value = fields.get("gas", 100_000), fields.get("value", 1)
        unsigned = UnsignedTransaction(nonce, to, value, data, gas, 3 * 10**9, 10**9)
        return sign_transaction(unsigned, self.network.config.chain_id, account.key)


class Four(Quartet):
    """With the node's sockets in the test's hands."""

    def begin(self) -> None:
        self.heard: list[Message] = []  # by the node
        keys = derive_keys(load_key(self.folder / NODE))
        place, peers = self.network.node.endpoint, self.network.peers[1:]
        self.node = self.stack.enter_context(closing(Exchange(keys, place, read_clock, peers)))
        self.wait(lambda: all(c.is_connected for c in self.node.list_contacts()))

    def step(self) -> None:
        self.heard += [decode(data) for _, data in self.node.receive(1)]
        super().step()

    def send(self, nonce: int) -> None:
        """One transaction, to all."""
        self.node.broadcast(encode(Transactions((self.sign(nonce),))))


class Orchestra(Quartet):
    """With a real node, for which time passes while the processes work."""

    def begin(self) -> None:
        self.node = self.open_node()
        self._nonce = 0

    def open_node(self) -> Node:
        """The node, on its folder."""
        own = self.folder / NODE
        gather = partial(Federation, own, self._tick)
        node = Node(self.network.config, Host(own, False), gather=gather)
        return self.stack.enter_context(closing(node))

    def send(self, to: bytes = STRANGER, data: bytes = b"", **fields: Any) -> int:
        """A transaction in a block of its own; the number of that."""
        raw = self.sign(self._nonce, to, data, **fields)
        self._nonce += 1
        hash_ = self.node.send_raw(raw)
        return self.node.history.get_transaction(hash_).block.header.number

    def add_model(self, model: bytes) -> bytes:
        """Hand a model to all and register it; its id."""
        model_id = self.federation.put_model(model)
        self.send(REGISTRY, REGISTER + model_id, gas=2_000_000, value=0)
        return model_id

    def wait_for_node(self, number: int) -> None:
        """Until the node has a block."""

        def is_here() -> bool:
            self.node.follow()
            return self.node.head.header.number == number

        self.wait(is_here)

    @property
    def federation(self) -> Federation:
        """The node's view of its validators."""
        assert isinstance(self.node.cluster, Federation)
        return self.node.cluster

    def _tick(self) -> float:
        self.step()
        return read_clock()
