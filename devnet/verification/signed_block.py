"""Signed block: a header, who signed it, and words of the staking contract in the state after it.

The links of a chain from the genesis set to any later one, and the block of the inference itself,
all have this form.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from devnet.chain.header import HEADER_FIELDS, LENGTHS, Header, get_fields
from devnet.config import MAX_VALIDATORS
from devnet.consensus.certificate import Certificate
from devnet.consensus.validator_set import Member, ValidatorSet
from devnet.consensus.vote import Vote
from devnet.errors import BadBundle
from devnet.verification.strict_json import Reader, show

BLOCK_FIELDS = ("header", "certificate", "validators", "stateProof")
SIZES = {"coinbase": 20, "caller": 20, "logs_bloom": 256, "nonce": 8}  # bytes; 32 otherwise
MAX_NODES = 65  # from the root of a trie to a key, a nibble each
_MAX_WORDS = 3
_KINDS = {field.name: field.type for field in fields(Header)}


@dataclass(frozen=True, slots=True)
class StateProof:
    """Trie nodes from the state root to the staking contract, and from there to words."""

    account: tuple[bytes, ...]
    words: tuple[tuple[bytes, ...], ...]


@dataclass(frozen=True, slots=True)
class SignedBlock:
    """What a client needs to believe a block, and to follow who signs the next ones."""

    header: Header
    certificate: Certificate
    validators: ValidatorSet
    proof: StateProof


def dump_block(block: SignedBlock) -> dict[str, Any]:
    """The block as JSON values."""
    header, certificate, proof = block.header, block.certificate, block.proof
    return {
        "header": {camel(name): show(getattr(header, name)) for name in get_fields(header)},
        "certificate": {
            "height": certificate.height,
            "round": certificate.signed_round,
            "blockHash": show(certificate.block_hash),
            "power": _count_power(certificate, block.validators),
            "votes": [
                {
                    "validator": show(vote.validator),
                    "fingerprint": show(vote.fingerprint),
                    "signature": show(vote.signature),
                }
                for vote in certificate.votes
            ],
        },
        "validators": [
            {"address": show(member.address), "power": member.power}
            for member in block.validators.members
        ],
        "stateProof": {
            "account": [show(node) for node in proof.account],
            "words": [[show(node) for node in nodes] for nodes in proof.words],
        },
    }


def read_block(parts: Mapping[str, Reader]) -> SignedBlock:
    """The block in the four fields of an object. Raises: BadBundle."""
    validators = _read_validators(parts["validators"])
    return SignedBlock(
        _read_header(parts["header"]),
        _read_certificate(parts["certificate"], validators),
        validators,
        _read_proof(parts["stateProof"]),
    )


def read_value(reader: Reader, name: str, kind: Any) -> Any:
    """A field of a header or receipt, by the type it has there."""
    if kind is bool:
        return reader.flag()
    return reader.integer() if kind is int else reader.data(SIZES.get(name, 32))


def camel(name: str) -> str:
    """A field's name in JSON."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def _read_header(reader: Reader) -> Header:
    length = len(tuple(reader.entries()))
    if length not in LENGTHS:
        known = ", ".join(map(str, LENGTHS))
        raise BadBundle(f"{reader.place} has {length} fields; a header has {known}, by its fork")
    names = HEADER_FIELDS[:length]
    parts = reader.fields(*map(camel, names))
    values = {name: read_value(parts[camel(name)], name, _KINDS[name]) for name in names}
    return Header(**values, length=length)


def _read_certificate(reader: Reader, validators: ValidatorSet) -> Certificate:
    parts = reader.fields("height", "round", "blockHash", "power", "votes")
    round_, block_hash = parts["round"].integer(), parts["blockHash"].data(32)
    votes = parts["votes"].items(MAX_VALIDATORS)
    certificate = Certificate(
        parts["height"].integer(),
        round_,
        block_hash,
        tuple(_read_vote(vote, round_, block_hash) for vote in votes),
    )
    said, power = parts["power"].integer(), _count_power(certificate, validators)
    if said != power:
        raise BadBundle(f"{parts['power'].place} is {said}, but its votes have {power}")
    return certificate


def _count_power(certificate: Certificate, validators: ValidatorSet) -> int:
    return sum(validators.get_power(vote.validator) for vote in certificate.votes)


def _read_vote(reader: Reader, round_: int, block_hash: bytes) -> Vote:
    parts = reader.fields("validator", "fingerprint", "signature")
    return Vote(
        round=round_,
        block_hash=block_hash,
        validator=parts["validator"].data(20),
        fingerprint=parts["fingerprint"].data(32),
        signature=parts["signature"].data(65),
    )


def _read_validators(reader: Reader) -> ValidatorSet:
    members = tuple(map(_read_member, reader.items(MAX_VALIDATORS)))
    if len({member.address for member in members}) != len(members):
        raise BadBundle(f"{reader.place} names a member twice")
    return ValidatorSet(members)


def _read_member(reader: Reader) -> Member:
    parts = reader.fields("address", "power")
    power = parts["power"].integer()
    if power == 0:
        raise BadBundle(f"{parts['power'].place} is 0; a member has power")
    return Member(parts["address"].data(20), power)


def _read_proof(reader: Reader) -> StateProof:
    parts = reader.fields("account", "words")
    words = parts["words"].items(_MAX_WORDS)
    return StateProof(_read_nodes(parts["account"]), tuple(map(_read_nodes, words)))


def _read_nodes(reader: Reader) -> tuple[bytes, ...]:
    return tuple(node.data() for node in reader.items(MAX_NODES))
