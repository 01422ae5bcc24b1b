"""Vigil: a process that watches the others: what it hears becomes evidence, once for each place."""

import logging
from collections.abc import Callable

from devnet.chain.body import Block
from devnet.consensus.tendermint.message import Message
from devnet.processes.testimony import GetSet, Testimony
from devnet.validators.accusation import Proof, describe_proof
from devnet.validators.evidence_pool import EvidencePool
from devnet.validators.validator import Validator

_logger = logging.getLogger(__name__)


class Vigil:
    """Between what is heard and the evidence that waits for a block."""

    def __init__(
        self,
        validator: Validator,
        get_validators: GetSet,
        evidence: EvidencePool | None,
        on_new: Callable[[Proof], None],
    ) -> None:
        """
        Args:
            validator: executes suspicious blocks again; it does not accuse itself.
            evidence: gets what is proven; nothing is, where evidence is not reported.
            on_new: is told of each proof that the pool has taken.
        """
        self._testimony = Testimony(get_validators, validator.refute)
        self._evidence, self._own, self._on_new = evidence, validator.address, on_new

    def hear(self, said: Message, block: Block | None = None) -> None:
        """A statement whose signature was checked, and the block of a proposal."""
        self.accuse(*self._testimony.hear(said, block))

    def conclude(self, height: int, decided: bytes) -> None:
        """A height is decided here."""
        self.accuse(*self._testimony.conclude(height, decided))

    def accuse(self, *proofs: Proof) -> None:
        """Keep what is new among these."""
        evidence = self._evidence
        if evidence is None:
            return
        for proof in proofs:
            if proof.first.validator != self._own and evidence.add(proof):
                _logger.warning("%s", describe_proof(proof))
                self._on_new(proof)
