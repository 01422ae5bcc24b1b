"""Books: the block that one process has under way, and those that have been decided."""

import logging
from collections.abc import Callable

from devnet.consensus.participation.commit import Commit, to_certificate
from devnet.consensus.participation.host import Wire
from devnet.consensus.tendermint.message import Proposal
from devnet.processes.body import pack
from devnet.processes.demand import Demand
from devnet.processes.home import Home
from devnet.processes.mempool import Mempool
from devnet.processes.message import BlockWanted, Body, Decided
from devnet.validators.attempt import Attempt
from devnet.validators.chain_ledger import ChainLedger
from devnet.validators.executor import Executor

_logger = logging.getLogger(__name__)


class Books:
    """What becomes of the attempts at one height after another."""

    def __init__(
        self,
        home: Home,
        mempool: Mempool,
        demand: Demand,
        executor: Executor,
        ledger: ChainLedger,
        conclude: Callable[[int, bytes], None],
        on_decided: Callable[[Decided], None],
    ) -> None:
        """
        Args:
            conclude: is told height and hash of each block that has become final here.
            on_decided: is told of it for others, after that.
        """
        self._home, self._mempool, self._demand = home, mempool, demand
        self._executor, self._ledger = executor, ledger
        self._conclude, self._on_decided = conclude, on_decided
        self._attempt: Attempt

    def begin(self, height: int) -> None:
        """A height is tried."""
        home, wanted = self._home, self._demand.find_wish(height)
        home.validator.conduct.begin()
        timestamp = home.validator.head.timestamp + home.config.block_time_s
        attempt = Attempt(
            height, self._mempool.select, timestamp, False, home.find_last_commit(height - 1)
        )
        if wanted is not None:
            attempt.timestamp = max(timestamp, wanted.timestamp)
            attempt.allow_empty = wanted.empty_too
        self._attempt = attempt
        self._executor.begin(attempt)

    def amend(self, wanted: BlockWanted) -> None:
        """Somebody wants a block of the height that is tried."""
        attempt = self._attempt
        if attempt.height == wanted.height:
            attempt.timestamp = max(attempt.timestamp, wanted.timestamp)
            attempt.allow_empty |= wanted.empty_too

    def store(self) -> None:
        """Keep a block that has been decided, and tell of it."""
        attempt, home = self._attempt, self._home
        for left in attempt.left_out:
            self._mempool.leave(left.transaction, left.reason)
        attempt.left_out.clear()
        block = attempt.decided
        if block is None or home.history.head.header.number >= attempt.height:
            return
        if home.validator not in attempt.followers:
            _logger.error("cannot follow: %s", home.validator.stuck)
            return
        commit = self._ledger.get_commit(attempt.height)
        home.append(block, to_certificate(commit, home.get_validators(attempt.height)))
        self._conclude(attempt.height, block.hash)
        self._mempool.settle(block.transactions)
        home.save(self._mempool.all())
        _logger.info("block %d 0x%s", attempt.height, block.hash.hex())
        self._on_decided(self.build_decided(commit))

    def build_decided(self, commit: Commit) -> Decided:
        """A decision with its block."""
        return Decided(commit, pack(self._home.get_proposal(commit.height)))

    def find_body(self, message: Wire) -> Body | None:
        """The block of a message that is about to leave; its own are kept for a restart."""
        if isinstance(message, Commit):
            return pack(self._home.get_proposal(message.height))
        assert isinstance(message, Proposal)
        proposal = self._executor.find_body(message.value)
        if proposal is None:
            return None
        body = pack(proposal)
        self._home.log.keep_body(message.value, body)
        return body
