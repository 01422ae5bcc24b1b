"""Member: one validator as a process: the participant, its chain, and what it hears from whom.

| waits for                                     | begins a height                         |
|-----------------------------------------------|-----------------------------------------|
| a transaction that a block could hold         | always                                  |
| a client that wants a block                   | at that height                          |
| somebody who speaks about the height          | with the first proposal or vote         |

Nothing is decided while nobody wants a block, and no round passes.
"""

from collections.abc import Callable

from devnet.chain.body import extract_block
from devnet.clock import Clock
from devnet.consensus.participation.host import NextHeight, Status, Timer, Wire
from devnet.consensus.participation.participant import MAX_COMMITS, Participant
from devnet.consensus.participation.signing import KeySigner, KeyVerifier
from devnet.consensus.participation.wal import get_height
from devnet.consensus.tendermint.message import Message, Precommit, Prevote, Proposal
from devnet.errors import BadMessage
from devnet.network.sockets.exchange import Exchange
from devnet.network.sockets.identity import Peer
from devnet.processes.body import unpack
from devnet.processes.books import Books
from devnet.processes.codec import encode
from devnet.processes.demand import Demand
from devnet.processes.home import Home
from devnet.processes.mempool import Mempool
from devnet.processes.message import BlockWanted, Decided, Proposed
from devnet.processes.outlet import Outlet
from devnet.processes.testimony import HEARD_HEIGHTS
from devnet.processes.timers import TIMEOUTS, Timers
from devnet.processes.vigil import Vigil
from devnet.validators.accusation import Proof, WrongBlock
from devnet.validators.chain_ledger import ChainLedger
from devnet.validators.executor import Executor
from devnet.validators.faults.disguise import Held
from devnet.validators.guise import choose_guise
from precompiles.engine.fingerprint import compute_fingerprint

MAX_ROUND = 10_000  # beyond it nobody is, whatever they say


