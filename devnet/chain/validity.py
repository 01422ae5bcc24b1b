"""Every rule a transaction must meet before it may touch state.

py-evm checks some of these too late, in the middle of execution, and some not at all; so all of
them stand here and are asked first.
Source: EIP-155, 2028, 2681, 2930, 1559, 3607, 3860, 7623, 7702.
"""

from typing import Any

from devnet.chain.header import Header
from devnet.chain.transaction import Transaction
from devnet.errors import (
    BadTransaction,
    FeeTooLow,
    InsufficientFunds,
    IntrinsicGasTooLow,
    NonceTooHigh,
    NonceTooLow,
)

GAS_TRANSACTION = 21_000
GAS_CREATION = 32_000
GAS_INITCODE_WORD = 2  # EIP-3860
GAS_ZERO_BYTE, GAS_DATA_BYTE = 4, 16  # EIP-2028
GAS_ACCESS_ADDRESS, GAS_ACCESS_SLOT = 2_400, 1_900  # EIP-2930
GAS_AUTHORIZATION = 25_000  # EIP-7702
GAS_FLOOR_TOKEN = 10  # EIP-7623
MAX_INITCODE_BYTES = 49_152  # EIP-3860
MAX_NONCE = 2**64 - 2  # EIP-2681
_DELEGATION_PREFIX = bytes.fromhex("ef0100")
_SET_CODE_TYPE = 4


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
    if transaction.type_id == _SET_CODE_TYPE:
        if not evm.authorization_list:
            raise BadTransaction("set code transaction without authorizations (EIP-7702)")
        if transaction.is_creation:
            raise BadTransaction("set code transaction cannot create a contract (EIP-7702)")
    minimum = max(compute_intrinsic_gas(evm), compute_floor_gas(evm.data))
    if evm.gas < minimum:
        raise IntrinsicGasTooLow(f"intrinsic gas too low: have {evm.gas}, want {minimum}")


def compute_intrinsic_gas(evm: Any) -> int:
    """Gas a transaction costs before its first instruction."""
    data: bytes = evm.data
    zeros = data.count(0)
    gas = GAS_TRANSACTION + GAS_ZERO_BYTE * zeros + GAS_DATA_BYTE * (len(data) - zeros)
    if not evm.to:
        gas += GAS_CREATION + GAS_INITCODE_WORD * -(-len(data) // 32)
    for _, slots in getattr(evm, "access_list", ()):
        gas += GAS_ACCESS_ADDRESS + GAS_ACCESS_SLOT * len(slots)
    if getattr(evm, "type_id", 0) == _SET_CODE_TYPE:
        gas += GAS_AUTHORIZATION * len(evm.authorization_list)
    return gas


def compute_floor_gas(data: bytes) -> int:
    """EIP-7623: the least gas a transaction with this call data pays."""
    zeros = data.count(0)
    tokens = zeros + 4 * (len(data) - zeros)
    return GAS_TRANSACTION + GAS_FLOOR_TOKEN * tokens
