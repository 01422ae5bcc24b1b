"""The network of validators in one process: takes one height after another to a decision.

Time is virtual: a silent validator costs a round, never a pause.
"""

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from functools import partial

from devnet.chain.block import Execution, build_execution
from devnet.chain.body import extract_block
from devnet.chain.forks.seal import accept_seal
from devnet.chain.header import Header
from devnet.chain.history import History
from devnet.chain.origin import Origin
from devnet.chain.shelf import Shelf
from devnet.config import Config, Host
from devnet.consensus.blame.halt import diagnose_halt
from devnet.consensus.certificate import Certificate, decode_certificate, encode_certificate
from devnet.consensus.proposer import start_rotation
from devnet.consensus.set_change import DELAY
from devnet.consensus.signature import Recoveries
from devnet.consensus.staking import STAKING, list_changes
from devnet.consensus.tendermint.duplicate import Duplicate
from devnet.consensus.turns import Turns
from devnet.consensus.validator_set import ValidatorSet
from devnet.errors import ConfigError, NoQuorum, StoreError, UnknownBlock
from devnet.validators.accusation import Proof
from devnet.validators.assembly import Assembly
from devnet.validators.attempt import Attempt, LeftOut
from devnet.validators.evidence_pool import EvidencePool
from devnet.validators.founding import build_founding
from devnet.validators.host import build_log
from devnet.validators.misbehaviour import Behavior, parse_behavior
from devnet.validators.record import Record
from devnet.validators.report import explain_halt
from devnet.validators.succession import read_set
from devnet.validators.validator import Select, Validator
from devnet.validators.witness import find_proofs
from precompiles.digest import compute_model_id


@dataclass(frozen=True, slots=True)
class Decision:
    """A final block."""

    block: Execution
    certificate: Certificate


@dataclass(frozen=True, slots=True)
class Standing:
    """A validator as others see it."""

    name: str
    address: bytes
    behavior: str
    height: int  # of the last block it agrees with
    stuck: str  # why it cannot follow, empty if it does


