"""Revert data in words: `Error(string)` and `Panic(uint256)`, as Solidity compiles them."""

from eth_abi.abi import decode
from eth_abi.exceptions import DecodingError

_ERROR = bytes.fromhex("08c379a0")  # Error(string)
_PANIC = bytes.fromhex("4e487b71")  # Panic(uint256)
_PANICS = {  # in geth's words
    0x00: "generic panic",
    0x01: "assert(false)",
    0x11: "arithmetic underflow or overflow",
    0x12: "division or modulo by zero",
    0x21: "enum overflow",
    0x22: "invalid encoded storage byte array accessed",
    0x31: "out-of-bounds array access; popping on an empty array",
    0x32: "out-of-bounds access of an array or bytesN",
    0x41: "out of memory",
    0x51: "uninitialized function",
}


def describe_revert(output: bytes) -> str:
    """The message clients know: `execution reverted`, with the reason where there is one."""
    reason = decode_reason(output)
    return f"execution reverted: {reason}" if reason else "execution reverted"


def decode_reason(output: bytes) -> str:
    """The reason in revert data; a custom error shows as its selector, no data as nothing."""
    reason = decode_standard(output)
    if reason is not None:
        return reason
    return f"custom error 0x{output[:4].hex()}" if len(output) >= 4 else ""


def decode_standard(output: bytes) -> str | None:
    """The reason in data of `Error(string)` or `Panic(uint256)`, nothing in other data."""
    try:
        if output[:4] == _ERROR:
            # as geth reads it: padding to whole words may be missing
            return str(decode(["string"], output[4:], strict=False)[0])
        if output[:4] == _PANIC:
            code = decode(["uint256"], output[4:])[0]
            return _PANICS.get(code, f"unknown panic code: {code:#x}")
    except (DecodingError, UnicodeDecodeError, OverflowError):
        pass
    return None
