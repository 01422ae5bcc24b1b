"""A decision that a peer tells of: the block that it names, and whether its signatures prove it."""

from devnet.chain.forks.schedule import ForkSchedule
from devnet.consensus.certificate import Certificate, check_certificate
from devnet.consensus.participation.commit import to_certificate
from devnet.consensus.validator_set import ValidatorSet
from devnet.consensus.vote import VoteContext
from devnet.errors import BadMessage, ConsensusError
from devnet.processes.body import unpack
from devnet.processes.message import Decided
from devnet.validators.proposal import Proposal


def check_decided(
    decided: Decided,
    validators: ValidatorSet,
    chain_id: int,
    set_hash: bytes,
    schedule: ForkSchedule,
) -> tuple[Proposal, Certificate]:
    """The block and its certificate.

    Args:
        validators: of the decided height; `set_hash` is their set's.
        schedule: which rules hold at which block.
    Raises: BadMessage if the block is not the named one, or nothing proves it.
    """
    commit = decided.commit
    proposal = unpack(decided.body, commit.value, schedule)
    certificate = to_certificate(commit, validators)
    context = VoteContext(chain_id, commit.height, set_hash)
    try:
        check_certificate(certificate, validators, context)
    except ConsensusError as refused:
        raise BadMessage(f"a decision without proof: {refused}") from refused
    return proposal, certificate
