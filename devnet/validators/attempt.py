"""An attempt to decide a height: what is wanted, and what came of it."""

from dataclasses import dataclass, field

from devnet.chain.block import Execution
from devnet.chain.transaction import Transaction
from devnet.consensus.certificate import Certificate
from devnet.validators.opinion import Opinion
from devnet.validators.proposer import Ingredients, Select
from devnet.validators.validator import Validator


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A transaction that the proposer could not put into a block."""

    transaction: Transaction
    reason: Exception


@dataclass(slots=True)
class Attempt:
    """One call for a block; the validators fill it in as they go along."""

    height: int
    select: Select
    timestamp: int
    allow_empty: bool  # whether a block without transactions is wanted
    last_commit: Certificate | None
    left_out: list[LeftOut] = field(default_factory=list)
    opinions: dict[int, dict[str, Opinion]] = field(default_factory=dict)  # by round and name
    idle: dict[str, None] = field(default_factory=dict)  # who had nothing to propose
    decided: Execution | None = None
    decider: str = ""  # who decided first
    followers: list[Validator] = field(default_factory=list)  # who have executed it
    strays: list[tuple[str, int, bytes]] = field(default_factory=list)
    # name, height and hash of who decided another block than the chain has

    @property
    def ingredients(self) -> Ingredients:
        """What its block is made of."""
        return Ingredients(self.timestamp, self.last_commit, self.select, self.leave)

    def leave(self, transaction: Transaction, reason: Exception) -> None:
        """A transaction is not in a block that somebody built."""
        self.left_out.append(LeftOut(transaction, reason))

    def note(self, round_: int, opinion: Opinion) -> None:
        """What a validator found about a block of a round."""
        self.opinions.setdefault(round_, {}).setdefault(opinion.validator, opinion)

    def decide(self, name: str, block: Execution) -> bool:
        """Whether this is the block that was decided first, or the first to be."""
        if self.decided is None:
            self.decided, self.decider = block, name
        elif self.decided.hash != block.hash:
            self.strays.append((name, self.height, block.hash))
        return self.decided.hash == block.hash
