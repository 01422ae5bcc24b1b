"""System contracts: what a block tells them before its transactions, what it asks of them after.

The usual outcome is written or skipped directly; only where a contract has other code, or a request
waits, is it executed. Source: EIP-4788, 2935, 7002, 7251, 7685.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from eth.constants import SYSTEM_ADDRESS
from eth.vm.forks.cancun.constants import BEACON_ROOTS_ADDRESS, BEACON_ROOTS_CONTRACT_CODE
from eth.vm.forks.prague.constants import (
    CONSOLIDATION_REQUEST_PREDEPLOY_ADDRESS,
    HISTORY_STORAGE_ADDRESS,
    HISTORY_STORAGE_CONTRACT_CODE,
    WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS,
)
from eth.vm.message import Message
from eth_typing import Address

from devnet.chain.forks.fork import Fork
from devnet.chain.header import Header
from devnet.errors import BadBlock

SYSTEM_GAS = 30_000_000
RING_LENGTH = 8_191  # slots of EIP-4788 and of EIP-2935
_EMPTY_QUEUE = (0, 0, 0, 0)  # excess, count, head, tail: a system call then changes nothing
_WITHDRAWAL_CODE = bytes.fromhex(
    "3373fffffffffffffffffffffffffffffffffffffffe1460cb5760115f54807fffffffffffffffffffffff"
    "ffffffffffffffffffffffffffffffffffffffffff146101f457600182026001905f5b5f82111560685781"
    "019083028483029004916001019190604d565b909390049250505036603814608857366101f457346101f4"
    "575f5260205ff35b34106101f457600154600101600155600354806003026004013381556001015f358155"
    "60010160203590553360601b5f5260385f601437604c5fa0600101600355005b6003546002548082038060"
    "101160df575060105b5f5b8181146101835782810160030260040181604c02815460601b81526014018160"
    "01015481526020019060020154807fffffffffffffffffffffffffffffffff000000000000000000000000"
    "00000000168252906010019060401c908160381c81600701538160301c81600601538160281c8160050153"
    "8160201c81600401538160181c81600301538160101c81600201538160081c81600101535360010160e156"
    "5b910180921461019557906002556101a0565b90505f6002555f6003555b5f54807fffffffffffffffffff"
    "ffffffffffffffffffffffffffffffffffffffffffffff14156101cd57505f5b6001546002828201116101"
    "e25750505f6101e8565b01600290035b5f555f600155604c025ff35b5f5ffd"
)
_CONSOLIDATION_CODE = bytes.fromhex(
    "3373fffffffffffffffffffffffffffffffffffffffe1460d35760115f54807fffffffffffffffffffffff"
    "ffffffffffffffffffffffffffffffffffffffffff1461019a57600182026001905f5b5f82111560685781"
    "019083028483029004916001019190604d565b9093900492505050366060146088573661019a573461019a"
    "575f5260205ff35b341061019a57600154600101600155600354806004026004013381556001015f358155"
    "600101602035815560010160403590553360601b5f5260605f60143760745fa0600101600355005b600354"
    "6002548082038060021160e7575060025b5f5b818114610129578281016004026004018160740281546060"
    "1b815260140181600101548152602001816002015481526020019060030154905260010160e9565b910180"
    "921461013b5790600255610146565b90505f6002555f6003555b5f54807fffffffffffffffffffffffffff"
    "ffffffffffffffffffffffffffffffffffffff141561017357505f5b600154600182820111610188575050"
    "5f61018e565b01600190035b5f555f6001556074025ff35b5f5ffd"
)
SYSTEM_CONTRACTS = {  # address: code, and the fork from which blocks call it
    BEACON_ROOTS_ADDRESS: (BEACON_ROOTS_CONTRACT_CODE, Fork.CANCUN),
    HISTORY_STORAGE_ADDRESS: (HISTORY_STORAGE_CONTRACT_CODE, Fork.PRAGUE),
    WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS: (_WITHDRAWAL_CODE, Fork.PRAGUE),
    CONSOLIDATION_REQUEST_PREDEPLOY_ADDRESS: (_CONSOLIDATION_CODE, Fork.PRAGUE),
}


def write_parent(state: Any, header: Header, fork: Fork) -> None:
    """Store the parent's beacon root and hash, before the first transaction."""
    if fork >= Fork.CANCUN:
        root = header.parent_beacon_block_root
        slot = header.timestamp % RING_LENGTH
        if _has_standard_code(state, BEACON_ROOTS_ADDRESS):
            state.set_storage(BEACON_ROOTS_ADDRESS, slot, header.timestamp)
            state.set_storage(BEACON_ROOTS_ADDRESS, slot + RING_LENGTH, int.from_bytes(root, "big"))
        else:
            _tell(state, BEACON_ROOTS_ADDRESS, root)
    if fork >= Fork.PRAGUE:
        parent = header.parent_hash
        if _has_standard_code(state, HISTORY_STORAGE_ADDRESS):
            slot = (header.number - 1) % RING_LENGTH
            state.set_storage(HISTORY_STORAGE_ADDRESS, slot, int.from_bytes(parent, "big"))
        else:
            _tell(state, HISTORY_STORAGE_ADDRESS, parent)


def take_requests(state: Any) -> Iterator[bytes]:
    """Requests of the two queues, each with its type byte; empty ones are left out.

    Raises: BadBlock if a contract is missing or fails: then there is no valid block.
    """
    for kind, address in (
        (b"\x01", WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS),
        (b"\x02", CONSOLIDATION_REQUEST_PREDEPLOY_ADDRESS),
    ):
        queue = tuple(state.get_storage(address, slot) for slot in range(4))
        if queue == _EMPTY_QUEUE and _has_standard_code(state, address):
            continue
        if not state.get_code(address):
            raise BadBlock(f"no code at system contract 0x{address.hex()}; put it into genesis")
        computation = _call(state, address, b"")
        if computation.is_error:
            raise BadBlock(f"system contract 0x{address.hex()} failed: {computation.error}")
        if computation.output:
            yield kind + bytes(computation.output)


def place_system_contracts(state: Any, fork: Fork) -> None:
    """Put the contracts that blocks of a fork call into a genesis state."""
    for address, (code, first) in SYSTEM_CONTRACTS.items():
        if fork >= first:
            state.set_code(address, code)
            state.set_nonce(address, 1)


def place_missing_contracts(state: Any, forks: Iterable[Fork]) -> None:
    """Put those that some fork of a chain calls where its genesis did not: it could not go on."""
    last = max(forks, default=Fork.FRONTIER)
    for address, (code, first) in SYSTEM_CONTRACTS.items():
        if last >= first and not state.get_code(address):
            state.set_code(address, code)
            state.set_nonce(address, max(state.get_nonce(address), 1))


def _has_standard_code(state: Any, address: bytes) -> bool:
    return bool(state.get_code(address) == SYSTEM_CONTRACTS[address][0])  # type: ignore[index]


def _tell(state: Any, address: bytes, data: bytes) -> None:
    if state.get_code(address):
        _call(state, address, data)


def _call(state: Any, address: bytes, data: bytes) -> Any:
    state.lock_changes()  # as at the start of a transaction: nothing is warm
    message = Message(
        gas=SYSTEM_GAS,
        to=Address(address),
        sender=SYSTEM_ADDRESS,
        value=0,
        data=data,
        code=state.get_code(address),
    )
    context = state.get_transaction_context_class()(gas_price=0, origin=SYSTEM_ADDRESS)
    computation = state.computation_class.apply_message(state, message, context)
    state.clear_transient_storage()
    return computation
