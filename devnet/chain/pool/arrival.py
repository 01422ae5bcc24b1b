"""A transaction as a pool keeps it, and what it pays whoever includes it."""

from dataclasses import dataclass

from devnet.chain.transaction import Transaction

SLOT_BYTES = 32 * 1024  # a transaction takes one slot for each begun, as in geth


@dataclass(frozen=True, slots=True)
class Arrival:
    """A waiting transaction; a lower `number` came earlier."""

    transaction: Transaction
    number: int
    cost_wei: int  # the most it can take from its sender
    authorities: tuple[bytes, ...] = ()  # accounts that it delegates, EIP-7702

    @property
    def slots(self) -> int:
        return -(-len(self.transaction.raw) // SLOT_BYTES)

    @property
    def size_bytes(self) -> int:
        """With the blobs that came along."""
        sidecar = self.transaction.sidecar
        return len(self.transaction.raw) + (0 if sidecar is None else sidecar.size_bytes)


def compute_tip(transaction: Transaction, base_fee_wei: int) -> int:
    """Wei per gas for the proposer of a block with this base fee; negative if it cannot be paid."""
    evm = transaction.evm
    tip: int = min(evm.max_priority_fee_per_gas, evm.max_fee_per_gas - base_fee_wei)
    return tip
