"""Evidence pool: proofs that wait for a block, one for each validator, height and misbehaviour.

With a shelf they outlive the process; one whose disk fails goes on in memory.
"""

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from devnet.consensus.staking import (
    Load,
    Misbehaviour,
    is_punished,
    read_account,
    read_max_age,
)
from devnet.errors import StoreError
from devnet.validators.accusation import Proof, classify, encode_accusation
from devnet.validators.evidence_shelf import EvidenceShelf

MAX_PENDING = 256  # proofs; what comes later is dropped until some are settled
JUDGED_BLOCKS = 64  # within which validators still execute a reported block again
Place = tuple[bytes, int, Misbehaviour]  # validator, height, what

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Accusation:
    """A proof, and the call that brings it to the contract."""

    proof: Proof
    data: bytes

    @property
    def place(self) -> Place:
        """What it is one of."""
        return locate(self.proof)


class EvidencePool:
    """Grows with what validators see, shrinks with what the state knows."""

    def __init__(
        self,
        get_set_hash: Callable[[int], bytes],
        shelf: EvidenceShelf | None = None,
        get_shift: Callable[[int], int] | None = None,
    ) -> None:
        """With what is on the shelf.

        Args:
            get_set_hash: is asked for the validators of a height.
            get_shift: is asked how much later the rounds of a height are signed.
        Raises: StoreError if the shelf does not read.
        """
        self._get_set_hash, self._shelf, self._get_shift = get_set_hash, shelf, get_shift
        self._pending: dict[Place, Accusation] = {}
        for proof, call in shelf.read() if shelf else ():
            self._pending[locate(proof)] = Accusation(proof, call)

    def __len__(self) -> int:
        return len(self._pending)

    def __iter__(self) -> Iterator[Accusation]:
        """Oldest first."""
        return iter(self._pending.values())

    def copy(self) -> "EvidencePool":
        """What waits now."""
        other = EvidencePool(self._get_set_hash)
        other._pending = self._pending.copy()
        return other

    def add(self, proof: Proof) -> bool:
        """Take a proof, unless there is one for the same; says whether it was taken."""
        place = locate(proof)
        if place in self._pending or len(self._pending) >= MAX_PENDING:
            return False
        height = proof.first.height
        shift = 0 if self._get_shift is None else self._get_shift(height)
        data = encode_accusation(proof, self._get_set_hash(height), shift)
        self._pending[place] = Accusation(proof, data)
        if self._shelf is not None:
            try:
                self._shelf.put(proof, data)
            except StoreError as fault:
                self._lose(fault)
        return True

    def list_due(self, load: Load, height: int) -> tuple[Accusation, ...]:
        """What a block at a height may bring, by the state before it.

        Nothing of its own height: whoever proposes there again proposes the same block.
        """
        return tuple(
            accusation for accusation in self._pending.values() if _is_due(accusation, load, height)
        )

    def settle(self, load: Load, height: int) -> None:
        """Forget what a state has punished or takes no more, before a block at a height."""
        due = dict.fromkeys(a.place for a in self.list_due(load, height))
        self._keep(a for p, a in self._pending.items() if p in due or p[1] >= height)

    def rewind(self, number: int) -> None:
        """Forget what was said about blocks above `number`."""
        self._keep(a for a in self._pending.values() if a.proof.first.height <= number)

    def close(self) -> None:
        """Let go of the shelf."""
        if self._shelf is not None:
            self._shelf.close()

    def _keep(self, accusations: Iterable[Accusation]) -> None:
        kept = {accusation.place: accusation for accusation in accusations}
        gone = [place for place in self._pending if place not in kept]
        self._pending = kept
        if self._shelf is not None and gone:
            try:
                self._shelf.forget(gone)
            except StoreError as fault:
                self._lose(fault)

    def _lose(self, fault: StoreError) -> None:
        _logger.warning("evidence outlives this process no more: %s", fault)
        self._shelf = None


def locate(proof: Proof) -> Place:
    """What a proof is one of: more of the same add nothing."""
    return proof.first.validator, proof.first.height, classify(proof)


def _is_due(accusation: Accusation, load: Load, height: int) -> bool:
    validator, said, what = accusation.place
    limit = JUDGED_BLOCKS if what is Misbehaviour.WRONG_RESULT else read_max_age(load)
    account = read_account(load, validator)
    has_stake = account.stake + account.unbonding > 0
    return has_stake and 0 < height - said <= limit and not is_punished(load, *accusation.place)
