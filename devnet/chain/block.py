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
    state_root: bytes = b""  # after the transaction, before Byzantium (EIP-658)
    blob_gas_used: int = 0
    blob_gas_price: int = 0  # wei per unit of blob gas, 0 without blobs


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """Stake paid out by the consensus layer (EIP-4895)."""

    index: int
    validator_index: int
    address: bytes
    amount_gwei: int


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
    uncles: tuple[Header, ...] = ()
    withdrawals: tuple[Withdrawal, ...] = ()
    requests: tuple[bytes, ...] = ()  # EIP-7685, each with its type byte


def build_execution(
    header: Header,
    transactions: tuple[Transaction, ...],
    receipts: tuple[Receipt, ...],
    inferences: tuple[Inference, ...],
    uncles: tuple[Header, ...] = (),
    withdrawals: tuple[Withdrawal, ...] = (),
    requests: tuple[bytes, ...] = (),
) -> Execution:
    """An execution with its block hash."""
    block_hash = compute_header_hash(header)
    body = (transactions, receipts, inferences, uncles, withdrawals, requests)
    return Execution(header, block_hash, *body)
