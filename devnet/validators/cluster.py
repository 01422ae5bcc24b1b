"""The network of validators in one process: takes one height after another to a decision.

Time is virtual: a silent validator costs a round, never a pause.
"""

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass

from devnet.chain.block import Execution, build_execution
from devnet.chain.body import extract_block
from devnet.chain.forks.seal import accept_seal
from devnet.chain.header import Header
from devnet.chain.history import History
from devnet.chain.origin import Origin
from devnet.chain.shelf import Shelf
from devnet.chain.transaction import Transaction
from devnet.config import Config, Host
from devnet.consensus import agreement
from devnet.consensus.certificate import Certificate, decode_certificate, encode_certificate
from devnet.consensus.set_change import DELAY
from devnet.consensus.validator_set import ValidatorSet
from devnet.consensus.vote import NIL
from devnet.errors import ConfigError, NoQuorum, UnknownBlock
from devnet.validators.founding import build_founding
from devnet.validators.misbehaviour import Behavior, Strategy, parse_behavior
from devnet.validators.proposal import Proposal
from devnet.validators.report import Disagreement, RoundReport, build_report, explain_halt
from devnet.validators.succession import read_set
from devnet.validators.validator import Select, Validator
from precompiles.digest import compute_model_id

_KEPT_REPORTS = 1_000  # disagreements that are remembered


