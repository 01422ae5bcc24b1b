"""The network of validators in one process: takes one height after another to a decision.

Time is virtual: a silent validator costs a round, never a pause.
"""

from collections.abc import Callable, Sequence

from devnet.chain.block import Execution
from devnet.chain.body import extract_block
from devnet.chain.forks.seal import accept_seal
from devnet.chain.history import History
from devnet.chain.origin import Origin
from devnet.chain.shelf import Shelf
from devnet.config import Config, Host
from devnet.consensus.blame.halt import diagnose_halt
from devnet.consensus.certificate import encode_certificate
from devnet.consensus.signature import Recoveries
from devnet.consensus.tendermint.duplicate import Duplicate
from devnet.consensus.validator_set import ValidatorSet
from devnet.errors import NoQuorum, StoreError
from devnet.validators.accusation import Proof
from devnet.validators.assembly import Assembly
from devnet.validators.attempt import Attempt
from devnet.validators.beginning import begin_history, get_first_signed
from devnet.validators.council import Council
from devnet.validators.decision import Decision
from devnet.validators.founding import build_founding
from devnet.validators.host import build_evidence_shelf, build_log
from devnet.validators.links import Links, cut_links
from devnet.validators.proposer import Select
from devnet.validators.report import explain_halt
from devnet.validators.rounds import Rounds
from devnet.validators.rounds_file import load_free, save_free
from devnet.validators.station import Payload
from devnet.validators.supply import Supply
from devnet.validators.taking_back import is_calm, take_back
from devnet.validators.validator import Validator
from devnet.validators.watch import is_idle
from devnet.validators.witness import find_proofs


class Cluster(Council):
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
        first = get_first_signed(origin)
        known = 0 if history is None else history.head.header.number
        self._host = host
        self._rounds = Rounds(self._is_calm, load_free(host), known + 1)
        shelf_of_evidence = build_evidence_shelf(host)
        super().__init__(founding.validators, first, shelf_of_evidence, self._rounds.get_shift)
        self._reports_evidence = config.reports_evidence
        self.agreement = founding.agreement.text
        recover = Recoveries().recover
        self.validators = tuple(
            Validator(
                *(index, config, founding, self._turns, recover, self.evidence, funded),
                *(host, origin, history),
            )
            for index in range(config.validators)
        )
        founder = self.validators[0]
        self.history = begin_history(founder.head, shelf) if history is None else history
        if origin is not None:
            for block in founder.import_blocks(self.history, origin.blocks, origin.check_seal):
                self.history.append(block)
        logs = [build_log(host, validator.name) for validator in self.validators]
        self._assembly = Assembly(
            *(self.validators, founding.keys, logs, config.chain_id, config.seed, self._turns),
            *(recover, self.get_certificate, self.history.get_hash, self._add_duplicate),
            *(founding.agreement, self._rounds),
        )
        is_linked = self._assembly.is_linked
        self._supply = Supply(self.validators, is_linked, self.record.add_delivery)

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
        self._restore_turns()

    def poll(self) -> Decision | None:
        """A block that was decided unasked: none is, in one process."""
        return None

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
            *(self.history.get_hash, self._assembly.transcript.list_messages),
        )
        for proof in find_proofs(attempt, self._assembly, members):
            self._accuse(proof)
        if attempt.decided is not None:
            return self._commit(attempt, attempt.decided, members)
        self.round, self.step = self._assembly.round, self._assembly.step.name.lower()
        if is_idle(attempt, self._assembly.seats, members):
            return None
        absent = self._assembly.list_absences(height, members)
        messages = self._assembly.transcript.list_messages(height)
        halt = diagnose_halt(height, members, messages, absent)
        names = {validator.address: validator.name for validator in self.validators}
        self.waiting = explain_halt(report, halt, rounds, names, self.partition)
        raise NoQuorum(self.waiting)

    def rewind(self, number: int) -> None:
        """Forget all blocks above `number`, and who disagreed about them."""
        assert number >= self.first_signed - 1, "blocks that nobody signed stay"
        self._take_back(number)
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
    def links(self) -> Links:
        """How the validators hear each other; times count from `now_us`."""
        return self._assembly.links

    @links.setter
    def links(self, links: Links) -> None:
        self._assembly.links = links

    def listen(self, on_delivery: Callable[[int, int, Payload], None]) -> None:
        """Tell of all that is delivered from now on: time, validator, and what it is handed."""
        self._assembly.on_delivery = on_delivery

    @property
    def now_us(self) -> int:
        """Virtual time of the network."""
        return self._assembly.fabric.now_us

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
        self.links = cut_links(tuple(tuple(group) for group in nodes if group))

    def heal(self) -> None:
        self.links = Links()

    def _commit(self, attempt: Attempt, block: Execution, members: ValidatorSet) -> Decision:
        certificate = self._assembly.build_certificate(attempt)
        try:
            self.history.append(block, encode_certificate(certificate))
        except StoreError:
            self._take_back(attempt.height - 1)
            self._assembly.reset()
            raise
        for validator in attempt.followers:
            validator.accept(block)
        self._next = self._turns.get_rotation(self.head.number + 1)
        self.round, self.step, self.waiting = certificate.round, "decided", ""
        said_all = not self.round and len(certificate.votes) == len(members.members)
        self._rounds.note(attempt.height, said_all=said_all)
        self._settle(block)
        return Decision(block, certificate)

    def _add_duplicate(self, duplicate: Duplicate) -> None:
        self.record.add_duplicate(duplicate)
        self._accuse(duplicate)

    def _accuse(self, proof: Proof) -> None:
        if self._reports_evidence:
            self.evidence.add(proof)

    def _take_back(self, number: int) -> None:
        """Let nobody sign again for rounds of heights above `number`. Raises: StoreError."""
        take_back(self._rounds, self._assembly, self, number)
        save_free(self._host, self._rounds.list_free())

    def _is_calm(self) -> bool:
        return is_calm(self.validators, self._assembly.links, self.head.number)

    def _catch_up(self, height: int) -> None:
        for node, validator in enumerate(self.validators):
            self._supply.fetch(node)
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
                self._supply.fetch(node)

    def _has_peer(self, node: int, number: int) -> bool:
        """Whether somebody who has a block can be heard, or nobody has it but the disk."""
        having = [i for i, v in enumerate(self.validators) if v.head.number >= number]
        return not having or any(self._assembly.is_linked(node, other) for other in having)