class Member:
    """What one process does for consensus."""

    def __init__(
        self,
        home: Home,
        key: bytes,
        exchange: Exchange,
        clock: Clock,
        on_decided: Callable[[Decided], None],
    ) -> None:
        """`on_decided` is told of each block that has become final here."""
        self.home, self.mempool = home, Mempool(home)
        self.timers = Timers(clock)
        self._exchange = exchange
        self._executor = Executor(home.validator, home.history.get_hash)
        height = home.validator.head.number + 1
        chain_id, get_set_hash = home.config.chain_id, home.turns.get_set_hash
        self._verifier = KeyVerifier(chain_id, get_set_hash)
        self._ledger = ChainLedger(height, home.turns, home.get_certificate)
        self._demand = Demand()
        self._held: Timer | None = None  # the next height, until there is reason for it
        self._is_dormant = True  # the height has not begun
        address = home.validator.address
        evidence = home.evidence if home.config.reports_evidence else None
        self._vigil = Vigil(home.validator, home.turns.get_validators, evidence, self._share)
        self._books = Books(
            *(home, self.mempool, self._demand, self._executor, self._ledger),
            *(self._vigil.conclude, on_decided),
        )
        self._books.begin(height)
        self._outlet = Outlet(
            *(exchange, self.timers, self._books.find_body, self._vigil.hear, self._vigil.accuse)
        )
        signer = KeySigner(key, chain_id, get_set_hash)
        others = dict.fromkeys(c.peer.address for c in exchange.list_contacts())
        voters = [v for v in others if home.turns.get_validators(height).get_power(v)]
        guise = choose_guise(home.validator, self._executor, self._outlet, signer, voters)
        self._disguise = guise.disguise
        self.participant = Participant(
            *(address, self._ledger, home.log, guise.application, guise.transport),
            *(signer, self._verifier, TIMEOUTS, compute_fingerprint(), guise.rules),
        )

    @property
    def height(self) -> int:
        """The one in progress, or just decided."""
        return self.participant.height

    def start(self) -> None:
        """Take up the log, if the process ended in the middle of a height."""
        schedule = self.home.validator.world.schedule
        for body in self.home.log.read_bodies():
            self._executor.keep(unpack(body, None, schedule))
        if any(get_height(entry) == self.height for entry in self.home.log.read()):
            self._wake()
        self.advance()

    def greet(self, peer: Peer) -> None:
        """A connection was made: ask for what is missing."""
        self._exchange.send(peer.key, encode(self._build_status()))

    def catch_up(self) -> None:
        """Ask all peers for what is missing here."""
        self._exchange.broadcast(encode(self._build_status()))

    def tick(self) -> None:
        """Do what is due."""
        while (timer := self.timers.pop()) is not None:
            if isinstance(timer, NextHeight):
                self._held = timer
            elif isinstance(timer, Held):
                assert self._disguise is not None, "only a disguise holds messages back"
                self._disguise.release(timer)
            else:
                self.participant.on_timer(timer)
                self._books.store()
        self.advance()

    def advance(self) -> None:
        """Begin a height if there is reason to."""
        if self._held is not None and self._has_reason(self.height + 1):
            timer, self._held = self._held, None
            self._books.begin(self.height + 1)
            self.participant.on_timer(timer)
            self._books.store()
            coming = self._demand.pop(self.height)
            if coming is not None:
                self._adopt(coming)
        elif self._is_dormant and self._has_reason(self.height):
            self._wake()

    # messages

    def on_want(self, wanted: BlockWanted) -> None:
        """Somebody wants a block."""
        if wanted.height >= self._next:
            self._demand.wanted = wanted
            self._books.amend(wanted)

    def on_proposed(self, peer: Peer, proposed: Proposed) -> None:
        """A proposal and its block. Raises: BadMessage."""
        proposal = proposed.proposal
        if not self._is_now(proposal):
            return
        rotation = self._ledger.rotation
        if proposal.validator != rotation.get_proposer(proposal.round):
            return
        body = unpack(proposed.body, proposal.value, self.home.validator.world.schedule)
        self._executor.keep(body)
        self.home.log.keep_body(proposal.value, proposed.body)
        self._vigil.hear(proposal, extract_block(body.block))
        self._receive(proposal)

    def on_vote(self, peer: Peer, vote: Prevote | Precommit) -> None:
        """A vote. Raises: BadMessage."""
        if self._is_now(vote):
            self._vigil.hear(vote)
            self._receive(vote)

    def on_status(self, peer: Peer, status: Status) -> None:
        """A peer says where it is. Raises: BadMessage if it speaks for another."""
        if status.validator != peer.address:
            raise BadMessage(f"speaks for validator 0x{status.validator.hex()}")
        if status.height < 1:
            raise BadMessage(f"is at height {status.height}; the first one is 1")
        if status.height <= self.height:
            self.participant.receive(status)
            if status.height == self.height and self._ledger.is_decided:
                decided = self._books.build_decided(self._ledger.get_commit(self.height))
                self._exchange.send(peer.key, encode(decided))
        elif status.height > self._next:
            self.catch_up()

    def on_decided(self, peer: Peer, decided: Decided) -> None:
        """A decision that others made. Raises: BadMessage."""
        ahead = decided.commit.height - self._next
        if ahead == 0 and self.height == self._next:
            self._adopt(decided)
        elif 0 <= ahead <= MAX_COMMITS:
            self._demand.expect(decided)

    # within

    @property
    def _next(self) -> int:
        """The first height that is not decided here."""
        return self.home.validator.head.number + 1

    def _is_now(self, message: Proposal | Prevote | Precommit) -> bool:
        """Whether a message is of the height in progress; one of a later height is heard of."""
        if message.height > self.height:
            self._demand.hear(message.height)
            if message.height == self.height + 1 and self._ledger.is_decided:
                self.advance()
        if message.height != self.height:
            if message.height > self.height + 1:
                self.catch_up()
            elif self._is_late(message) and self._verifier.is_signed(message):
                self._vigil.hear(message)
            return False
        if message.round > MAX_ROUND:
            raise BadMessage(f"round {message.round} of height {message.height}; nobody is there")
        if not self._verifier.is_signed(message):
            raise BadMessage(f"a {type(message).__name__} that its validator has not signed")
        self._wake()
        return True

    def _is_late(self, message: Message) -> bool:
        """Whether it is of a height that is over, and counts as evidence still."""
        return max(0, self.height - HEARD_HEIGHTS) < message.height < self.height

    def _receive(self, message: Wire) -> None:
        if self._disguise is None or self._disguise.hear(message):
            self.participant.receive(message)
            self._books.store()

    def _share(self, proof: Proof) -> None:
        """Let all peers have statements that prove misbehaviour by themselves."""
        if not isinstance(proof, WrongBlock):
            self._outlet.relay(proof.first)
            self._outlet.relay(proof.second)

    def _adopt(self, decided: Decided) -> None:
        commit = decided.commit
        if self._ledger.is_decided:
            return
        proposal = unpack(decided.body, commit.value, self.home.validator.world.schedule)
        self._wake()
        self._executor.keep(proposal)
        self._receive(commit)
        if self._next > commit.height and not self._demand.is_coming(commit.height + 1):
            self.catch_up()

    def _build_status(self) -> Status:
        return Status(self._next, self.home.validator.address)

    def _has_reason(self, height: int) -> bool:
        return self._demand.has(height) or not self.mempool.is_empty

    def _wake(self) -> None:
        if self._is_dormant:
            self._is_dormant = False
            self.participant.start()
            self._books.store()