@dataclass(frozen=True, slots=True)
class Decision:
    """A final block."""

    block: Execution
    certificate: Certificate


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A transaction that the proposer could not put into a block."""

    transaction: Transaction
    reason: Exception


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
        self.validators = tuple(
            Validator(index, config, founding, funded, host, origin, history)
            for index in range(config.validators)
        )
        self.first_signed = 1 if origin is None else origin.next_number
        self.left_out: list[LeftOut] = []  # in the last attempt
        self.disagreements: list[Disagreement] = []
        self.round = 0
        self.waiting = ""  # why the last attempt gave no block
        self._reader: Validator | None = None  # who it was when this was frozen
        founder = self.validators[0]
        genesis = build_execution(founder.head, (), (), ())
        self.history = History(genesis, shelf) if history is None else history
        if origin is not None:
            for block in founder.import_blocks(self.history, origin.blocks, origin.check_seal):
                self.history.append(block)

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

    def freeze(self, history: History) -> "Cluster":
        """What was decided by now and who answers for it, for another thread, which only reads.

        The validators are the same: what they do next shows.

        Args:
            history: the frozen one.
        """
        frozen = copy(self)
        frozen.history = history
        frozen.disagreements = self.disagreements.copy()
        frozen._reader = self.reader
        return frozen

    @property
    def head(self) -> Header:
        return self.history.head.header

    @property
    def reader(self) -> Validator:
        """Who answers questions about the state: honest first, and at the head."""
        if self._reader is not None:
            return self._reader
        at_head = [v for v in self.validators if v.head.number == self.head.number]
        honest = [v for v in at_head if v.behavior.strategy is Strategy.HONEST]
        return (honest or at_head)[0]

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

    def get_validators(self, height: int) -> ValidatorSet:
        """Who signs a height: any so far, the next one and the one after it.

        Raises: UnknownBlock.
        """
        source = height - DELAY
        if source < self.first_signed:
            return self._founders
        header = self.history.get_block(source).header
        return read_set(self.reader.world, header, self._founders)

    @property
    def behaviors(self) -> tuple[str, ...]:
        """Of the validators in order, as `parse_behavior` reads them."""
        return tuple(str(validator.behavior) for validator in self.validators)

    def restore_behaviors(self, behaviors: Sequence[str]) -> None:
        """Set what `behaviors` was."""
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
        """Change what one validator does from now on."""
        self.find(name).set_behavior(behavior)

    def put_model(self, model: bytes) -> bytes:
        """Hand model bytes to every validator's store; returns the id."""
        for validator in self.validators:
            validator.put_model(model)
        return compute_model_id(model)

    def advance(self, select: Select, timestamp: int, allow_empty: bool) -> Decision | None:
        """Decide the next height.

        Args:
            select: picks executable transactions, given account nonces.
            allow_empty: whether a block without transactions is wanted.
        Returns: the decision, or nothing if no transaction could be put into a block.
        Raises: NoQuorum with who found what, after every validator has proposed once.
        """
        assert self._reader is None, "a frozen cluster decides nothing"
        height = self.head.number + 1
        self._catch_up(height)
        validators = self.get_validators(height)
        state = agreement.State(validators, height)
        self.left_out = []
        report: RoundReport | None = None
        rounds = len(validators.members)
        while state.round < rounds:
            self.round = state.round
            round_ = state.round
            proposer = self._find_proposer(validators, height, round_)
            proposal = self._propose(proposer, round_, height, select, timestamp)
            if proposal is not None and not proposal.block.transactions and not allow_empty:
                state, _ = agreement.apply(state, agreement.TimedOut(round_))
                continue
            state, found = self._run_round(state, proposal, height)
            if report is None or found.groups:
                report = found
            self._remember(found)
            if state.decided != NIL and proposal is not None:
                return self._commit(proposal, agreement.build_certificate(state))
            if state.round == round_:
                state, _ = agreement.apply(state, agreement.TimedOut(round_))
        if report is None:
            return None
        self.waiting = explain_halt(report, rounds, validators)
        raise NoQuorum(self.waiting)

    def rewind(self, number: int) -> None:
        """Forget all blocks above `number`, and who disagreed about them."""
        assert number >= self.first_signed - 1, "blocks that nobody signed stay"
        self.history.rewind(number)
        self.disagreements = [d for d in self.disagreements if d.height <= number]
        for validator in self.validators:
            validator.rewind(self.head, self.history)
        self.round, self.waiting = 0, ""

    def _find_proposer(
        self, validators: ValidatorSet, height: int, round_: int
    ) -> Validator | None:
        """Nobody if the proposer runs elsewhere."""
        address = validators.get_proposer(height, round_).address
        return next((v for v in self.validators if v.address == address), None)

    def _propose(
        self,
        proposer: Validator | None,
        round_: int,
        height: int,
        select: Select,
        timestamp: int,
    ) -> Proposal | None:
        if proposer is None or not self._is_ready(proposer, height):
            return None
        last_commit = self.find_certificate(self.head.number)

        def leave(transaction: Transaction, reason: Exception) -> None:
            self.left_out.append(LeftOut(transaction, reason))

        return proposer.propose(round_, timestamp, last_commit, select, leave)

    def _run_round(
        self, state: agreement.State, proposal: Proposal | None, height: int
    ) -> tuple[agreement.State, RoundReport]:
        opinions = []
        validators = state.validators
        ready = [v for v in self.validators if self._is_ready(v, height)]
        silent = [(v.name, v.stuck or "crashed") for v in self.validators if v not in ready]
        if proposal is not None:
            for validator in ready:
                opinion = validator.check(proposal)
                opinions.append(opinion)
                if validators.get_power(validator.address):
                    vote = validator.vote(proposal, opinion)
                    state, _ = agreement.apply(state, agreement.Voted(vote))
        names = {v.address: v.name for v in self.validators}
        powers = {v.name: validators.get_power(v.address) for v in self.validators}
        for member in validators.members:
            if member.address not in names:
                name = names[member.address] = f"0x{member.address.hex()}"
                powers[name] = member.power
                silent.append((name, "does not run here"))
        proposer = names[validators.get_proposer(height, self.round).address]
        return state, build_report(height, self.round, proposer, opinions, silent, powers)

    def _commit(self, proposal: Proposal, certificate: Certificate) -> Decision:
        decision = Decision(proposal.block, certificate)
        members = self.get_validators(certificate.height)
        self.history.append(decision.block, encode_certificate(certificate))
        self.waiting = ""
        signers = [vote.validator for vote in certificate.votes]
        for validator in self.validators:
            if validator.address in signers:
                validator.accept(decision.block)
            elif not members.get_power(validator.address) and self._is_ready(
                validator, certificate.height
            ):
                validator.follow(decision.block, certificate)
        return decision

    def _catch_up(self, height: int) -> None:
        for validator in self.validators:
            while (
                validator.is_running(height)
                and not validator.stuck
                and validator.head.number < self.head.number
            ):
                number = validator.head.number + 1
                certificate = self.find_certificate(number)
                assert certificate is not None, "blocks that nobody signed are executed at start"
                validator.follow(self.history.get_block(number), certificate)

    def _is_ready(self, validator: Validator, height: int) -> bool:
        return validator.is_running(height) and validator.head.number == height - 1

    def _remember(self, report: RoundReport) -> None:
        self.disagreements += report.disagreements
        del self.disagreements[:-_KEPT_REPORTS]
