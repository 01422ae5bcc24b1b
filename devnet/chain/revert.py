"""Revert data in words: `Error(string)` and `Panic(uint256)`, as Solidity compiles them."""

from eth_abi.abi import decode
from eth_abi.exceptions import DecodingError

_ERROR = bytes.fromhex("08c379a0")  # Error(string)
_PANIC = bytes.fromhex("4e487b71")  # Panic(uint256)
_PANICS = {
    0x01: "assertion failed",
    0x11: "arithmetic underflow or overflow",
    0x12: "division or modulo by zero",
    0x21: "enum value out of range",
    0x22: "storage byte array badly encoded",
    0x31: "pop on an empty array",
    0x32: "array index out of bounds",
    0x41: "too much memory allocated",
    0x51: "call to an uninitialised function pointer",
}


def describe_revert(output: bytes) -> str:
    """The message clients know: `execution reverted`, with the reason where there is one."""
    reason = decode_reason(output)
    return f"execution reverted: {reason}" if reason else "execution reverted"


def decode_reason(output: bytes) -> str:
    """The reason in revert data; a custom error shows as its selector, no data as nothing."""
    try:
        if output[:4] == _ERROR:
            return str(decode(["string"], output[4:])[0])
        if output[:4] == _PANIC:
            code = decode(["uint256"], output[4:])[0]
            return f"panic 0x{code:02x}: {_PANICS.get(code, 'unknown code')}"
    except (DecodingError, UnicodeDecodeError, OverflowError):
        pass
    return f"custom error 0x{output[:4].hex()}" if len(output) >= 4 else ""
