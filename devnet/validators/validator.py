"""One validator: its own state, its own model store and engine, its own key.

It trusts nothing: a block gets its vote only if executing the block again gives the same header.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from devnet.chain.block import Execution
from devnet.chain.body import Block
from devnet.chain.execution import Leave, execute_block
from devnet.chain.forks.fork import parse_fork
from devnet.chain.forks.schedule import build_schedule
from devnet.chain.genesis import build_genesis
from devnet.chain.genesis_file import place_genesis
from devnet.chain.header import Header, compute_header_hash
from devnet.chain.history import History
from devnet.chain.importing import CheckSeal, import_blocks
from devnet.chain.origin import Origin
from devnet.chain.pool.selection import Selection
from devnet.chain.transaction import Transaction
from devnet.chain.world import World
from devnet.config import Config, Host
from devnet.consensus.certificate import Certificate, check_certificate
from devnet.consensus.signature import compute_address
from devnet.consensus.validator_set import ValidatorSet, compute_set_hash
from devnet.consensus.vote import NIL, Vote, VoteContext, sign_vote
from devnet.errors import (
    BadProposal,
    ChainError,
    ConsensusError,
    DevnetError,
    HostError,
    StoreError,
)
from devnet.validators.founding import Founding
from devnet.validators.host import build_engine, build_node_store, build_store
from devnet.validators.misbehaviour import HONEST, Behavior, Strategy, SwitchedEngine
from devnet.validators.proposal import (
    Proposal,
    build_template,
    check_template,
    extract_template,
)
from devnet.validators.succession import Succession
from precompiles.engine.fingerprint import compute_fingerprint
from precompiles.table import build_table

_BLOCKHASH_WINDOW = 256  # blocks that BLOCKHASH sees
Select = Callable[[Callable[[bytes], int]], Selection]


@dataclass(frozen=True, slots=True)
class Opinion:
    """What a validator found when it checked a proposal."""

    validator: str
    execution: Execution | None  # its own result, if it could execute at all
    reason: str  # why it did not sign the block, empty if it did


class Validator:
    """A member of the network; `head` is the last block it agrees with."""

    def __init__(
        self,
        index: int,
        config: Config,
        founding: Founding,
        funded: Sequence[bytes],
        host: Host,
        origin: Origin | None = None,
        history: History | None = None,
    ) -> None:
        """
        Args:
            origin: where the chain begins; with a genesis from `config` if not given.
            history: the chain so far, if there is one; it goes on where its own disk ends.
        Raises: StoreError if its disk and the chain do not fit.
        """
        self.name = f"v{index}"
        self._key = founding.keys[index]
        self.address = compute_address(self._key)
        self.store = build_store(host, self.name)
        self.behavior: Behavior = HONEST
        self._chain_id = config.chain_id
        self.engine = SwitchedEngine(build_engine(host, self.store), self.store)
        table = build_table(self.engine, config.schedule)
        if origin is None:
            schedule = build_schedule(parse_fork(config.hardfork), config.caps_transaction_gas)
        else:
            schedule = origin.genesis.schedule
        self._first_signed = 1 if origin is None else origin.next_number
        self.world = World(
            table,
            config.chain_id,
            schedule,
            0 if origin is None else self._first_signed,
            build_node_store(host, self.name),
            founding.predeploys,
        )
        self._succession = Succession(self.world, founding.validators, self._first_signed)
        kept = None if history is None else self.world.find_kept(history)
        if history is None or kept is None:
            if origin is None:
                set_hash = compute_set_hash(founding.validators)
                self.head = build_genesis(self.world, config, funded, sorted(table), set_hash)
            else:
                self.head = place_genesis(self.world, origin.genesis)
            self.hashes: list[bytes] = [compute_header_hash(self.head)]
            self.world.keep(self.head, self.hashes[0])
            self._succession.add(self.head)
        else:
            self.head = history.get_block(kept).header
            self.hashes = [history.get_hash(number) for number in range(kept + 1)]
            self.world.rewind(kept)
            self._succession.restart(history, kept)
        self.stuck = ""  # why it cannot follow the chain, empty if it does
        self._proposed: Execution | None = None  # its own latest block, already executed

    @property
    def ancestors(self) -> list[bytes]:
        """Hashes that BLOCKHASH sees from the next block, latest first."""
        return self.hashes[: -_BLOCKHASH_WINDOW - 1 : -1]

    def get_validators(self, height: int) -> ValidatorSet:
        """Who signs a height, from the head's to two above it."""
        return self._succession.get(height)

    def is_running(self, height: int) -> bool:
        """Whether the process is up at a height."""
        return self.behavior.get_strategy(height) is not Strategy.CRASH

    def set_behavior(self, behavior: Behavior) -> None:
        """Change what the validator does; it tries again to follow the chain."""
        self.behavior = behavior
        self.stuck = ""
        self._set_engine(self.head.number + 1)  # calls are answered before the next block is

    def put_model(self, model: bytes) -> None:
        """Keep model bytes; the validator tries again to follow the chain."""
        self.store.put(model)
        self.stuck = ""

    def propose(
        self,
        round_: int,
        timestamp: int,
        last_commit: Certificate | None,
        select: Select,
        on_left_out: Leave,
    ) -> Proposal:
        """Build and execute the next block from waiting transactions."""
        self._set_engine(self.head.number + 1)
        template = build_template(
            *(self.head, self.hashes[-1], last_commit, self.address, timestamp),
            self.world.schedule,
        )
        state = self.world.open(self.head.state_root, template)
        selection = select(state.get_nonce)

        def leave(transaction: Transaction, reason: Exception) -> None:
            selection.leave(transaction.sender)  # what follows by nonce would fail too
            on_left_out(transaction, reason)

        block = execute_block(self.world, self.head, template, selection, self.ancestors, leave)
        self._proposed = block
        return Proposal(round_, block, last_commit)

    def check(self, proposal: Proposal) -> Opinion:
        """Execute a proposal and compare; its own it has just executed."""
        if proposal.block is self._proposed:
            return Opinion(self.name, proposal.block, "")
        try:
            self._check_rules(proposal)
            own = self._execute(proposal.block)
        except (ConsensusError, ChainError, HostError) as refused:
            return Opinion(self.name, None, f"{type(refused).__name__}: {refused}")
        if own.hash != proposal.block.hash:
            return Opinion(self.name, own, "own execution gives another result")
        return Opinion(self.name, own, "")

    def vote(self, proposal: Proposal, opinion: Opinion) -> Vote:
        """A signed precommit: for the block if the opinion is good, else nil."""
        block_hash = NIL if opinion.reason else proposal.block.hash
        context = self.get_context(proposal.block.header.number)
        vote = Vote(proposal.round, block_hash, self.address, compute_fingerprint())
        return sign_vote(context, vote, self._key)

    def follow(self, block: Execution, certificate: Certificate) -> None:
        """Take over a certified block after executing it; on another result stay where it is."""
        try:
            height = block.header.number
            check_certificate(certificate, self.get_validators(height), self.get_context(height))
            own = self._execute(block)
        except DevnetError as refused:
            self.stuck = f"at block {block.header.number}: {refused}"
            return
        if own.hash == certificate.block_hash:
            self.accept(block)
        else:
            self.stuck = f"at block {block.header.number}: own execution gives another result"

    def accept(self, block: Execution) -> None:
        """Make a block that it has executed with the same result its head, and keep its state.

        Without the disk to do so it stays behind.
        """
        try:
            self.world.keep(block.header, block.hash)
        except StoreError as fault:
            self.stuck = f"at block {block.header.number}: {fault}"
            return
        self._take(block)

    def _take(self, block: Execution) -> None:
        self.head = block.header
        self.hashes.append(block.hash)
        self._succession.add(block.header)

    def import_blocks(
        self, history: History, blocks: Iterable[Block], check_seal: CheckSeal
    ) -> Iterator[Execution]:
        """Take over blocks that nobody signs, each after executing it.

        Args:
            history: the chain; it may have these blocks already.
        Raises: BadBlock; StoreError.
        """
        after = self.head.number
        for block in import_blocks(self.world, history, blocks, check_seal, after):
            self.world.keep(block.header, block.hash)
            self._take(block)
            yield block

    def rewind(self, header: Header, history: History) -> None:
        """Go back to an earlier block of its own chain. Raises: StoreError."""
        if header.number < self.head.number:
            self.world.rewind(header.number)
            self.head = header
            del self.hashes[header.number + 1 :]
            self._succession.restart(history, header.number)
        self.stuck = ""

    def _check_rules(self, proposal: Proposal) -> None:
        header, parent = proposal.block.header, self.head.number
        proposer = self.get_validators(parent + 1).get_proposer(parent + 1, proposal.round).address
        expected = build_template(
            *(self.head, self.hashes[-1], proposal.last_commit, proposer, header.timestamp),
            self.world.schedule,
        )
        check_template(header, expected, self.head)
        if parent < self._first_signed:
            return
        if proposal.last_commit is None:
            raise BadProposal(f"no certificate of block {parent}")
        validators = self.get_validators(parent)
        check_certificate(proposal.last_commit, validators, self.get_context(parent))
        certified = proposal.last_commit.block_hash
        if certified != self.hashes[-1]:
            raise BadProposal(
                f"certifies block 0x{certified.hex()}, the parent is 0x{self.hashes[-1].hex()}"
            )

    def _execute(self, block: Execution) -> Execution:
        self._set_engine(block.header.number)
        template = extract_template(block.header)
        return execute_block(self.world, self.head, template, block.transactions, self.ancestors)

    def _set_engine(self, height: int) -> None:
        self.engine.strategy = self.behavior.get_strategy(height)

    def get_context(self, height: int) -> VoteContext:
        """What all votes of a height share."""
        return VoteContext(self._chain_id, height, compute_set_hash(self.get_validators(height)))
