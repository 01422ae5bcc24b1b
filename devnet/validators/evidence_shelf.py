"""Evidence shelf: proofs that wait for a block, kept beyond the process that has seen them.

A proof stands with the call that brings it to the contract, so that reading it asks nobody.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

from devnet.chain.body import decode_block, encode_block
from devnet.consensus.blame.evidence import Amnesia
from devnet.consensus.staking import Misbehaviour
from devnet.consensus.tendermint.duplicate import DuplicateProposal, DuplicateVote
from devnet.consensus.tendermint.message import Message, Precommit, Prevote, Proposal
from devnet.database import Database
from devnet.record import Codec
from devnet.validators.accusation import Proof, WrongBlock, classify

EVIDENCE_FILE = "evidence.db"
_SCHEMA = """
CREATE TABLE accusations (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    validator BLOB NOT NULL, height INTEGER NOT NULL, what INTEGER NOT NULL,
    block BLOB NOT NULL, statements BLOB NOT NULL, call BLOB NOT NULL,
    UNIQUE (validator, height, what)
);
"""
_KINDS: dict[str, type[Any]] = {kind.__name__: kind for kind in (Proposal, Prevote, Precommit)}
_PAIRS: dict[Misbehaviour, type[Any]] = {
    Misbehaviour.DUPLICATE_VOTE: DuplicateVote,
    Misbehaviour.DUPLICATE_PROPOSAL: DuplicateProposal,
    Misbehaviour.AMNESIA: Amnesia,
}
_Written: TypeAlias = tuple[tuple[str, bytes], ...]  # kind and fields of each statement


class EvidenceShelf:
    """The file `evidence.db` of a folder. Everything raises StoreError."""

    def __init__(self, folder: Path) -> None:
        self._database = Database(folder / EVIDENCE_FILE, _SCHEMA, survives_power_loss=True)
        self._codec = Codec({})

    def put(self, proof: Proof, call: bytes) -> None:
        """Keep a proof beyond any crash."""
        block = encode_block(proof.block) if isinstance(proof, WrongBlock) else b""
        said = (proof.first,) if isinstance(proof, WrongBlock) else (proof.first, proof.second)
        written = [(type(message).__name__, self._codec.encode(message)) for message in said]
        place = proof.first.validator, proof.first.height, int(classify(proof))
        self._database.write(
            "INSERT OR IGNORE INTO accusations (validator, height, what, block, statements, call) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            (*place, block, self._codec.encode(written), call),
        )
        self._database.commit()

    def forget(self, places: Iterable[tuple[bytes, int, Misbehaviour]]) -> None:
        """These wait no more: validator, height, what."""
        self._database.write_all(
            "DELETE FROM accusations WHERE validator = ? AND height = ? AND what = ?",
            ((validator, height, int(what)) for validator, height, what in places),
        )
        self._database.commit()

    def read(self) -> Iterator[tuple[Proof, bytes]]:
        """What waits with its call, oldest first."""
        rows = self._database.read(
            "SELECT what, block, statements, call FROM accusations ORDER BY number"
        )
        for what, block, data, call in rows:
            said = [self._decode(*entry) for entry in self._codec.decode(data, _Written)]
            if what == Misbehaviour.WRONG_RESULT:
                yield WrongBlock(said[0], decode_block(block)), call
            else:
                yield _PAIRS[Misbehaviour(what)](*said), call

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()

    def _decode(self, kind: str, fields: bytes) -> Message:
        message: Message = self._codec.decode(fields, _KINDS[kind])
        return message
