"""Federation: validators that are processes, as a node sees them: it asks, follows and checks.

The node has no vote. A block counts for it when the certificate proves it and its own execution
gives its hash. One thread at a time.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from devnet.chain.history import History
from devnet.chain.origin import Origin
from devnet.chain.shelf import Shelf
from devnet.chain.sidecar import encode_network_form
from devnet.chain.transaction import Transaction
from devnet.clock import Clock
from devnet.config import Config, Host
from devnet.consensus.blame.halt import diagnose_halt
from devnet.consensus.blame.naming import use_names
from devnet.consensus.certificate import encode_certificate
from devnet.consensus.signature import recover
from devnet.errors import BadMessage, ConfigError, NoQuorum
from devnet.processes.correspondence import Correspondence
from devnet.processes.decided import check_decided
from devnet.processes.key_file import load_key
from devnet.processes.message import BlockWanted, Decided, Transactions
from devnet.processes.network_file import Network, load_network
from devnet.processes.sentry import Sentry
from devnet.processes.standing import describe_process
from devnet.validators.attempt import LeftOut
from devnet.validators.beginning import begin_history, get_first_signed
from devnet.validators.cluster import Cluster
from devnet.validators.council import Council
from devnet.validators.decision import Decision
from devnet.validators.founding import build_founding
from devnet.validators.host import build_evidence_shelf
from devnet.validators.misbehaviour import Behavior, name_client
from devnet.validators.proposer import Ingredients, Select
from devnet.validators.standing import Standing
from devnet.validators.validator import Validator
from precompiles.digest import compute_model_id

PATIENCE_S = 60.0  # for one block, while enough power is connected
STARTUP_S = 30.0  # for processes to be there
HALT_S = 3.0  # while it is not
_ASK_S = 1.0  # between two times of asking for the same
_WAIT_MS = 50


class Federation(Cluster):
    """The network of validator processes; what one host alone can do is refused."""

    def __init__(
        self,
        folder: Path,
        clock: Clock,
        config: Config,
        funded: Sequence[bytes],
        host: Host,
        origin: Origin | None = None,
        history: History | None = None,
        shelf: Shelf | None = None,
    ) -> None:
        """`folder` is the node's own, with key and network file. Raises: as `Cluster`."""
        if origin is not None:
            raise ConfigError("validators that are processes begin a chain of their own")
        network = load_network(folder)
        key, self._clock = load_key(folder), clock
        self._chain_id = config.chain_id
        founding = build_founding(config)
        if not founding.agreement.is_exact:
            raise ConfigError(
                f"agreement is {config.agreement}: validators that are processes hold to exact "
                "bits; start without --processes"
            )
        first = get_first_signed(None)
        Council.__init__(self, founding.validators, first, build_evidence_shelf(host))
        index = len(founding.keys)
        founding = replace(founding, keys=(*founding.keys, key))
        follower = Validator(
            *(index, config, founding, self._turns, recover, self.evidence, funded),
            *(host, None, history),
        )
        self.validators = (follower,)
        self.history = begin_history(follower.head, shelf) if history is None else history
        evidence = self.evidence if config.reports_evidence else None
        self._sentry = Sentry(
            *(follower, config.chain_id, self._turns, evidence, self.record, self._find_name)
        )
        self._post = Correspondence(
            *(folder, network, key, clock, follower, self.engines, self._sentry.hear)
        )

    def close(self) -> None:
        self._post.close()
        super().close()

    @property
    def standings(self) -> tuple[Standing, ...]:
        return tuple(
            Standing(
                *(peer.name, peer.address, state.behavior, state.height, state.stuck),
                name_client(state.behavior),
            )
            for state in self._post.states
            if (peer := state.peer).key != self._post.own_key
        )

    @property
    def processes(self) -> tuple[dict[str, Any], ...]:
        """Each process: who, where, whether it is connected, and what it says of others."""
        return tuple(describe_process(state) for state in self._post.states)

    @property
    def strangers(self) -> int:
        """Keys that were turned away."""
        return self._post.strangers

    def introduce(self, address: bytes, key: str, endpoint: str) -> Network:
        """Let a process join. Raises: ConfigError if it cannot be reached there."""
        return self._post.introduce(address, key, endpoint)

    def catch_up(self) -> None:
        """Execute what its own disk has, then what validators have decided meanwhile."""
        super().catch_up()
        height, began = self.head.number + 1, self._clock()
        end = began + STARTUP_S
        while self._clock() < end and not self._post.is_everybody_heard():
            self._post.work(height, _WAIT_MS)
            if self._is_quorum_there(height):
                end = min(end, self._clock() + HALT_S)

    def poll(self) -> Decision | None:
        """The next block that validators have decided, if it is here."""
        self._post.work(self.head.number + 1, 0)
        return self._take_next()

    def advance(self, select: Select, timestamp: int, allow_empty: bool) -> Decision | None:
        """Ask for the next block and wait for it.

        Returns: the decision, or nothing if no transaction could be put into a block.
        Raises: NoQuorum with the power that is missing and why; what waits, waits on.
        """
        assert self._reader is None, "a frozen federation decides nothing"
        self.left_out = []
        known = self.poll()
        if known is not None:
            return known
        wanted = self._choose(select, timestamp)
        if not wanted and not allow_empty:
            return None
        height = self.head.number + 1
        raws = Transactions(tuple(_encode(transaction) for transaction in wanted))
        began, asked = self._clock(), -_ASK_S
        while True:
            now = self._clock()
            if now - asked >= _ASK_S:
                asked = now
                self._post.broadcast(raws)
                self._post.broadcast(BlockWanted(height, timestamp, allow_empty))
            self._post.work(height, _WAIT_MS)
            decision = self._take_next()
            if decision is not None:
                self.waiting = ""
                return decision
            self._check_patience(height, now - began)

    def put_model(self, model: bytes) -> bytes:
        """Hand model bytes to every validator that is there; returns the id.

        Raises: HostError if less than a quorum has taken it.
        """
        model_id = compute_model_id(model)
        self.reader.put_model(model)
        self._post.models.offer(model_id)
        height = self.head.number + 1
        self._post.spread(model_id, self.get_validators(height), height)
        return model_id

    def set_behavior(self, name: str, behavior: Behavior) -> None:
        raise ConfigError(
            "validators that are processes behave as they were started: 'devnet up --processes "
            "--behavior v3=equivocate-votes', or 'devnet validator --behavior'"
        )

    def restore_behaviors(self, behaviors: Sequence[str]) -> None:
        """Nothing to restore: each process knows its own."""

    @property
    def behaviors(self) -> tuple[str, ...]:
        return ()

    def rewind(self, number: int) -> None:
        raise ConfigError(
            "validators that are processes do not take back what they decided; start without "
            "--processes to use snapshots"
        )

    def split(self, groups: Sequence[Sequence[str]]) -> None:
        raise ConfigError(
            "sockets between processes are not cut by the node; start without --processes"
        )

    @property
    def partition(self) -> tuple[tuple[str, ...], ...]:
        return ()

    def heal(self) -> None:
        """Nothing is cut."""

    def _is_quorum_there(self, height: int) -> bool:
        """Whether those who could decide a height are connected."""
        members, absent = self.get_validators(height), self._post.list_absent()
        return members.is_quorum(sum(m.power for m in members.members if m.address not in absent))

    def _catch_up(self, height: int) -> None:
        (follower,) = self.validators
        for number in range(follower.head.number + 1, height):
            follower.follow(self.history.get_block(number), self.get_certificate(number))

    def _choose(self, select: Select, timestamp: int) -> tuple[Transaction, ...]:
        """What a block could hold now; what it could not is told as a proposer tells it."""
        last = self.find_certificate(self.head.number)

        def leave(transaction: Transaction, reason: Exception) -> None:
            self.left_out.append(LeftOut(transaction, reason))

        ingredients = Ingredients(timestamp, last, select, leave)
        return self.reader.propose(0, ingredients).block.transactions

    def _take_next(self) -> Decision | None:
        """Take over the next block if somebody has sent it."""
        height = self.head.number + 1
        for peer, decided in self._post.pop_decided(height):
            try:
                decision = self._check(decided)
            except BadMessage as garbage:
                self._post.drop(peer, str(garbage))
                continue
            if decision is not None:
                return decision
        return None

    def _check(self, decided: Decided) -> Decision | None:
        (follower,) = self.validators
        height = decided.commit.height
        proposal, certificate = check_decided(
            *(decided, self.get_validators(height), self._chain_id),
            *(self._turns.get_set_hash(height), follower.world.schedule),
        )
        follower.stuck = ""
        block = follower.execute_decided(proposal.block)
        if block is None:
            self.waiting = f"the node cannot follow: {follower.stuck}"
            return None
        self.history.append(block, encode_certificate(certificate))
        follower.accept(block)
        self._next = self._turns.get_rotation(self.head.number + 1)
        self._settle(block)
        self._sentry.conclude(height, block.hash)
        self.round, self.step = certificate.round, "decided"
        self._post.forget(height)
        return Decision(block, certificate)

    def _list_names(self) -> dict[bytes, str]:
        return {peer.address: peer.name for peer in self._post.network.peers}

    def _find_name(self, address: bytes) -> str:
        return self._list_names().get(address, "0x" + address.hex())

    def _check_patience(self, height: int, waited_s: float) -> None:
        if waited_s < (PATIENCE_S if self._is_quorum_there(height) else HALT_S):
            return
        members, absent = self.get_validators(height), self._post.list_absent()
        halt = diagnose_halt(height, members, self._post.list_votes(height), absent)
        self.round, self.step = halt.round, "propose"
        self.waiting = use_names(str(halt), self._list_names())
        raise NoQuorum(self.waiting)


def _encode(transaction: Transaction) -> bytes:
    """The form that clients send."""
    if transaction.sidecar is None:
        return transaction.raw
    return encode_network_form(transaction.raw, transaction.sidecar)
