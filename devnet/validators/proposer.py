"""Proposer: builds one validator's proposals: evidence first, then waiting transactions."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain

from devnet.chain.client import Place
from devnet.chain.execution import Leave
from devnet.chain.pool.selection import Selection
from devnet.chain.transaction import Transaction
from devnet.chain.world import World
from devnet.consensus.certificate import Certificate
from devnet.validators.accuser import Accuser
from devnet.validators.equipment import Equipment
from devnet.validators.faults.screening import Predicate, screen
from devnet.validators.judge import Judge
from devnet.validators.lineage import Lineage
from devnet.validators.proposal import Proposal, build_template

Select = Callable[[Callable[[bytes], int]], Selection]


@dataclass(frozen=True, slots=True)
class Ingredients:
    """What a block is made of, whoever makes it."""

    timestamp: int
    last_commit: Certificate | None  # of the block before
    select: Select  # executable transactions, given account nonces
    leave: Leave  # is told of those that cannot be in it


class Proposer:
    """Builds on the head of its validator's chain."""

    def __init__(
        self,
        address: bytes,
        world: World,
        lineage: Lineage,
        equipment: Equipment,
        accuser: Accuser,
        judge: Judge,
    ) -> None:
        self._address, self._world, self._lineage = address, world, lineage
        self._equipment, self._accuser, self._judge = equipment, accuser, judge

    def propose(
        self,
        round_: int,
        ingredients: Ingredients,
        is_censored: Predicate,
    ) -> Proposal:
        """Build and execute the next block. Raises: HostError if its client cannot."""
        head, hashes, world = self._lineage.head, self._lineage.hashes, self._world
        timestamp, last_commit = ingredients.timestamp, ingredients.last_commit
        self._equipment.engine.enter(head.number + 1, round_)
        template = build_template(
            *(head, hashes[-1], last_commit, self._address, timestamp), world.schedule
        )
        state = world.open(head.state_root, template)
        selection = ingredients.select(state.get_nonce)
        reports = self._accuser.build_reports(state, template, self._judge, hashes)

        def leave(transaction: Transaction, reason: Exception) -> None:
            if transaction not in reports:
                selection.leave(transaction.sender)  # what follows by nonce would fail too
                ingredients.leave(transaction, reason)

        offered = chain(reports, screen(selection, is_censored))
        place = Place(world, head, template, self._lineage.ancestors)
        block = self._equipment.build(place, offered, leave)
        return Proposal(round_, block, last_commit)
