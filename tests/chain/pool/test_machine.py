"""Any sequence of arrivals, blocks and price changes keeps what a pool promises."""

from __future__ import annotations

from types import SimpleNamespace

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from devnet.chain.pool.arrival import Arrival, compute_tip
from devnet.chain.pool.limit import Limits, Usage
from devnet.chain.pool.pool import Pool
from devnet.chain.pool.selection import Order, Prices
from devnet.chain.transaction import Transaction
from devnet.errors import BadTransaction, FeeTooLow, PoolFull
from tests.chain.pool.conftest import build

SENDERS = tuple(bytes([0xA0 + n]) * 20 for n in range(4))
LIMITS = Limits(
    slots=8,
    size_bytes=500_000,
    blob_transactions=2,
    account_transactions=4,
    account_queued=2,
    account_blob_transactions=1,
)
BALANCE = 1_000


class PoolMachine(RuleBasedStateMachine):
    """A small pool beside a chain that knows nonces only."""

    def __init__(self) -> None:
        super().__init__()
        self.pool = Pool(LIMITS)
        self.nonces = dict.fromkeys(SENDERS, 0)
        self.frozen, self.seen = self.pool.freeze(), self.pool.all()

    @rule(
        sender=st.sampled_from(SENDERS),
        ahead=st.integers(0, 3),
        fee=st.integers(0, 60),
        tip=st.integers(0, 60),
        kind=st.sampled_from((2, 2, 2, 3)),
        size=st.sampled_from((100, 100, 40_000)),
        value=st.sampled_from((0, 900)),
    )
    def arrive(
        self, sender: bytes, ahead: int, fee: int, tip: int, kind: int, size: int, value: int
    ) -> None:
        """A transaction comes; if it is refused, nothing has changed."""
        nonce = self.nonces[sender] + ahead
        more = {"type_id": kind, "size": size, "value": value}
        new = build(sender, nonce, fee, min(tip, fee), **more)
        before = self.pool.all()
        is_executable = nonce <= self.pool.get_next_nonce(sender, self.nonces[sender])
        try:
            self.pool.add(new, is_executable)
        except (PoolFull, FeeTooLow, BadTransaction):
            assert self.pool.all() == before
            return
        assert self.pool.all()[-1] is new
        assert self.pool.find(sender, nonce) is new

    @rule(count=st.integers(0, 5), base_fee=st.integers(0, 50))
    def mine(self, count: int, base_fee: int) -> None:
        """A block takes the first few of what is offered."""
        offered = iter(self.pool.select(self.nonces.__getitem__, Prices(base_fee, 1)))
        block = [transaction for _, transaction in zip(range(count), offered, strict=False)]
        for transaction in block:
            assert transaction.nonce == self.nonces[transaction.sender]
            self.nonces[transaction.sender] += 1
        self.pool.settle(
            block,
            lambda: SimpleNamespace(
                get_nonce=self.nonces.__getitem__, get_balance=lambda _: BALANCE
            ),
        )
        assert not {t.hash for t in block} & {t.hash for t in self.pool.all()}

    @rule(base_fee=st.integers(0, 50))
    def reprice(self, base_fee: int) -> None:
        """Tips are looked at from another base fee."""
        self.pool.reprice(base_fee)

    @precondition(lambda self: len(self.pool) > 0)
    @rule(data=st.data())
    def drop(self, data: st.DataObject) -> None:
        """A transaction is taken out by hand."""
        leaving = data.draw(st.sampled_from(self.pool.all()))
        self.pool.discard(leaving)
        assert self.pool.get(leaving.hash) is None

    @rule()
    def freeze(self) -> None:
        """Somebody keeps a look at it."""
        self.frozen, self.seen = self.pool.freeze(), self.pool.all()

    @rule()
    def thaw(self) -> None:
        """The chain is reverted to when somebody looked."""
        self.pool = self.frozen.freeze()

    @invariant()
    def what_was_seen_stays(self) -> None:
        """A frozen pool changes no more."""
        assert self.frozen.all() == self.seen

    @invariant()
    def one_of_each_sender_and_nonce(self) -> None:
        """Both ways of finding a transaction find the same ones."""
        waiting = self.pool.all()
        assert len({(t.sender, t.nonce) for t in waiting}) == len(waiting) == len(self.pool)
        for transaction in waiting:
            assert self.pool.get(transaction.hash) is transaction
            assert self.pool.find(transaction.sender, transaction.nonce) is transaction
        assert sum(len(self.pool.get_queue(sender)) for sender in SENDERS) == len(waiting)

    @invariant()
    def limits_hold(self) -> None:
        """In all and of every sender."""
        usage = Usage()
        for transaction in self.pool.all():
            usage = usage.add(Arrival(transaction, 0, 0))
        assert usage.slots <= LIMITS.slots
        assert usage.size_bytes <= LIMITS.size_bytes
        assert usage.blob_transactions <= LIMITS.blob_transactions
        for sender in SENDERS:
            own = [t for t in self.pool.all() if t.sender == sender]
            assert len(own) <= LIMITS.account_transactions
            assert sum(t.type_id == 3 for t in own) <= LIMITS.account_blob_transactions + 1

    @invariant()
    def selection_is_greedy(self) -> None:
        """Each next one has the highest tip, then the earliest arrival, of all that could be."""
        for order in Order:
            self.pool.order = order
            self._check_order(order, Prices(10, 1))
        self.pool.order = Order.FEES

    def _check_order(self, order: Order, prices: Prices) -> None:
        places = {t.hash: place for place, t in enumerate(self.pool.all())}
        nonces = dict(self.nonces)

        def rank(transaction: Transaction) -> tuple[int, int]:
            tip = compute_tip(transaction, prices.base_fee_wei) if order is Order.FEES else 0
            return -tip, places[transaction.hash]

        selected = list(self.pool.select(self.nonces.__getitem__, prices))
        for transaction in selected:
            heads = [self.pool.find(sender, nonces[sender]) for sender in SENDERS]
            able = [head for head in heads if head is not None and prices.is_met(head)]
            assert transaction is min(able, key=rank)
            nonces[transaction.sender] += 1
        heads = [self.pool.find(sender, nonces[sender]) for sender in SENDERS]
        assert not [head for head in heads if head is not None and prices.is_met(head)]


TestPoolMachine = PoolMachine.TestCase
TestPoolMachine.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
