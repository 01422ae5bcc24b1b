"""Fork schedule of a chain: which rules a block follows, by number, merge and timestamp.

Source: EIP-3675 (merge), 6953 (by timestamp), 7892 (blob parameters).
"""

from dataclasses import dataclass

from devnet.chain.forks.blob import DEFAULT_BLOBS, NO_BLOBS, BlobParameters
from devnet.chain.forks.fork import Fork, parse_fork
from devnet.chain.forks.rules import DEPOSIT_CONTRACT, Rules
from devnet.chain.header import Header
from devnet.config import DEFAULT_HARDFORK

BY_NUMBER = tuple(fork for fork in Fork if Fork.FRONTIER < fork < Fork.PARIS)
BY_TIME = tuple(fork for fork in Fork if fork > Fork.PARIS)


@dataclass(frozen=True, slots=True)
class ForkSchedule:
    """When each fork begins; in ascending order, forks that never begin left out."""

    numbers: tuple[tuple[int, Fork], ...] = ()
    times: tuple[tuple[int, Fork], ...] = ()  # seconds since the epoch
    terminal_difficulty: int | None = None  # total, from which on there is no proof of work
    merge_netsplit_number: int | None = None  # counts for the fork id only
    dao_number: int | None = None
    supports_dao: bool = False
    blobs: tuple[tuple[Fork, BlobParameters], ...] = tuple(DEFAULT_BLOBS.items())
    deposit_contract: bytes = DEPOSIT_CONTRACT
    caps_transaction_gas: bool = True

    def find_fork(self, header: Header) -> Fork:
        """The fork whose rules a block follows; of proof of stake if its difficulty is zero."""
        return self.find_fork_at(header.number, header.difficulty, header.timestamp)

    def find_fork_at(self, number: int, difficulty: int, timestamp: int) -> Fork:
        """As `find_fork`, of a header that is not made yet."""
        if difficulty or self.terminal_difficulty is None:
            return self._find_by_number(number)
        by_time = self._find_by_time(Fork.PARIS, timestamp)
        return by_time if by_time > Fork.PARIS else max(self._find_by_number(number), Fork.PARIS)

    def find_genesis_fork(self, timestamp: int) -> Fork:
        """The fork that decides which fields block 0 has, whatever its difficulty."""
        fork = self._find_by_number(0)
        if fork < Fork.LONDON:
            return fork
        return self._find_by_time(Fork.PARIS if self.is_merged else fork, timestamp)

    @property
    def is_merged(self) -> bool:
        """Whether there never was proof of work."""
        return self.terminal_difficulty == 0

    def get_rules(self, fork: Fork) -> Rules:
        """Rules of a fork on this chain."""
        blob = NO_BLOBS
        if fork >= Fork.CANCUN:
            blob = [parameters for first, parameters in self.blobs if fork >= first][-1]
        return Rules(fork, blob, self.deposit_contract, self.caps_transaction_gas)

    def find_rules(self, header: Header) -> Rules:
        """Rules of a block."""
        return self.get_rules(self.find_fork(header))

    def _find_by_number(self, number: int) -> Fork:
        return next((f for first, f in reversed(self.numbers) if number >= first), Fork.FRONTIER)

    def _find_by_time(self, fork: Fork, timestamp: int) -> Fork:
        return next((f for first, f in reversed(self.times) if timestamp >= first), fork)


def build_schedule(fork: Fork, caps_transaction_gas: bool = True) -> ForkSchedule:
    """The schedule of a chain that follows one fork from its first block on."""
    return ForkSchedule(
        numbers=tuple((0, earlier) for earlier in BY_NUMBER if earlier <= fork),
        times=tuple((0, earlier) for earlier in BY_TIME if earlier <= fork),
        terminal_difficulty=0 if fork >= Fork.PARIS else None,
        caps_transaction_gas=caps_transaction_gas,
    )


DEFAULT_SCHEDULE = build_schedule(parse_fork(DEFAULT_HARDFORK))
DEFAULT_RULES = DEFAULT_SCHEDULE.get_rules(parse_fork(DEFAULT_HARDFORK))
