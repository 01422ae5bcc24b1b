"""The ledger of a validator whose decisions are in a chain: keeps one, asks for the others."""

from collections.abc import Callable

from devnet.consensus.certificate import Certificate
from devnet.consensus.participation.commit import Commit
from devnet.consensus.participation.ledger import Ledger
from devnet.consensus.set_change import Update
from devnet.consensus.tendermint.message import Precommit
from devnet.consensus.tendermint.vote_keeper import Tally
from devnet.consensus.turns import Turns
from devnet.consensus.validator_set import ValidatorSet


class ChainLedger(Ledger):
    """Decisions of heights below the one in progress are the chain's."""

    def __init__(self, height: int, turns: Turns, find: Callable[[int], Certificate]) -> None:
        """`height` is the first that this validator has not decided."""
        super().__init__(turns.get_rotation(height))
        self.height = height
        self._turns, self._find = turns, find
        self._decision: Commit | tuple[int, bytes, Tally] | None = None

    @property
    def is_decided(self) -> bool:
        return self._decision is not None

    def advance(self) -> None:
        self.height += 1
        self.rotation = self._turns.get_rotation(self.height)
        self._decision = None

    def get_validators(self, height: int) -> ValidatorSet:
        return self._turns.get_validators(height)

    def get_commit(self, height: int) -> Commit:
        if height == self.height and self._decision is not None:
            return self._show(height, self._decision)
        return to_commit(self._find(height))

    def _add(self, commit: Commit | tuple[int, bytes, Tally], updates: tuple[Update, ...]) -> None:
        assert self._decision is None, f"height {self.height} is decided twice"
        self._decision = commit


def to_commit(certificate: Certificate) -> Commit:
    """A certificate as validators hand it to one that lags."""
    height, round_, value = certificate.height, certificate.round, certificate.block_hash
    return Commit(
        height,
        round_,
        value,
        tuple(
            Precommit(height, round_, value, vote.fingerprint, vote.validator, vote.signature)
            for vote in certificate.votes
        ),
    )
