"""Reports which accounts and words an instruction is about to use, read from the stack before it.

The instructions are those that geth's prestate and access-list tracers look at.
"""

from typing import Any

import rlp

from devnet.chain.tracing.event import Touch, Tracer
from devnet.chain.tracing.instruction import CODES, count_taken
from precompiles.digest import compute_keccak

_ADDRESS_MASK = (1 << 160) - 1
_SLOT_CODES = tuple(CODES[name] for name in ("SLOAD", "SSTORE"))
_FIRST_CODES = tuple(
    CODES[name] for name in ("BALANCE", "EXTCODESIZE", "EXTCODECOPY", "EXTCODEHASH", "SELFDESTRUCT")
)
CALLS = tuple(CODES[name] for name in ("CALL", "CALLCODE", "DELEGATECALL", "STATICCALL"))
CREATE, CREATE2 = CODES["CREATE"], CODES["CREATE2"]
SELFDESTRUCT = CODES["SELFDESTRUCT"]
PRECOMPILE = -1  # in place of an instruction
TOUCHING = (*_SLOT_CODES, *_FIRST_CODES, *CALLS, CREATE, CREATE2)


def watch_touch(code: int, run: Any, tracer: Tracer) -> Any:
    """An instruction that tells first what it touches; one that lacks arguments tells nothing."""

    def touch(computation: Any) -> None:
        if len(computation._stack.values) >= count_taken(code):
            tracer.on_touch(_describe_touch(code, computation))
        run(computation=computation)

    return touch


def watch_precompile(run: Any, tracer: Tracer) -> Any:
    """A precompile that tells of each word it uses: ours read and write storage without opcodes.

    What the tracer itself reads while it is told is not told again.
    """

    def precompile(computation: Any) -> Any:
        state, contract = computation.state, computation.msg.storage_address
        load, store = state.get_storage, state.set_storage
        is_telling = False

        def tell(address: bytes, slot: int) -> None:
            nonlocal is_telling
            if is_telling:
                return
            is_telling = True
            try:
                tracer.on_touch(Touch(state, PRECOMPILE, contract, address, slot))
            finally:
                is_telling = False

        def get_storage(address: bytes, slot: int, from_journal: bool = True) -> Any:
            tell(address, slot)
            return load(address, slot, from_journal)

        def set_storage(address: bytes, slot: int, value: int) -> None:
            tell(address, slot)
            store(address, slot, value)

        state.get_storage, state.set_storage = get_storage, set_storage
        try:
            return run(computation)
        finally:
            del state.get_storage, state.set_storage

    return precompile


def compute_created(caller: bytes, nonce: int) -> bytes:
    """Address of a contract that an account creates. Source: Yellow Paper 7."""
    return compute_keccak(rlp.encode([caller, nonce]))[12:]


def _describe_touch(code: int, computation: Any) -> Touch:
    state, contract = computation.state, computation.msg.storage_address
    if code in _SLOT_CODES:
        return Touch(state, code, contract, contract, _read(computation, 1))
    if code == CREATE:
        address = compute_created(contract, state.get_nonce(contract))
    elif code == CREATE2:
        offset, size, salt = (_read(computation, at) for at in (2, 3, 4))
        initcode = _read_memory(computation, offset, size)
        packed = b"\xff" + contract + salt.to_bytes(32, "big") + compute_keccak(initcode)
        address = compute_keccak(packed)[12:]
    else:
        at = 2 if code in CALLS else 1
        address = (_read(computation, at) & _ADDRESS_MASK).to_bytes(20, "big")
    return Touch(state, code, contract, address)


def _read(computation: Any, at: int) -> int:
    """An item of the stack, 1 for the top."""
    item: int | bytes = computation._stack.values[-at]
    return item if isinstance(item, int) else int.from_bytes(item, "big")


def _read_memory(computation: Any, offset: int, size: int) -> bytes:
    """Memory as the instruction will see it; what it cannot pay for reads as nothing."""
    if size > computation.get_gas_meter().gas_remaining:
        return b""
    data: bytes = computation.memory_read_bytes(offset, size)
    return data.ljust(size, b"\0")
