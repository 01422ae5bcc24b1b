"""Commit: the precommits that decided a height, as validators hand it to one that lags."""

from msgspec import Struct

from devnet.consensus.certificate import Certificate
from devnet.consensus.participation.signing import Verifier
from devnet.consensus.tendermint.message import Precommit
from devnet.consensus.validator_set import ValidatorSet
from devnet.consensus.vote import NIL, Vote
from devnet.errors import BadCertificate


class Commit(Struct, frozen=True):
    """A decision and its proof."""

    height: int
    round: int
    value: bytes
    precommits: tuple[Precommit, ...]


def check_commit(commit: Commit, validators: ValidatorSet, verifier: Verifier) -> int:
    """Count the power behind a commit.

    Returns: the power, more than two thirds of the total.
    Raises: BadCertificate with the vote or the missing power.
    """
    if commit.value == NIL:
        raise BadCertificate("commits no block: its votes are for nil")
    power = 0
    seen: dict[bytes, None] = {}
    for vote in commit.precommits:
        who = f"0x{vote.validator.hex()}"
        if (vote.height, vote.round, vote.value) != (commit.height, commit.round, commit.value):
            raise BadCertificate(f"the vote of {who} is for another height, round or block")
        if vote.validator in seen:
            raise BadCertificate(f"{who} signs twice")
        if validators.get_power(vote.validator) == 0:
            raise BadCertificate(f"{who} is not in the validator set")
        if not verifier.is_signed(vote):
            raise BadCertificate(f"the signature is not by {who}")
        seen[vote.validator] = None
        power += validators.get_power(vote.validator)
    if not validators.is_quorum(power):
        raise BadCertificate(
            f"signed by power {power} of {validators.total_power}, "
            f"needs at least {validators.quorum_power}"
        )
    return power


def to_certificate(commit: Commit, validators: ValidatorSet, shift: int = 0) -> Certificate:
    """The form that proof bundles and contracts check: votes in the order of the set.

    Args:
        shift: how much later the round is that was signed.
    """
    signed = commit.round + shift
    votes = {
        vote.validator: Vote(signed, vote.value, vote.validator, vote.fingerprint, vote.signature)
        for vote in commit.precommits
    }
    ordered = tuple(votes[m.address] for m in validators.members if m.address in votes)
    return Certificate(commit.height, commit.round, commit.value, ordered, shift)
