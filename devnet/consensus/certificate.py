"""Certificate: precommits of more than two thirds of the power on one block hash."""

from dataclasses import dataclass

import cbor2

from devnet.consensus.signature import recover
from devnet.consensus.validator_set import ValidatorSet
from devnet.consensus.vote import NIL, Recover, Vote, VoteContext, is_signed
from devnet.errors import BadCertificate
from precompiles.digest import compute_keccak

_DOMAIN = compute_keccak(b"devnet.certificate.v1")


@dataclass(frozen=True, slots=True)
class Certificate:
    """Proof that a block is final."""

    height: int
    round: int
    block_hash: bytes
    votes: tuple[Vote, ...]  # in the order of the validator set
    shift: int = 0  # how much later the round is that was signed (decision 0055)

    @property
    def signed_round(self) -> int:
        """The round in every signature: unlike `round`, no other life of the height has it."""
        return self.round + self.shift


def compute_certificate_hash(certificate: Certificate | None) -> bytes:
    """Keccak over the fields as words; zero for the genesis block, which nobody signs."""
    if certificate is None:
        return bytes(32)
    head = (
        _DOMAIN
        + certificate.height.to_bytes(32, "big")
        + certificate.signed_round.to_bytes(32, "big")
        + certificate.block_hash
    )
    votes = (
        vote.validator.rjust(32, b"\0") + vote.fingerprint + compute_keccak(vote.signature)
        for vote in certificate.votes
    )
    return compute_keccak(head + b"".join(votes))


def encode_certificate(certificate: Certificate) -> bytes:
    """The certificate as CBOR; what all votes share stands once."""
    votes = [[vote.validator, vote.fingerprint, vote.signature] for vote in certificate.votes]
    head = [certificate.height, certificate.round, certificate.block_hash]
    return cbor2.dumps([*head, votes, *([certificate.shift] if certificate.shift else [])])


def decode_certificate(data: bytes) -> Certificate:
    """Inverse of `encode_certificate`; whether it proves anything is not looked at."""
    height, round_, block_hash, votes, *shifts = cbor2.loads(data)
    shift = sum(shifts)
    signed = tuple(Vote(round_ + shift, block_hash, *vote) for vote in votes)
    return Certificate(height, round_, block_hash, signed, shift)


def check_certificate(
    certificate: Certificate,
    validators: ValidatorSet,
    context: VoteContext,
    recover: Recover = recover,
) -> int:
    """Check every signature and count the power.

    Args:
        recover: may remember what it found.

    Returns: the signed power, more than two thirds of the total.
    Raises: BadCertificate with the vote or the missing power; BadSignature.
    """
    if certificate.height != context.height:
        raise BadCertificate(f"certifies height {certificate.height}, not {context.height}")
    if certificate.block_hash == NIL:
        raise BadCertificate("certifies no block: its votes are for nil")
    if len(validators.powers) != len(validators.members):
        raise BadCertificate("the validator set names somebody twice")
    power = 0
    seen: list[bytes] = []
    for vote in certificate.votes:
        who = f"0x{vote.validator.hex()}"
        if vote.validator in seen:
            raise BadCertificate(f"{who} signs twice")
        if (vote.block_hash, vote.round) != (certificate.block_hash, certificate.signed_round):
            raise BadCertificate(f"the vote of {who} is for another block or round")
        weight = validators.get_power(vote.validator)
        if weight == 0:
            raise BadCertificate(f"{who} is not in the validator set")
        if not is_signed(context, vote, recover):
            raise BadCertificate(f"the signature is not by {who}")
        seen.append(vote.validator)
        power += weight
    if seen != [member.address for member in validators.members if member.address in seen]:
        raise BadCertificate("votes are not in the order of the validator set")
    if not validators.is_quorum(power):
        raise BadCertificate(
            f"signed by power {power} of {validators.total_power}, "
            f"needs at least {validators.quorum_power}"
        )
    return power
