"""Accusations: evidence as the staking contract takes it, and back.

A wrong result comes with the block itself: its header and its transactions.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import rlp
from eth_abi.abi import decode, encode
from eth_abi.exceptions import DecodingError

from devnet.chain.body import Block
from devnet.chain.header import decode_header, encode_header
from devnet.consensus.blame.evidence import Amnesia
from devnet.consensus.staking import Misbehaviour
from devnet.consensus.tendermint.duplicate import DuplicateProposal, DuplicateVote
from devnet.consensus.tendermint.message import NO_ROUND, Message, Precommit, Prevote, Proposal
from devnet.consensus.vote import NIL
from devnet.errors import BadBlock, BadEvidence
from precompiles.digest import compute_keccak

STATEMENT = "(uint8,uint64,uint32,bytes32,int64,bytes32,bytes32,bytes)"
WRONG_RESULT_REPORTED = compute_keccak(b"WrongResultReported(address,uint256,bytes32)")
SLASHED = compute_keccak(b"Slashed(address,uint256,uint8,uint256)")
_STEPS: dict[type[Message], int] = {Proposal: 0, Prevote: 1, Precommit: 2}
_WRONG_RESULT = (STATEMENT, "bytes", "bytes")


@dataclass(frozen=True, slots=True)
class WrongBlock:
    """A statement for a block whose execution gives something else."""

    first: Message
    block: Block


Proof: TypeAlias = DuplicateVote | DuplicateProposal | Amnesia | WrongBlock


def classify(proof: Proof) -> Misbehaviour:
    """What it proves."""
    if isinstance(proof, DuplicateVote):
        return Misbehaviour.DUPLICATE_VOTE
    if isinstance(proof, DuplicateProposal):
        return Misbehaviour.DUPLICATE_PROPOSAL
    return Misbehaviour.AMNESIA if isinstance(proof, Amnesia) else Misbehaviour.WRONG_RESULT


def describe_proof(proof: Proof) -> str:
    """Who did what at which height, in a line."""
    first, what = proof.first, classify(proof).name.lower().replace("_", " ")
    return f"{what} of 0x{first.validator.hex()} at height {first.height} round {first.round}"


def encode_accusation(proof: Proof, set_hash: bytes, shift: int = 0) -> bytes:
    """Call data for the contract.

    Args:
        set_hash: of the validators of the statements' height.
        shift: how much later the rounds are that were signed.
    """
    first = _list_statement(proof.first, set_hash, shift)
    if isinstance(proof, WrongBlock):
        header, body = encode_header(proof.block.header), rlp.encode(proof.block.transactions)
        return _encode_call("reportWrongResult", _WRONG_RESULT, (first, header, body))
    name = "reportAmnesia" if isinstance(proof, Amnesia) else "reportDuplicate"
    statements = first, _list_statement(proof.second, set_hash, shift)
    return _encode_call(name, (STATEMENT, STATEMENT), statements)


def decode_wrong_result(data: bytes) -> tuple[int, Block]:
    """Height of the statement, and the block that it is for.

    Raises: BadEvidence if it is no such call.
    """
    try:
        if data[:4] != _select("reportWrongResult", _WRONG_RESULT):
            raise BadEvidence("a wrong result is not reported by a call of the contract")
        statement, header, body = decode(_WRONG_RESULT, data[4:])
        raws = rlp.decode(body)
        if not isinstance(raws, list) or any(not isinstance(raw, bytes) for raw in raws):
            raise BadEvidence("the reported transactions are no list")
        return statement[1], Block(decode_header(rlp.decode(header)), tuple(raws))
    except (DecodingError, rlp.exceptions.RLPException, BadBlock) as broken:
        raise BadEvidence(f"the report of a wrong result does not decode: {broken}") from broken


def _list_statement(said: Message, set_hash: bytes, shift: int) -> tuple[Any, ...]:
    return (
        _STEPS[said.__class__],
        said.height,
        said.round + shift,
        said.value,
        NO_ROUND if isinstance(said, Precommit) else said.pol_round + shift,
        said.fingerprint if isinstance(said, Precommit) else NIL,
        set_hash,
        said.signature,
    )


def _encode_call(name: str, kinds: Sequence[str], values: Sequence[Any]) -> bytes:
    return _select(name, kinds) + encode(kinds, values)


def _select(name: str, kinds: Sequence[str]) -> bytes:
    return compute_keccak(f"{name}({','.join(kinds)})".encode())[:4]
