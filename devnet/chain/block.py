"""Blocks and what executing one yields, as plain data."""

from dataclasses import dataclass

from devnet.chain.header import Header, compute_header_hash
from devnet.chain.transaction import Transaction
from devnet.receipt import InferenceReceipt
from precompiles.interface import InferenceCall


@dataclass(frozen=True, slots=True)
class Log:
    """One event."""

    address: bytes
    topics: tuple[bytes, ...]
    data: bytes


@dataclass(frozen=True, slots=True)
class Receipt:
    """Outcome of one transaction."""

    succeeded: bool
    gas_used: int
    cumulative_gas_used: int
    effective_gas_price: int  # wei per gas
    logs: tuple[Log, ...]
    contract_address: bytes | None
    output: bytes  # returned or reverted data
    failure: str  # class of the halt, empty on success


@dataclass(frozen=True, slots=True)
class Inference:
    """One model call in a block: its receipt and the tensors behind the digests."""

    receipt: InferenceReceipt
    call: InferenceCall


@dataclass(frozen=True, slots=True)
class Execution:
    """Result of executing a block's transactions on its parent state."""

    header: Header
    hash: bytes
    transactions: tuple[Transaction, ...]
    receipts: tuple[Receipt, ...]
    inferences: tuple[Inference, ...]


def build_execution(
    header: Header,
    transactions: tuple[Transaction, ...],
    receipts: tuple[Receipt, ...],
    inferences: tuple[Inference, ...],
) -> Execution:
    """An execution with its block hash."""
    return Execution(header, compute_header_hash(header), transactions, receipts, inferences)
