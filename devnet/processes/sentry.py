"""Sentry: what a node makes of what it hears validators say: evidence, and who disagreed."""

from collections.abc import Callable

from devnet.consensus.participation.signing import KeyVerifier
from devnet.consensus.tendermint.duplicate import DuplicateProposal, DuplicateVote
from devnet.consensus.tendermint.message import Message, Proposal
from devnet.consensus.turns import Turns
from devnet.errors import BadMessage
from devnet.processes.body import read_block
from devnet.processes.message import Body
from devnet.processes.vigil import Vigil
from devnet.validators.accusation import Proof, WrongBlock
from devnet.validators.diagnosis import compare_claim
from devnet.validators.evidence_pool import EvidencePool
from devnet.validators.record import Record
from devnet.validators.report import Disagreement
from devnet.validators.validator import Validator


class Sentry:
    """One node as a witness; it has no vote, so it tells and brings nothing itself."""

    def __init__(
        self,
        follower: Validator,
        chain_id: int,
        turns: Turns,
        evidence: EvidencePool | None,
        record: Record,
        find_name: Callable[[bytes], str],
    ) -> None:
        """
        Args:
            evidence: nothing, where evidence is not reported.
            record: is told of contradictions and of wrong blocks.
            find_name: of a validator, by its address.
        """
        self._verifier = KeyVerifier(chain_id, turns.get_set_hash)
        self._vigil = Vigil(follower, turns.get_validators, evidence, self._note)
        self._follower, self._record, self._find_name = follower, record, find_name

    def hear(self, said: Message, body: Body | None) -> None:
        """A statement and its block. Raises: BadMessage for what nobody has signed."""
        if not self._verifier.is_signed(said):
            raise BadMessage(f"a {type(said).__name__} that its validator has not signed")
        self._vigil.hear(said, None if body is None else read_block(body, said.value))

    def conclude(self, height: int, decided: bytes) -> None:
        """A height is decided."""
        self._vigil.conclude(height, decided)

    def _note(self, proof: Proof) -> None:
        if isinstance(proof, DuplicateVote | DuplicateProposal):
            self._record.add_duplicate(proof)
        elif isinstance(proof, WrongBlock) and isinstance(proof.first, Proposal):
            self._note_wrong(proof.first, proof)

    def _note_wrong(self, said: Proposal, proof: WrongBlock) -> None:
        own = self._follower.refute(said.height, proof.block)
        if own is not None:
            difference = compare_claim(own, proof.block.header)
            name = self._find_name(said.validator)
            self._record.disagreements.append(
                Disagreement(said.height, said.round, name, True, difference)
            )
