"""Correspondence: a node's letters with processes: what they decided, hold and report."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from devnet.clock import Clock
from devnet.consensus.participation.host import Status
from devnet.consensus.tendermint.message import Message as Said
from devnet.consensus.tendermint.message import Precommit, Prevote
from devnet.consensus.validator_set import ValidatorSet
from devnet.errors import BadMessage, HostError
from devnet.network.sockets.exchange import Contact, Exchange
from devnet.network.sockets.identity import Peer, check_peer, derive_keys
from devnet.processes.codec import decode, encode
from devnet.processes.message import (
    Body,
    Decided,
    Introduced,
    Message,
    ModelsHeld,
    Proposed,
    Report,
    ReportWanted,
)
from devnet.processes.models import ModelExchange
from devnet.processes.network_file import Network, save_network
from devnet.processes.testimony import HEARD_HEIGHTS
from devnet.validators.download import ModelPart, ModelWanted
from devnet.validators.engine_book import EngineBook
from devnet.validators.supply import serve_part
from devnet.validators.validator import Validator
from precompiles.models.file_store import FileStore

MAX_VOTES = 10_000  # that are remembered of one height
MAX_AHEAD = 32  # heights of which decisions are kept until their turn
MODEL_PATIENCE_S = 60.0
_ASK_S = 1.0  # between two times of asking
_WAIT_MS = 50


@dataclass(frozen=True, slots=True)
class ProcessState:
    """What the node knows of one process."""

    peer: Peer
    contact: Contact
    report: Report | None

    @property
    def height(self) -> int:
        return self.report.height if self.report else 0

    @property
    def behavior(self) -> str:
        return self.report.behavior if self.report else "unknown"

    @property
    def stuck(self) -> str:
        """Why it takes no part, empty if it does."""
        if self.contact.dropped:
            return f"dropped: {self.contact.dropped}"
        if not self.contact.is_connected:
            return "not connected"
        return self.report.stuck if self.report else ""


class Correspondence:
    """All letters of a node."""

    def __init__(
        self,
        folder: Path,
        network: Network,
        key: bytes,
        clock: Clock,
        follower: Validator,
        engines: EngineBook,
        on_said: Callable[[Said, Body | None], None],
    ) -> None:
        """`on_said` gets statements of the next height and of the last ones, and their blocks.

        It raises BadMessage for what nobody has signed.
        """
        self.network, self._folder, self._clock = network, folder, clock
        self._engines = engines
        keys = derive_keys(key)
        self.own_key = keys.public
        others = [peer for peer in network.peers if peer.key != keys.public]
        self._exchange = Exchange(keys, network.find(keys.public).endpoint, clock, others)
        store = follower.store
        held = tuple(store.list()) if isinstance(store, FileStore) else ()
        self.models = ModelExchange(
            *(self._exchange, clock, held),
            *(partial(serve_part, follower), follower.put_model),
        )
        self._address, self._on_said = follower.address, on_said
        self.states: tuple[ProcessState, ...] = ()  # as of the last time it worked
        self.strangers = 0
        self._reports: dict[str, Report] = {}
        self._holders: dict[bytes, dict[str, None]] = {}  # keys by model
        self._decided: dict[int, list[tuple[Peer, Decided]]] = {}
        self._votes: dict[Said, None] = {}
        self._asked_s = clock() - _ASK_S
        self._number = 0
        self._note()

    def close(self) -> None:
        self._exchange.close()

    def broadcast(self, message: Message) -> None:
        """To all processes."""
        self._exchange.broadcast(encode(message))

    def drop(self, peer: Peer, reason: str) -> None:
        """Hear nothing more of a process."""
        self._exchange.drop(peer.key, reason)

    def work(self, height: int, timeout_ms: int) -> None:
        """Read what has come, waiting at most so long for it; ask for what is missing.

        Args:
            height: of the next block that the node lacks.
        """
        self.models.tick()
        now = self._clock()
        if now - self._asked_s >= _ASK_S:
            self._asked_s, self._number = now, self._number + 1
            self.broadcast(ReportWanted(self._number))
            self.broadcast(Status(height, self._address))
        for peer, data in self._exchange.receive(timeout_ms):
            try:
                self._act(peer, decode(data), height)
            except BadMessage as garbage:
                self.drop(peer, str(garbage))
        greeted, self._exchange.news = self._exchange.news, []
        for peer in greeted:
            self._greet(peer, height)
        self._note()

    def is_everybody_heard(self) -> bool:
        """Whether all processes that are connected have reported, and all are connected."""
        return all(s.contact.is_connected and s.report is not None for s in self.states)

    def introduce(self, address: bytes, key: str, endpoint: str) -> Network:
        """Tell everybody of a process that joins; again with another endpoint if it moved."""
        known = next((peer for peer in self.network.peers if peer.key == key), None)
        name = known.name if known else f"v{len(self.network.peers) - 1}"
        peer = check_peer(Peer(name, address, key, endpoint))
        self.network = self.network.add(peer)
        save_network(self._folder, self.network)
        self._exchange.add(peer)
        self.broadcast(Introduced(peer))
        return self.network

    def pop_decided(self, height: int) -> tuple[tuple[Peer, Decided], ...]:
        """What has come as the decision of a height."""
        return tuple(self._decided.pop(height, ()))

    def forget(self, height: int) -> None:
        """A height is over."""
        self._decided = {h: said for h, said in self._decided.items() if h > height}
        self._votes = {vote: None for vote in self._votes if vote.height > height}

    def list_votes(self, height: int) -> tuple[Said, ...]:
        """What was said at a height."""
        return tuple(vote for vote in self._votes if vote.height == height)

    def list_absent(self) -> dict[bytes, str]:
        """Why processes take no part, by address."""
        return {state.peer.address: state.stuck for state in self.states if state.stuck}

    def spread(self, model_id: bytes, members: ValidatorSet, height: int) -> None:
        """Wait until everybody who is there has fetched a model from here.

        Args:
            members: who has to have it.
            height: of the next block that the node lacks.
        Raises: HostError if less than a quorum has taken it.
        """
        end = self._clock() + MODEL_PATIENCE_S
        while self._clock() < end:
            self.work(height, _WAIT_MS)
            if not self.find_lacking(model_id):
                break
        power = sum(members.get_power(address) for address in self.list_holders(model_id))
        if not members.is_quorum(power):
            lacking = ", ".join(self.find_lacking(model_id)) or "nobody that is connected"
            raise HostError(
                f"only power {power} of {members.total_power} has the model's bytes after "
                f"{MODEL_PATIENCE_S:.0f} s; lacking: {lacking}"
            )

    def list_holders(self, model_id: bytes) -> tuple[bytes, ...]:
        """Addresses of those who have said they have a model."""
        holders = self._holders.get(model_id, {})
        return tuple(peer.address for peer in self.network.peers if peer.key in holders)

    def find_lacking(self, model_id: bytes) -> tuple[str, ...]:
        """Names of those who are connected and have not said they have a model."""
        holders = self._holders.get(model_id, {})
        return tuple(
            state.peer.name
            for state in self.states
            if state.contact.is_connected and state.peer.key not in holders
        )

    def _act(self, peer: Peer, message: Message, height: int) -> None:
        match message:
            case Decided(commit):
                if height <= commit.height < height + MAX_AHEAD:
                    self._decided.setdefault(commit.height, []).append((peer, message))
            case Prevote() | Precommit():
                self._hear(message, height)
            case Proposed(proposal, body):
                self._hear(proposal, height, body)
            case Report():
                self._reports[peer.key] = message
                self._engines.add(message.engine)
            case ModelsHeld(model_ids):
                for model_id in model_ids:
                    self._holders.setdefault(model_id, {})[peer.key] = None
                self.models.on_offer(peer, message)
            case ModelWanted():
                self.models.on_question(peer, message)
            case ModelPart():
                self.models.on_part(peer, message)
            case _:
                pass  # what validators tell each other

    def _hear(self, said: Said, height: int, body: Body | None = None) -> None:
        if max(0, height - HEARD_HEIGHTS) < said.height <= height:
            self._on_said(said, body)
        if said.height == height and len(self._votes) < MAX_VOTES:
            self._votes[said] = None

    def _greet(self, peer: Peer, height: int) -> None:
        self._exchange.send(peer.key, encode(Status(height, self._address)))
        for known in self.network.peers[1:]:
            if known.key != peer.key:
                self._exchange.send(peer.key, encode(Introduced(known)))
        self.models.greet(peer)

    def _note(self) -> None:
        self.strangers = len(self._exchange.gatekeeper.strangers)
        self.states = tuple(
            ProcessState(contact.peer, contact, self._reports.get(contact.peer.key))
            for contact in self._exchange.list_contacts()
        )
