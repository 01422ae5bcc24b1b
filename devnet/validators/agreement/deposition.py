"""Deposition: what one validator says in hearings: what it found, or what a lazy one copies."""

from collections.abc import Callable

from devnet.consensus.rules.commit_reveal import compute_commitment
from devnet.consensus.tendermint.message import Proposal
from devnet.validators.agreement.assessor import Assessor
from devnet.validators.agreement.hearing import Hearing
from devnet.validators.agreement.statement import Claimed, Committed, Place, Said, Sign, sign_said


def locate(proposal: Proposal) -> Place:
    """What a hearing is about."""
    return proposal.height, proposal.round, proposal.value


class Deposition:
    """Signs and tells; every statement counts in its own hearing too."""

    def __init__(
        self, address: bytes, assessor: Assessor, chain_id: int, sign: Sign, *, is_hidden: bool
    ) -> None:
        """`is_hidden`: whether digests are committed to before they are told."""
        self._address, self._assessor, self._is_hidden = address, assessor, is_hidden
        self._chain_id, self._sign = chain_id, sign
        self.tell: Callable[[Said, bytes | None], None]  # a block, too, whose outputs go with it

    def commit(self, proposal: Proposal, hearing: Hearing) -> None:
        """Bind itself to what it found, if it has looked."""
        digests, salt = self._assessor.get_digests(proposal), self._assessor.get_salt(proposal)
        if digests:
            commitments = tuple(compute_commitment(d, self._address, salt) for d in digests)
            self._say(proposal, hearing, Committed(*locate(proposal), commitments, self._address))

    def claim(self, proposal: Proposal, hearing: Hearing) -> None:
        """Tell its digests; the proposer shows its outputs with them."""
        digests = self._assessor.get_digests(proposal)
        if digests and (not self._is_hidden or self._address in hearing.commitments):
            salt = self._assessor.get_salt(proposal) if self._is_hidden else b""
            said = Claimed(*locate(proposal), digests, self._address, salt)
            self._say(proposal, hearing, said)

    def repeat(self, proposal: Proposal, hearing: Hearing) -> None:
        """Say again what it has said: it may have been lost."""
        for said in hearing.list_said(locate(proposal), self._address):
            signed = said if said.signature else sign_said(said, self._chain_id, self._sign)
            self._send(proposal, signed)

    def copy(self, proposal: Proposal, hearing: Hearing) -> None:
        """What a lazy validator does: it says what the proposer says, as if it had found it."""
        if not self._assessor.is_copying(proposal):
            return
        place = locate(proposal)
        for said in hearing.list_said(place, proposal.validator):
            if isinstance(said, Claimed) and self._address not in hearing.claims:
                copied: Said = Claimed(*place, said.digests, self._address, said.salt)
                self._say(proposal, hearing, copied)
            elif isinstance(said, Committed) and self._address not in hearing.commitments:
                copied = Committed(*place, said.commitments, self._address)
                self._say(proposal, hearing, copied)

    def _say(self, proposal: Proposal, hearing: Hearing, said: Said) -> None:
        signed = sign_said(said, self._chain_id, self._sign)
        hearing.take(signed)
        self._send(proposal, signed)

    def _send(self, proposal: Proposal, said: Said) -> None:
        shows = isinstance(said, Claimed) and proposal.validator == self._address
        self.tell(said, said.value if shows and self._is_hidden else None)
