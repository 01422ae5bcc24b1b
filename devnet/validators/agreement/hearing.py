"""Hearing: what validators say of their own results for a proposal, and what that comes to."""

from dataclasses import dataclass, field

from devnet.consensus.rules.rule import AgreementRule, Claim, Count
from devnet.consensus.tendermint.message import Proposal
from devnet.consensus.validator_set import ValidatorSet
from devnet.validators.agreement.statement import Claimed, Committed, Place, Said


@dataclass(slots=True)
class Hearing:
    """Statements about one value in one round, by validator."""

    commitments: dict[bytes, tuple[bytes, ...]] = field(default_factory=dict)
    claims: dict[bytes, Claimed] = field(default_factory=dict)
    is_closed: bool = False  # to commitments: digests may be known to others
    proposal: Proposal | None = None  # as this validator has it; none if it has only heard of it
    is_showing: bool = False  # whether it has told its digests, or could have
    is_passed: bool = False  # whether the proposal does not wait for its end
    is_over: bool = False

    def take(self, said: Committed | Claimed) -> None:
        """The first statement of each kind counts; a commitment only as long as they are taken."""
        if isinstance(said, Claimed):
            self.claims.setdefault(said.validator, said)
        elif not self.is_closed:
            self.commitments.setdefault(said.validator, said.commitments)

    def has_all_commitments(self, members: ValidatorSet) -> bool:
        """Whether there is nobody to wait for."""
        return all(m.address in self.commitments for m in members.members)

    def has_all_claims(self, members: ValidatorSet, is_committed: bool) -> bool:
        """Whether all have told their digests who may: everybody, or whoever has committed."""
        return all(
            member.address in self.claims
            for member in members.members
            if not is_committed or member.address in self.commitments
        )

    def list_said(self, place: Place, validator: bytes) -> tuple[Said, ...]:
        """What a validator has said; commitments without their signature."""
        commitments, claim = self.commitments.get(validator), self.claims.get(validator)
        said: tuple[Said, ...] = ()
        if commitments is not None:
            said = (Committed(*place, commitments, validator),)
        return said if claim is None else (*said, claim)

    def count(
        self,
        rule: AgreementRule,
        members: ValidatorSet,
        proposer: bytes,
        digests: tuple[bytes, ...],
    ) -> tuple[Count, ...]:
        """Ask the rule about each inference of a block.

        Args:
            digests: of the outputs in the block.
        """
        return tuple(
            rule.count(
                tuple(self._list_claims(members, place)),
                Claim(proposer, members.get_power(proposer), digest),
                members.total_power,
            )
            for place, digest in enumerate(digests)
        )

    def _list_claims(self, members: ValidatorSet, place: int) -> list[Claim]:
        found = []
        for member in members.members:
            said = self.claims.get(member.address)
            if said is not None and place < len(said.digests):
                committed = self.commitments.get(member.address, ())[place : place + 1]
                commitment = committed[0] if committed else b""
                found.append(
                    Claim(
                        member.address,
                        member.power,
                        said.digests[place],
                        commitment=commitment,
                        salt=said.salt,
                    )
                )
        return found
