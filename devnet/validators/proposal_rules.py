"""The rules a block meets before a validator executes it: its template and who signed what."""

from devnet.chain.forks.schedule import ForkSchedule
from devnet.chain.header import Header
from devnet.consensus.certificate import Certificate, check_certificate
from devnet.consensus.turns import Turns
from devnet.consensus.validator_set import compute_set_hash
from devnet.consensus.vote import Recover, VoteContext
from devnet.errors import BadProposal
from devnet.validators.proposal import Proposal, build_template, check_template
from devnet.validators.succession import Succession


class ProposalRules:
    """What one validator holds proposals and certificates to, by the sets it has read itself."""

    def __init__(
        self,
        schedule: ForkSchedule,
        succession: Succession,
        turns: Turns,
        chain_id: int,
        recover: Recover,
    ) -> None:
        """
        Args:
            turns: who votes and who proposes.
            recover: finds who made a signature.
        """
        self._schedule, self._succession, self._turns = schedule, succession, turns
        self._chain_id, self._recover = chain_id, recover

    def check(self, proposal: Proposal, parent: Header, parent_hash: bytes) -> None:
        """Raises: BadProposal, or another ConsensusError of the certificate it brings."""
        header, number = proposal.block.header, parent.number
        proposer = self._turns.get_rotation(number + 1).get_proposer(proposal.round)
        expected = build_template(
            *(parent, parent_hash, proposal.last_commit, proposer, header.timestamp),
            self._schedule,
        )
        check_template(header, expected, parent)
        if number < self._succession.first_signed:
            return
        if proposal.last_commit is None:
            raise BadProposal(f"no certificate of block {number}")
        self.check_certificate(proposal.last_commit, number)
        certified = proposal.last_commit.block_hash
        if certified != parent_hash:
            raise BadProposal(
                f"certifies block 0x{certified.hex()}, the parent is 0x{parent_hash.hex()}"
            )

    def check_certificate(self, certificate: Certificate, height: int) -> None:
        """Hold it to those who sign a height. Raises: ConsensusError."""
        voters = self._succession.get(height)
        context = VoteContext(self._chain_id, height, compute_set_hash(voters))
        check_certificate(certificate, voters, context, self._recover)
