"""Council: the validators, the chain they have decided, and who signs and proposes in it.

Decides nothing: how blocks come about is another's part.
"""

from collections.abc import Callable, Sequence
from copy import copy
from functools import partial
from typing import Self

from devnet.chain.block import Execution
from devnet.chain.header import Header
from devnet.chain.history import History
from devnet.chain.world import World
from devnet.consensus.certificate import Certificate, decode_certificate
from devnet.consensus.proposer import start_rotation
from devnet.consensus.set_change import DELAY
from devnet.consensus.staking import STAKING, list_changes
from devnet.consensus.turns import Turns
from devnet.consensus.validator_set import ValidatorSet
from devnet.errors import ConfigError, UnknownBlock
from devnet.validators.attempt import LeftOut
from devnet.validators.engine_book import EngineBook
from devnet.validators.evidence_pool import EvidencePool
from devnet.validators.evidence_shelf import EvidenceShelf
from devnet.validators.misbehaviour import Behavior, parse_behavior
from devnet.validators.record import Record
from devnet.validators.standing import Standing
from devnet.validators.succession import read_set
from devnet.validators.validator import Validator
from precompiles.digest import compute_model_id


class Council:
    """All validators known here and the decided chain."""

    validators: tuple[Validator, ...]
    agreement = "exact"  # by which rule proposed outputs are taken
    history: History

    def __init__(
        self,
        founders: ValidatorSet,
        first_signed: int,
        shelf: EvidenceShelf | None = None,
        get_shift: Callable[[int], int] | None = None,
    ) -> None:
        """
        Args:
            first_signed: number of the first block that anybody signs.
            shelf: where evidence outlives the process.
            get_shift: how much later the rounds of a height are signed, if at all.
        """
        self._founders, self.first_signed = founders, first_signed
        self._turns = Turns(self.get_validators, first_signed)
        self._next = start_rotation(founders)
        self.evidence = EvidencePool(self._turns.get_set_hash, shelf, get_shift)
        self.record = Record()
        self.engines = EngineBook()
        self.left_out: list[LeftOut] = []  # in the last attempt
        self.round = 0  # of the last decision, or the one that is waited in
        self.step = "decided"
        self.waiting = ""  # why the last attempt gave no block
        self._reader: Validator | None = None  # who it was when this was frozen
        self._world: World | None = None  # its states at that time

    def freeze(self, history: History) -> Self:
        """What was decided by now and who answers for it, for another thread, which only reads.

        The validators are the same: what they do next shows.

        Args:
            history: the frozen one.
        """
        frozen = copy(self)
        frozen.history = history
        frozen.record = self.record.copy()
        frozen.evidence = self.evidence.copy()
        frozen._reader, frozen._world = self.reader, self.world.freeze()
        return frozen

    @property
    def standings(self) -> tuple[Standing, ...]:
        """All validators in order."""
        return tuple(
            Standing(v.name, v.address, str(v.behavior), v.head.number, v.stuck, v.client.name)
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

    @property
    def world(self) -> World:
        """States of the reader; those of a frozen council stay through all reverts."""
        return self._world or self.reader.world

    def get_validators(self, height: int) -> ValidatorSet:
        """Who signs a height: any so far, the next one and the one after it.

        Raises: UnknownBlock.
        """
        source = height - DELAY
        if source < self.first_signed:
            return self._founders
        known = None if self._reader else self.reader.find_validators(height)
        if known is not None:
            return known
        header = self.history.get_block(source).header
        return read_set(self.world, header, self._founders)

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

    def close(self) -> None:
        """Let go of what validators keep on disk."""
        self.evidence.close()
        for validator in self.validators:
            validator.close()

    def _settle(self, block: Execution) -> None:
        """Forget evidence that the state after a block has punished."""
        if len(self.evidence):
            state = self.world.open(block.header.state_root, block.header)
            self.evidence.settle(partial(state.get_storage, STAKING), block.header.number + 1)

    def _restore_turns(self) -> None:
        """Read from the state at the head who proposes next."""
        state = self.world.open(self.head.state_root, self.head)
        changes = list_changes(partial(state.get_storage, STAKING))
        self._turns.restore(self.head.number + 1, changes)
        self._next = self._turns.get_rotation(self.head.number + 1)
