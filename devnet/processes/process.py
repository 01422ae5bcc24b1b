"""Process: a validator that lives alone: sockets, messages by kind, reports, until stopped."""

import os
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType

from devnet.clock import Clock
from devnet.consensus.participation.host import Status
from devnet.consensus.tendermint.message import Precommit, Prevote
from devnet.errors import BadMessage, ConfigError
from devnet.network.sockets.exchange import Contact, Exchange
from devnet.network.sockets.identity import Peer, check_peer, derive_keys
from devnet.processes.codec import decode, encode
from devnet.processes.home import Home
from devnet.processes.key_file import load_key
from devnet.processes.member import Member
from devnet.processes.message import (
    BlockWanted,
    Decided,
    Introduced,
    LinkReport,
    Message,
    ModelsHeld,
    Proposed,
    Report,
    ReportWanted,
    Transactions,
)
from devnet.processes.models import ModelExchange
from devnet.processes.network_file import load_network, save_network
from devnet.validators.download import ModelPart, ModelWanted
from devnet.validators.faults.fault import Strategy
from devnet.validators.misbehaviour import HONEST, Behavior
from devnet.validators.supply import serve_part
from precompiles.engine.fingerprint import describe_engine
from precompiles.models.file_store import FileStore

_WAIT_MS = 100  # at most, before it looks whether to stop
_SIGNALS: Mapping[Strategy, str] = MappingProxyType(
    {
        Strategy.CRASH: "end one that is a process with kill -9",
        Strategy.PAUSE: "halt one that is a process with kill -STOP, and kill -CONT",
    }
)


class Process:
    """One validator process, from its folder."""

    def __init__(
        self, folder: Path, clock: Clock, isolate: bool = False, behavior: Behavior = HONEST
    ) -> None:
        """Raises: ConfigError, StoreError if the folder cannot be gone on with."""
        check_behavior(behavior)
        self._folder = folder
        self.network = load_network(folder)
        key = load_key(folder)
        keys = derive_keys(key)
        self.peer = self.network.find(keys.public)
        index = int(self.peer.name.removeprefix("v"))
        self._home = Home(folder, self.network, index, key, isolate, behavior)
        try:
            others = [peer for peer in self.network.peers if peer.key != self.peer.key]
            self._exchange = Exchange(keys, self.peer.endpoint, clock, others)
        except BaseException:
            self._home.close()
            raise
        self._member = Member(self._home, key, self._exchange, clock, self._tell)
        store = self._home.validator.store
        held = tuple(store.list()) if isinstance(store, FileStore) else ()
        self._models = ModelExchange(
            *(self._exchange, clock, held),
            *(partial(serve_part, self._home.validator), self._keep_model),
        )

    @property
    def height(self) -> int:
        """Of the last block it agrees with."""
        return self._home.validator.head.number

    @property
    def head_hash(self) -> bytes:
        """Of that block."""
        return self._home.history.head.hash

    @property
    def contacts(self) -> tuple[Contact, ...]:
        """Its peers, and those it has dropped."""
        return self._exchange.list_contacts()

    def start(self) -> None:
        """Take up what was under way when the process ended."""
        self._member.start()

    def run(self, is_stopped: Callable[[], bool]) -> None:
        """Take part until told to stop."""
        self.start()
        while not is_stopped():
            self.step(_WAIT_MS)

    def step(self, most_ms: int) -> None:
        """Act on what has come and what is due, after waiting at most so long for it."""
        wait_ms = self._member.timers.compute_wait_ms(most_ms)
        for peer, data in self._exchange.receive(wait_ms):
            self.hear(peer, data)
        greeted, self._exchange.news = self._exchange.news, []
        for peer in greeted:
            self._member.greet(peer)
            self._models.greet(peer)
        self._models.seek(self._home.validator.engine.missing)
        self._models.tick()
        self._member.tick()

    def hear(self, peer: Peer, data: bytes) -> None:
        """Act on a message; whoever sends what is none is dropped."""
        try:
            self._act(peer, decode(data))
        except BadMessage as garbage:
            self._exchange.drop(peer.key, str(garbage))

    def close(self) -> None:
        """Let go of sockets and folder."""
        self._exchange.close()
        self._home.close()

    def _act(self, peer: Peer, message: Message) -> None:
        member, models = self._member, self._models
        match message:
            case Proposed():
                member.on_proposed(peer, message)
            case Prevote() | Precommit():
                member.on_vote(peer, message)
            case Status():
                member.on_status(peer, message)
            case Decided():
                member.on_decided(peer, message)
            case Transactions(raws):
                new = member.mempool.take(raws)
                if new:
                    self._exchange.broadcast(encode(Transactions(new)))
            case BlockWanted():
                self._require_node(peer, "wants a block")
                member.on_want(message)
            case ModelsHeld():
                models.on_offer(peer, message)
            case ModelWanted():
                models.on_question(peer, message)
            case ModelPart():
                models.on_part(peer, message)
            case Introduced(newcomer):
                self._welcome(peer, newcomer)
            case ReportWanted(number):
                self._exchange.send(peer.key, encode(self._build_report(number)))
            case Report():
                raise BadMessage("a report that nobody wanted")

    def _welcome(self, peer: Peer, newcomer: Peer) -> None:
        self._require_node(peer, "introduces somebody")
        if newcomer.key == self.peer.key:
            return
        try:
            check_peer(newcomer)
        except ConfigError as unreachable:
            raise BadMessage(f"introduces {unreachable}") from unreachable
        self.network = self.network.add(newcomer)
        save_network(self._folder, self.network)
        self._exchange.add(newcomer)

    def _require_node(self, peer: Peer, what: str) -> None:
        if peer.key != self.network.node.key:
            raise BadMessage(f"{what}, which only the node may")

    def _tell(self, decided: Decided) -> None:
        self._exchange.send(self.network.node.key, encode(decided))

    def _keep_model(self, model: bytes) -> None:
        self._home.validator.put_model(model)
        self._member.catch_up()

    def _build_report(self, number: int) -> Report:
        member = self._member
        links = tuple(
            LinkReport(c.peer.name, c.is_connected, c.lost, c.dropped)
            for c in self._exchange.list_contacts()
        )
        return Report(
            number,
            self.peer.name,
            os.getpid(),
            self._home.validator.head.number,
            max(0, member.participant.process.state.round),
            self._home.validator.stuck,
            links,
            len(self._exchange.gatekeeper.strangers),
            str(self._home.validator.behavior),
            self._home.history.head.hash,
            self._home.validator.head.state_root,
            tuple(describe_engine().items()),
            self._models.list_lacks(),
        )


def check_behavior(behavior: Behavior) -> None:
    """Raises: ConfigError for what the system does to a process better than the process itself."""
    for fault in behavior.faults:
        remedy = _SIGNALS.get(fault.strategy)
        if remedy is not None:
            raise ConfigError(
                f"behavior '{fault.strategy.value}' is for validators in one process; {remedy}"
            )