class Cluster:
    """All validators, the decided chain and why it waits if it does."""

    def __init__(
        self,
        config: Config,
        funded: Sequence[bytes],
        host: Host,
        origin: Origin | None = None,
        history: History | None = None,
        shelf: Shelf | None = None,
    ) -> None:
        """
        Args:
            history: the chain so far, if there is one.
            shelf: where a new chain is put.
        Raises: BadBlock, ConfigError, StoreError, and NoQuorum if no validator can follow.
        """
        founding = build_founding(config)
        self._founders = founding.validators
        self.first_signed = 1 if origin is None else origin.next_number
        self._turns = Turns(self.get_validators, self.first_signed)
        self._next = start_rotation(self._founders)
        self._reports_evidence = config.reports_evidence
        self.evidence = EvidencePool(self._turns.get_set_hash)
        recover = Recoveries().recover
        self.validators = tuple(
            Validator(
                *(index, config, founding, self._turns, recover, self.evidence, funded),
                *(host, origin, history),
            )
            for index in range(config.validators)
        )
        self.left_out: list[LeftOut] = []  # in the last attempt
        self.record = Record()
        self.round = 0  # of the last decision, or the one that is waited in
        self.step = "decided"
        self.waiting = ""  # why the last attempt gave no block
        self._reader: Validator | None = None  # who it was when this was frozen
        founder = self.validators[0]
        genesis = build_execution(founder.head, (), (), ())
        self.history = History(genesis, shelf) if history is None else history
        if origin is not None:
            for block in founder.import_blocks(self.history, origin.blocks, origin.check_seal):
                self.history.append(block)
        logs = [build_log(host, validator.name) for validator in self.validators]
        self._assembly = Assembly(
            *(self.validators, founding.keys, logs, config.chain_id, config.seed, self._turns),
            *(recover, self.get_certificate, self.history.get_hash, self._add_duplicate),
        )

    def catch_up(self) -> None:
        """Let validators execute what they have not.

        Raises: NoQuorum with each one's reason if nobody is at the head then.
        """
        for validator in self.validators:
            numbers = range(validator.head.number + 1, self.first_signed)
            if numbers:
                missing = (extract_block(self.history.get_block(number)) for number in numbers)
                for _ in validator.import_blocks(self.history, missing, accept_seal):
                    pass
        self._catch_up(self.head.number + 1)
        if all(v.head.number < self.head.number for v in self.validators):
            reasons = "; ".join(f"{v.name}: {v.stuck or 'crashed'}" for v in self.validators)
            raise NoQuorum(f"no validator is at block {self.head.number}: {reasons}")
        state = self.reader.world.open(self.head.state_root, self.head)
        changes = list_changes(partial(state.get_storage, STAKING))
        self._turns.restore(self.head.number + 1, changes)
        self._next = self._turns.get_rotation(self.head.number + 1)

    def freeze(self, history: History) -> "Cluster":
        """What was decided by now and who answers for it, for another thread, which only reads.

        The validators are the same: what they do next shows.

        Args:
            history: the frozen one.
        """
        frozen = copy(self)
        frozen.history = history
        frozen.record = self.record.copy()
        frozen.evidence = self.evidence.copy()
        frozen._reader = self.reader
        return frozen

    @property
    def standings(self) -> tuple[Standing, ...]:
        """All validators in order."""
        return tuple(
            Standing(v.name, v.address, str(v.behavior), v.head.number, v.stuck)
            for v in self.validators
        )

    @property
    def head(self) -> Header:
        return self.history.head.header

    @property
    def reader(self) -> Validator:
        """Who answers questions about the state: honest first, and at the head."""
        at_head = [v for v in self.validators if v.head.number == self.head.number]
        honest = [v for v in at_head if v.behavior.is_honest]
        return self._reader or (honest or at_head)[0]

    def get_validators(self, height: int) -> ValidatorSet:
        """Who signs a height: any so far, the next one and the one after it.

        Raises: UnknownBlock.
        """
        source = height - DELAY
        if source < self.first_signed:
            return self._founders
        header = self.history.get_block(source).header
        return read_set(self.reader.world, header, self._founders)

    def get_proposer(self, height: int, round_: int = 0) -> bytes:
        """Address of who proposes in a round of the next height, or of an earlier one."""
        if height == self.head.number + 1:
            return self._next.get_proposer(round_)  # other threads may ask
        return self._turns.get_rotation(height).get_proposer(round_)

    def find_certificate(self, number: int) -> Certificate | None:
        """Of a block up to the head; block 0 and imported ones have none."""
        if number < self.first_signed:
            return None
        return decode_certificate(self.history.get_seal(number))

    def get_certificate(self, number: int) -> Certificate:
        """Of a decided block.

        Raises: UnknownBlock; nobody here signed block 0 and what was imported.
        """
        self.history.get_hash(number)
        certificate = self.find_certificate(number)
        if certificate is None:
            what = f"block {number} was imported" if number else "block 0 is the genesis block"
            raise UnknownBlock(
                f"{what}: it has no certificate; the first that may is {self.first_signed}"
            )
        return certificate

    @property
    def behaviors(self) -> tuple[str, ...]:
        """Of the validators, as `parse_behavior` reads them."""
        return tuple(str(validator.behavior) for validator in self.validators)

    def restore_behaviors(self, behaviors: Sequence[str]) -> None:
        for validator, text in zip(self.validators, behaviors, strict=True):
            validator.set_behavior(parse_behavior(text))

    def find(self, name: str) -> Validator:
        """Raises: ConfigError naming the validators there are."""
        for validator in self.validators:
            if name in (validator.name, "0x" + validator.address.hex()):
                return validator
        known = f"v0 to v{len(self.validators) - 1}"
        raise ConfigError(f"no validator '{name}'; there are {known}")

    def set_behavior(self, name: str, behavior: Behavior) -> None:
        self.find(name).set_behavior(behavior)

    def put_model(self, model: bytes) -> bytes:
        """Hand model bytes to every validator's store; returns the id."""
        for validator in self.validators:
            validator.put_model(model)
        return compute_model_id(model)

    def poll(self) -> Decision | None:
        """A block that was decided unasked: none is, in one process."""
        return None

    def close(self) -> None:
        """Let go of what validators keep on disk."""
        for validator in self.validators:
            validator.world.close()

    def advance(self, select: Select, timestamp: int, allow_empty: bool) -> Decision | None:
        """Decide the next height.

        Args:
            select: picks executable transactions, given account nonces.
            allow_empty: whether a block without transactions is wanted.
        Returns: the decision, or nothing if no transaction could be put into a block.
        Raises: NoQuorum with who found what, after every validator has proposed once.
        """
        assert self._reader is None, "a frozen cluster decides nothing"
        height, last_commit = self.head.number + 1, self.find_certificate(self.head.number)
        self._catch_up(height)
        attempt = Attempt(height, select, timestamp, allow_empty, last_commit)
        self.left_out = attempt.left_out
        rounds = self._assembly.run(attempt)
        members = self.get_validators(height)
        rotation = self._turns.get_rotation(height)
        report = self.record.add(
            *(attempt, self.validators, rotation),
            *(self.history.get_hash, self._assembly.list_messages),
        )
        for proof in find_proofs(attempt, self._assembly, members):
            self._accuse(proof)
        if attempt.decided is not None:
            return self._commit(attempt, attempt.decided)
        self.round, self.step = self._assembly.round, self._assembly.step.name.lower()
        if self._is_idle(attempt):
            return None
        absent = self._assembly.list_absences(height, members)
        halt = diagnose_halt(height, members, self._assembly.list_messages(height), absent)
        names = {validator.address: validator.name for validator in self.validators}
        self.waiting = explain_halt(report, halt, rounds, names, self.partition)
        raise NoQuorum(self.waiting)

    def rewind(self, number: int) -> None:
        """Forget all blocks above `number`, and who disagreed about them."""
        assert number >= self.first_signed - 1, "blocks that nobody signed stay"
        self.history.rewind(number)
        self.record.rewind(number)
        self.evidence.rewind(number)
        for validator in self.validators:
            validator.rewind(self.head, self.history)
        self._turns.rewind(number)
        self._next = self._turns.get_rotation(number + 1)
        self._assembly.reset()
        self.round, self.step, self.waiting = 0, "decided", ""

    @property
    def partition(self) -> tuple[tuple[str, ...], ...]:
        """Names by side of the network, nothing if it is whole."""
        groups = self._assembly.groups
        return tuple(tuple(self.validators[node].name for node in group) for group in groups)

    def split(self, groups: Sequence[Sequence[str]]) -> None:
        """Cut all links between groups of validators; who is in none stays linked to all.

        Raises: ConfigError for an unknown name, or one in two groups.
        """
        nodes = [[self.validators.index(self.find(name)) for name in group] for group in groups]
        self._assembly.split(tuple(tuple(group) for group in nodes if group))

    def heal(self) -> None:
        self._assembly.split(())

    def _commit(self, attempt: Attempt, block: Execution) -> Decision:
        certificate = self._assembly.build_certificate(attempt)
        try:
            self.history.append(block, encode_certificate(certificate))
        except StoreError:
            self._assembly.reset()
            raise
        for validator in attempt.followers:
            validator.accept(block)
        self._next = self._turns.get_rotation(self.head.number + 1)
        self.round, self.step, self.waiting = certificate.round, "decided", ""
        if len(self.evidence):
            state = self.reader.world.open(block.header.state_root, block.header)
            self.evidence.settle(partial(state.get_storage, STAKING), block.header.number + 1)
        return Decision(block, certificate)

    def _add_duplicate(self, duplicate: Duplicate) -> None:
        self.record.add_duplicate(duplicate)
        self._accuse(duplicate)

    def _accuse(self, proof: Proof) -> None:
        if self._reports_evidence:
            self.evidence.add(proof)

    def _is_idle(self, attempt: Attempt) -> bool:
        """Whether all who take part had nothing to propose, and could have decided."""
        members = self.get_validators(attempt.height)
        present = [s for s in self._assembly.seats if not s.describe_absence(attempt.height)]
        power = sum(members.get_power(seat.validator.address) for seat in present)
        return members.is_quorum(power) and len(attempt.idle) >= len(present)

    def _catch_up(self, height: int) -> None:
        for node, validator in enumerate(self.validators):
            while (
                validator.is_running(height)
                and not validator.stuck
                and not self._assembly.seats[node].is_waking
                and validator.head.number < self.head.number
                and self._has_peer(node, validator.head.number + 1)
            ):
                number = validator.head.number + 1
                certificate = self.find_certificate(number)
                assert certificate is not None, "blocks that nobody signed are executed at start"
                validator.follow(self.history.get_block(number), certificate)

    def _has_peer(self, node: int, number: int) -> bool:
        """Whether somebody who has a block can be heard, or nobody has it but the disk."""
        having = [i for i, v in enumerate(self.validators) if v.head.number >= number]
        return not having or any(self._assembly.is_linked(node, other) for other in having)
