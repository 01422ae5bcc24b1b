"""One validator: its own state, its own model store and engine, its own key.

It trusts nothing: a block gets its vote only if executing the block again gives the same header.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial

from devnet.chain.block import Execution
from devnet.chain.body import Block
from devnet.chain.client import Client, Place
from devnet.chain.header import Header
from devnet.chain.history import History
from devnet.chain.importing import CheckSeal
from devnet.chain.origin import Origin
from devnet.config import Config, Host
from devnet.consensus.certificate import Certificate
from devnet.consensus.signature import compute_address
from devnet.consensus.turns import Turns
from devnet.consensus.vote import Recover
from devnet.errors import (
    BadEvidence,
    ChainError,
    ConsensusError,
    DevnetError,
    HostError,
    StoreError,
)
from devnet.validators.accuser import Accuser
from devnet.validators.beginning import build_world, get_first_signed, place_beginning
from devnet.validators.equipment import Equipment
from devnet.validators.evidence_pool import EvidencePool
from devnet.validators.faults.conduct import Conduct
from devnet.validators.faults.screening import Predicate, allow
from devnet.validators.founding import Founding
from devnet.validators.host import build_node_store
from devnet.validators.judge import Judge
from devnet.validators.lineage import Lineage
from devnet.validators.misbehaviour import Behavior
from devnet.validators.opinion import Opinion
from devnet.validators.proposal import Proposal, extract_template
from devnet.validators.proposal_rules import ProposalRules
from devnet.validators.proposer import Ingredients, Proposer
from devnet.validators.succession import Succession


class Validator:
    """A member of the network; `head` is the last block it agrees with."""

    def __init__(
        self,
        index: int,
        config: Config,
        founding: Founding,
        turns: Turns,
        recover: Recover,
        evidence: EvidencePool,
        funded: Sequence[bytes],
        host: Host,
        origin: Origin | None = None,
        history: History | None = None,
    ) -> None:
        """
        Args:
            turns: who votes and who proposes.
            recover: finds who made a signature.
            evidence: what its proposals bring to the contract.
            origin: where the chain begins; with a genesis from `config` if not given.
            history: the chain so far, if there is one; it goes on where its own disk ends.
        Raises: StoreError if its disk and the chain do not fit.
        """
        self.name = f"v{index}"
        self.address = compute_address(founding.keys[index])
        self._equipment = Equipment(
            index, self.name, self.address, config, host, founding.agreement
        )
        self.store, self.engine = self._equipment.store, self._equipment.engine
        self.version = 0  # counts reasons to begin anew: another behaviour, another model
        table = self._equipment.table
        first_signed = get_first_signed(origin)
        node_store = build_node_store(host, self.name)
        self.world = build_world(config, founding, origin, table, node_store)
        succession = Succession(self.world, founding.validators, first_signed)
        self.find_validators = succession.find  # who signs a height near its head
        self._judge = Judge(
            self.world,
            lambda: self.client,
            lambda height: self.engine.enter(height, 0),
            founding.agreement,
        )
        accuser = Accuser(founding.keys[index], evidence, config.chain_id)
        begin = partial(place_beginning, self.world, config, founding, origin, funded)
        self._lineage = Lineage(self.world, succession, self._judge, begin, history)
        self._proposer = Proposer(
            *(self.address, self.world, self._lineage, self._equipment, accuser, self._judge)
        )
        self._rules = ProposalRules(
            self.world.schedule, succession, turns, config.chain_id, recover
        )
        self.stuck = ""  # why it cannot follow the chain, empty if it does
        self._proposed: Execution | None = None  # its own latest block, already executed

    @property
    def behavior(self) -> Behavior:
        """What it does."""
        return self._equipment.behavior

    @property
    def conduct(self) -> Conduct:
        """Its faults as they show."""
        return self._equipment.conduct

    @property
    def client(self) -> Client:
        """What executes blocks for it."""
        return self._equipment.client

    @property
    def head(self) -> Header:
        """Of the last block it agrees with."""
        return self._lineage.head

    @property
    def hashes(self) -> list[bytes]:
        """Of its own chain, by number."""
        return self._lineage.hashes

    def is_running(self, height: int) -> bool:
        """Whether the process is up at a height."""
        return not self.conduct.is_down(height)

    def set_behavior(self, behavior: Behavior) -> None:
        """Change what the validator does; it tries again to follow the chain.

        Raises: ConfigError if the client that it asks for cannot be had; then nothing changes.
        """
        self._equipment.set_behavior(behavior, self.world.schedule)
        self._begin_anew()
        self.engine.enter(self.head.number + 1, 0)  # calls are answered before the next block is

    def put_model(self, model: bytes) -> None:
        """Keep model bytes; the validator tries again to follow the chain."""
        self.engine.receive(self.store.put(model))
        if self.stuck:
            self._begin_anew()

    def propose(
        self,
        round_: int,
        ingredients: Ingredients,
        is_censored: Predicate = allow,
    ) -> Proposal:
        """A block of waiting transactions, executed. Raises: HostError if its client cannot."""
        proposal = self._proposer.propose(round_, ingredients, is_censored)
        self._proposed = proposal.block
        return proposal

    def check(self, proposal: Proposal) -> Opinion:
        """Execute a proposal and compare; its own it has just executed."""
        if proposal.block is self._proposed:
            return Opinion(self.name, proposal.block, "")
        try:
            self._rules.check(proposal, self.head, self.hashes[-1])
            own = self._execute(proposal.block, proposal.round)
        except (ConsensusError, ChainError, HostError) as refused:
            return Opinion(self.name, None, f"{type(refused).__name__}: {refused}")
        adoption = self._equipment.adoption
        found = tuple(adoption.digests), tuple(adoption.findings)
        if own.hash != proposal.block.hash:
            return Opinion(self.name, own, "own execution gives another result", *found)
        try:
            self._judge.check_reports(own, self.hashes)
        except (BadEvidence, HostError) as refused:
            return Opinion(self.name, None, f"{type(refused).__name__}: {refused}")
        return Opinion(self.name, own, "", *found)

    def refute(self, height: int, block: Block) -> Execution | None:
        """What a block of a recent height gives here, if that is not what it says."""
        return self._judge.refute(height, block, self.hashes)

    def vary(self, proposal: Proposal) -> Proposal | None:
        """Another valid proposal of the same transactions, a second later, if there is one."""
        header = proposal.block.header
        template = replace(extract_template(header), timestamp=header.timestamp + 1)
        block = replace(proposal.block, header=template)
        try:
            return replace(proposal, block=self._execute(block, proposal.round))
        except (ChainError, HostError):
            return None

    def follow(self, block: Execution, certificate: Certificate) -> None:
        """Take over a certified block after executing it; on another result stay where it is."""
        number = block.header.number
        try:
            self._rules.check_certificate(certificate, number)
        except ConsensusError as refused:
            self.stuck = f"at block {number}: {refused}"
            return
        own = self.execute_decided(block)
        if own is not None:
            self.accept(own)

    def execute_decided(self, block: Execution) -> Execution | None:
        """Its own result for a decided block; with another hash it is stuck and there is none."""
        number = block.header.number
        try:
            own = self._execute(block)
        except DevnetError as refused:
            self.stuck = f"at block {number}: {refused}"
            return None
        if own.hash != block.hash:
            self.stuck = f"at block {number}: own execution gives another result"
            return None
        return own

    def accept(self, block: Execution) -> None:
        """Make a block that it has executed with the same result its head, and keep its state.

        Without the disk to do so it stays behind.
        """
        try:
            self._lineage.keep(block)
        except StoreError as fault:
            self.stuck = f"at block {block.header.number}: {fault}"

    def import_blocks(
        self, history: History, blocks: Iterable[Block], check_seal: CheckSeal
    ) -> Iterator[Execution]:
        """As `Lineage.import_blocks`."""
        return self._lineage.import_blocks(history, blocks, check_seal)

    def rewind(self, header: Header, history: History) -> None:
        """Go back to an earlier block of its own chain. Raises: StoreError."""
        if header.number < self.head.number:
            self._lineage.rewind(header, history)
        self._begin_anew()

    def _begin_anew(self) -> None:
        self.stuck = ""
        self.version += 1

    def _execute(self, block: Execution, round_: int = 0) -> Execution:
        self.engine.enter(block.header.number, round_, block.inferences)
        template = extract_template(block.header)
        place = Place(self.world, self.head, template, self._lineage.ancestors)
        return self._equipment.execute(place, block)

    def close(self) -> None:
        """Let go of its disk and its client."""
        self._equipment.close()
        self.world.close()
