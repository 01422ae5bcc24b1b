"""Every rule a transaction must meet before it may touch state.

py-evm checks some of these too late, in the middle of execution, and some not at all; so all of
them stand here and are asked first.
Source: EIP-155, 2681, 1559, 3607, 3860, 7702; for gas see `intrinsic`.
"""

from typing import Any

from devnet.chain.header import Header
from devnet.chain.intrinsic import SET_CODE_TYPE, check_gas
from devnet.chain.transaction import Transaction
from devnet.errors import (
    BadTransaction,
    FeeTooLow,
    InsufficientFunds,
    NonceTooHigh,
    NonceTooLow,
)

MAX_INITCODE_BYTES = 49_152  # EIP-3860
MAX_NONCE = 2**64 - 2  # EIP-2681
_DELEGATION_PREFIX = bytes.fromhex("ef0100")


def check_transaction(transaction: Transaction, state: Any, header: Header) -> None:
    """Hold a transaction against an account state and the block it should enter.

    Raises: BadTransaction or a subclass with both values and the remedy.
    """
    check_static(transaction, state.execution_context.chain_id, header.gas_limit)
    sender, evm = transaction.sender, transaction.evm
    nonce = state.get_nonce(sender)
    if evm.nonce < nonce:
        raise NonceTooLow(f"nonce too low: next nonce {nonce}, tx nonce {evm.nonce}")
    if evm.nonce > nonce:
        raise NonceTooHigh(f"nonce too high: next nonce {nonce}, tx nonce {evm.nonce}")
    base_fee = header.base_fee_per_gas
    if evm.max_fee_per_gas < base_fee:
        raise FeeTooLow(
            f"max fee per gas less than block base fee: maxFeePerGas {evm.max_fee_per_gas}, "
            f"baseFee {base_fee}"
        )
    cost = evm.gas * evm.max_fee_per_gas + evm.value
    balance = state.get_balance(sender)
    if balance < cost:
        raise InsufficientFunds(
            f"insufficient funds for gas * price + value: balance {balance}, tx cost {cost}"
        )
    code = state.get_code(sender)
    if code and not code.startswith(_DELEGATION_PREFIX):
        raise BadTransaction(f"sender 0x{sender.hex()} is a contract (EIP-3607)")


def check_static(transaction: Transaction, chain_id: int, gas_limit: int) -> None:
    """The rules that need no state.

    Raises: BadTransaction or a subclass.
    """
    evm = transaction.evm
    if evm.chain_id not in (None, chain_id):
        raise BadTransaction(f"invalid chain id for signer: have {evm.chain_id} want {chain_id}")
    if evm.max_priority_fee_per_gas > evm.max_fee_per_gas:
        raise BadTransaction(
            "max priority fee per gas higher than max fee per gas: "
            f"{evm.max_priority_fee_per_gas} above {evm.max_fee_per_gas}"
        )
    if evm.nonce > MAX_NONCE:
        raise BadTransaction(f"nonce {evm.nonce} has no successor")
    if evm.gas > gas_limit:
        raise BadTransaction(f"exceeds block gas limit: tx gas {evm.gas}, block {gas_limit}")
    if transaction.is_creation and len(evm.data) > MAX_INITCODE_BYTES:
        raise BadTransaction(
            f"max initcode size exceeded: {len(evm.data)} bytes, limit {MAX_INITCODE_BYTES}"
        )
    if transaction.type_id == SET_CODE_TYPE:
        if not evm.authorization_list:
            raise BadTransaction("set code transaction without authorizations (EIP-7702)")
        if transaction.is_creation:
            raise BadTransaction("set code transaction cannot create a contract (EIP-7702)")
    check_gas(evm)
