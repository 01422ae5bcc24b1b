"""Gas that a transaction must bring before its first instruction.

Source: Yellow Paper 6.2; EIP-2028, 2930, 3860, 7623, 7702.
"""

from typing import Any

from devnet.chain.forks.fork import LATEST, Fork
from devnet.errors import IntrinsicGasTooLow

GAS_TRANSACTION = 21_000
GAS_CREATION = 32_000  # EIP-2
GAS_INITCODE_WORD = 2  # EIP-3860
GAS_ZERO_BYTE, GAS_DATA_BYTE = 4, 16  # EIP-2028
GAS_DATA_BYTE_FRONTIER = 68
GAS_ACCESS_ADDRESS, GAS_ACCESS_SLOT = 2_400, 1_900  # EIP-2930
GAS_AUTHORIZATION = 25_000  # EIP-7702
GAS_FLOOR_TOKEN = 10  # EIP-7623
SET_CODE_TYPE = 4


def check_gas(evm: Any, fork: Fork = LATEST) -> None:
    """Raises: IntrinsicGasTooLow with the gas limit and what it must be at least."""
    minimum = max(compute_intrinsic_gas(evm, fork), compute_floor_gas(evm.data, fork))
    if evm.gas < minimum:
        raise IntrinsicGasTooLow(f"intrinsic gas too low: have {evm.gas}, want {minimum}")


def compute_intrinsic_gas(evm: Any, fork: Fork = LATEST) -> int:
    """Gas a transaction costs before its first instruction."""
    data: bytes = evm.data
    zeros = data.count(0)
    per_byte = GAS_DATA_BYTE if fork >= Fork.ISTANBUL else GAS_DATA_BYTE_FRONTIER
    gas = GAS_TRANSACTION + GAS_ZERO_BYTE * zeros + per_byte * (len(data) - zeros)
    if not evm.to and fork >= Fork.HOMESTEAD:
        gas += GAS_CREATION + compute_initcode_gas(data, fork)
    for _, slots in getattr(evm, "access_list", ()):
        gas += GAS_ACCESS_ADDRESS + GAS_ACCESS_SLOT * len(slots)
    if getattr(evm, "type_id", 0) == SET_CODE_TYPE:
        gas += GAS_AUTHORIZATION * len(evm.authorization_list)
    return gas


def compute_initcode_gas(initcode: bytes, fork: Fork = LATEST) -> int:
    """EIP-3860: gas of a creation's code; py-evm charges it when execution begins."""
    if fork < Fork.SHANGHAI:
        return 0
    return GAS_INITCODE_WORD * -(-len(initcode) // 32)


def compute_floor_gas(data: bytes, fork: Fork = LATEST) -> int:
    """EIP-7623: the least gas a transaction with this call data pays."""
    if fork < Fork.PRAGUE:
        return 0
    zeros = data.count(0)
    tokens = zeros + 4 * (len(data) - zeros)
    return GAS_TRANSACTION + GAS_FLOOR_TOKEN * tokens
