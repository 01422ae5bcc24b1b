"""Every rule a transaction must meet before it may touch state.

py-evm checks some of these too late, in the middle of execution, and some not at all; so all of
them stand here and are asked first.
Source: EIP-155, 2681, 1559, 3607, 3860, 4844, 7594, 7702, 7825; for gas see `intrinsic`.
"""

from typing import Any

from devnet.chain.forks.blob import (
    VERSIONED_HASH_VERSION,
    compute_blob_base_fee,
)
from devnet.chain.forks.fork import Fork
from devnet.chain.forks.rules import Rules, get_transaction_types
from devnet.chain.forks.schedule import DEFAULT_RULES
from devnet.chain.header import Header
from devnet.chain.intrinsic import SET_CODE_TYPE, check_gas
from devnet.chain.sidecar import BLOB_TYPE
from devnet.chain.transaction import Transaction, check_last_nonce
from devnet.errors import (
    BadTransaction,
    FeeTooLow,
    InsufficientFunds,
    NonceTooHigh,
    NonceTooLow,
    UnsupportedTransaction,
)

_DELEGATION_PREFIX = bytes.fromhex("ef0100")
_DELEGATION_BYTES = 23


def check_transaction(transaction: Transaction, state: Any, header: Header) -> None:
    """Hold a transaction against an account state and the block it should enter.

    Raises: BadTransaction or a subclass with both values; NotNow for one that may come later.
    """
    rules: Rules = state.rules
    check_static(transaction, state.execution_context.chain_id, header.gas_limit, rules)
    sender = transaction.sender
    nonce = state.get_nonce(sender)
    check_nonce(transaction, nonce)
    if transaction.nonce > nonce:
        raise NonceTooHigh(f"nonce too high: next nonce {nonce}, tx nonce {transaction.nonce}")
    check_fees(transaction, header, rules)
    check_funds(transaction, state.get_balance(sender))
    check_sender(sender, state.get_code(sender), rules)


def check_nonce(transaction: Transaction, nonce: int) -> None:
    """Raises: NonceTooLow if the account has gone beyond the transaction's nonce."""
    if transaction.nonce < nonce:
        raise NonceTooLow(f"nonce too low: next nonce {nonce}, tx nonce {transaction.nonce}")


def check_fees(transaction: Transaction, header: Header, rules: Rules) -> None:
    """Raises: FeeTooLow if it offers less than a block asks for gas or blob gas."""
    max_fee, base_fee = transaction.evm.max_fee_per_gas, header.base_fee_per_gas
    if max_fee < base_fee:
        raise FeeTooLow(
            f"max fee per gas less than block base fee: maxFeePerGas {max_fee}, baseFee {base_fee}"
        )
    if transaction.type_id == BLOB_TYPE:
        check_blob_fee(transaction, compute_blob_base_fee(header.excess_blob_gas, rules.blob))


def check_funds(transaction: Transaction, balance_wei: int) -> None:
    """Raises: InsufficientFunds if the most it can take is more than its sender has."""
    cost = compute_cost(transaction)
    if balance_wei < cost:
        raise InsufficientFunds(
            f"insufficient funds for gas * price + value: balance {balance_wei}, tx cost {cost}, "
            f"overshot {cost - balance_wei}"
        )


def check_sender(sender: bytes, code: bytes, rules: Rules) -> None:
    """Raises: BadTransaction for an account with code that is no delegation."""
    if code and not (rules.fork >= Fork.PRAGUE and is_delegation(code)):
        raise BadTransaction(f"sender not an eoa: 0x{sender.hex()} is a contract (EIP-3607)")


def is_delegation(code: bytes) -> bool:
    """Whether code only names another account whose code runs (EIP-7702)."""
    return len(code) == _DELEGATION_BYTES and code.startswith(_DELEGATION_PREFIX)


def compute_cost(transaction: Transaction) -> int:
    """The most a transaction can take from its sender, in wei."""
    evm = transaction.evm
    cost: int = evm.gas * evm.max_fee_per_gas + evm.value
    if transaction.type_id == BLOB_TYPE:
        cost += transaction.blob_gas * evm.max_fee_per_blob_gas
    return cost


def check_blob_fee(transaction: Transaction, blob_base_fee: int) -> None:
    """Raises: FeeTooLow if a blob transaction offers less than this for a unit of blob gas."""
    offered = transaction.evm.max_fee_per_blob_gas
    if offered < blob_base_fee:
        raise FeeTooLow(
            f"max fee per blob gas less than block blob gas fee: maxFeePerBlobGas {offered}, "
            f"blobBaseFee {blob_base_fee}"
        )


def check_static(
    transaction: Transaction, chain_id: int, gas_limit: int, rules: Rules = DEFAULT_RULES
) -> None:
    """The rules that need no state.

    Raises: BadTransaction or a subclass.
    """
    evm = transaction.evm
    if transaction.type_id not in get_transaction_types(rules.fork):
        under = rules.fork.name.lower()
        kind = transaction.type_id
        raise UnsupportedTransaction(f"transaction type not supported: {kind} under {under}")
    if evm.chain_id not in (None, chain_id):
        raise BadTransaction(f"invalid chain id for signer: have {evm.chain_id} want {chain_id}")
    if evm.max_priority_fee_per_gas > evm.max_fee_per_gas:
        raise BadTransaction(
            "max priority fee per gas higher than max fee per gas: "
            f"{evm.max_priority_fee_per_gas} above {evm.max_fee_per_gas}"
        )
    check_last_nonce(evm.nonce)
    if evm.gas > gas_limit:
        raise BadTransaction(f"exceeds block gas limit: tx gas {evm.gas}, block {gas_limit}")
    if evm.gas > rules.max_transaction_gas:
        raise BadTransaction(
            f"transaction gas limit too high (cap: {rules.max_transaction_gas}, tx: {evm.gas})"
        )
    if transaction.is_creation and len(evm.data) > rules.max_initcode_bytes:
        raise BadTransaction(
            f"max initcode size exceeded: {len(evm.data)} bytes, limit {rules.max_initcode_bytes}"
        )
    if transaction.type_id == SET_CODE_TYPE:
        if not evm.authorization_list:
            raise BadTransaction(
                "set code tx must have at least one authorization tuple (EIP-7702)"
            )
        if transaction.is_creation:
            raise BadTransaction("set code transaction cannot create a contract (EIP-7702)")
    if transaction.type_id == BLOB_TYPE:
        _check_blobs(transaction, rules)
    check_gas(evm, rules.fork)


def _check_blobs(transaction: Transaction, rules: Rules) -> None:
    hashes = transaction.evm.blob_versioned_hashes
    if transaction.is_creation:
        raise BadTransaction("blob transaction cannot create a contract (EIP-4844)")
    if not hashes:
        raise BadTransaction("blobless blob transaction (EIP-4844)")
    if len(hashes) > rules.max_transaction_blobs:
        raise BadTransaction(
            f"too many blobs in transaction: have {len(hashes)}, permitted "
            f"{rules.max_transaction_blobs}"
        )
    for named in hashes:
        if named[0] != VERSIONED_HASH_VERSION:
            raise BadTransaction(f"blob hash 0x{named.hex()} has version {named[0]}, must be 1")
