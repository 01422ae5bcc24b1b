"""Whatever parties do and in whatever order, the contract holds what it owes and no more."""

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from devnet.config import Config, Optimistic
from devnet.validators.optimistic.claim import Claim
from devnet.validators.optimistic.contract import Status, list_known, list_tensors
from tests.validators.optimistic.conftest import (
    CHALLENGER,
    EXECUTOR,
    STRANGER,
    Court,
    Liar,
    build_post,
)

BOND = 1_001  # odd: halves do not add up
TERMS = Optimistic(bond_wei=BOND, window_blocks=8, move_blocks=3)
PARTIES = st.sampled_from((EXECUTOR, CHALLENGER, STRANGER))
CLAIMS = st.sampled_from(("truth", "lie", "other lie"))
NUMBERS = st.integers(1, 2)


class Business(RuleBasedStateMachine):
    """Two requests, and anybody does anything about them."""

    court: Court
    claims: dict[str, Claim]
    _begun: tuple[Court, dict[str, Claim], int] | None = None

    @initialize(fees=st.tuples(st.integers(0, 9), st.integers(0, 9)))
    def begin(self, fees: tuple[int, int]) -> None:
        """On one chain for all examples, from its beginning."""
        kind = type(self)
        if kind._begun is None:
            court = Court(Config(validators=1, rule="optimistic", optimistic=TERMS))
            lies = {"truth": (), "lie": (Liar(5),), "other lie": (Liar(5, 2),)}
            claims = {name: court.claim(*lie) for name, lie in lies.items()}
            kind._begun = court, claims, court.node.snapshot()
        self.court, self.claims, before = kind._begun
        self.court.node.revert(before)
        kind._begun = self.court, self.claims, self.court.node.snapshot()
        for fee in fees:
            self.court.request(fee)

    @rule(number=NUMBERS, claim=CLAIMS)
    def post(self, number: int, claim: str) -> None:
        self.try_out(EXECUTOR, "post", *build_post(self.claims[claim], number), value=BOND)

    @rule(number=NUMBERS, who=PARTIES, claim=CLAIMS)
    def challenge(self, number: int, who: str, claim: str) -> None:
        root = self.claims[claim].tree.root
        self.try_out(who, "challenge", number, root, value=BOND)

    @rule(number=NUMBERS, who=PARTIES, claim=CLAIMS)
    def bisect(self, number: int, who: str, claim: str) -> None:
        dispute = self.court.read_dispute(number)
        if dispute.level:
            children = self.claims[claim].tree.get_children(dispute.level, dispute.index)
            self.try_out(who, "bisect", number, *children)

    @rule(number=NUMBERS, claim=CLAIMS, goes_on=st.booleans())
    def bisect_to_the_end(self, number: int, claim: str, goes_on: bool) -> None:
        """Both move as they should, whoever they are."""
        request, dispute = self.court.read(number), self.court.read_dispute(number)
        known = {c.tree.root: c for c in self.claims.values()}
        if request.status is Status.DISPUTED and dispute.executor_moves and dispute.level:
            pair = known[request.root], known.get(dispute.challenger_root)
            names = {address: name for name, address in self.court.addresses.items()}
            while pair[1] and (dispute := self.court.read_dispute(number)).level:
                movers = (request.executor, pair[0]), (dispute.challenger, pair[1])
                for address, own in movers:
                    children = own.tree.get_children(dispute.level, dispute.index)
                    self.try_out(names[address], "bisect", number, *children)
            if goes_on:
                self.judge(number, claim)

    @rule(number=NUMBERS, claim=CLAIMS)
    def judge(self, number: int, claim: str) -> None:
        operands = self.claims[claim].list_operands(self.court.read_dispute(number).index)
        self.try_out(STRANGER, "judge", number, list_known(operands))

    @rule(number=NUMBERS, what=st.sampled_from(("timeout", "expire")), who=PARTIES)
    def end(self, number: int, what: str, who: str) -> None:
        self.try_out(who, what, number)

    @rule(number=NUMBERS, claim=CLAIMS, value=st.sampled_from((0, 1)))
    def finalize(self, number: int, claim: str, value: int) -> None:
        outputs = list_tensors(self.claims[claim].trace.outputs)
        inputs = list_tensors(self.court.inputs)
        self.try_out(STRANGER, "finalize", number, inputs, outputs, value=value)

    @rule(blocks=st.integers(1, 9))
    def wait(self, blocks: int) -> None:
        self.court.node.mine(blocks)

    def try_out(self, who: str, function: str, *arguments: Any, value: int = 0) -> None:
        """It may be refused, and then moves no money."""
        before = self.court.get_balance()
        receipt = self.court.act(who, function, *arguments, value=value)
        assert receipt.succeeded or self.court.get_balance() == before

    @invariant()
    def holds_what_it_owes(self) -> None:
        """Fees of what is open, bonds of who may still lose them, and what was burnt."""
        owed = self.court.read_word("burnt")
        for number in range(1, self.court.read_word("requests") + 1):
            request = self.court.read(number)
            bonds = {Status.POSTED: 1, Status.DISPUTED: 2}.get(request.status, 0)
            is_open = request.status in (Status.OPEN, Status.POSTED, Status.DISPUTED)
            owed += bonds * BOND + request.fee * is_open
        assert self.court.get_balance() == owed


TestBusiness = Business.TestCase
TestBusiness.settings = settings(max_examples=12, stateful_step_count=14, deadline=None)
