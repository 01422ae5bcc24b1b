"""Hex at the JSON-RPC boundary: quantities, bytes, addresses, hashes. Inside, bytes are bytes.

The only place of hex strings in `rpc`. Strict: what geth refuses is refused here too.
Source: execution-apis `schemas/base-types.yaml`; EIP-1474 for quantities.
"""

import json
import re

from devnet.errors import InvalidParams

MAX_QUANTITY_BITS = 256
_QUANTITY = re.compile(r"0x(?:0|[1-9a-fA-F][0-9a-fA-F]{0,63})")
_BYTES = re.compile(r"0x(?:[0-9a-fA-F]{2})*")
_WORD = re.compile(r"0x[0-9a-fA-F]{1,64}")
_SHOWN_CHARACTERS = 60


def encode_quantity(value: int) -> str:
    """A number without leading zeros."""
    return hex(value)


def encode_bytes(value: bytes) -> str:
    """Bytes, two digits each."""
    return "0x" + value.hex()


def encode_word(value: int) -> str:
    """A number as 32 bytes."""
    return encode_bytes(value.to_bytes(32, "big"))


def decode_quantity(value: object, name: str) -> int:
    """A number of at most 256 bits. Raises: InvalidParams."""
    if isinstance(value, str) and _QUANTITY.fullmatch(value):
        return int(value, 16)
    raise build_refusal(name, value, "a hex quantity as in 0x1f, without leading zeros")


def decode_uint64(value: object, name: str) -> int:
    """A number of at most 64 bits. Raises: InvalidParams."""
    number = decode_quantity(value, name)
    if number >> 64:
        raise build_refusal(name, value, "a hex quantity of at most 64 bits")
    return number


def decode_number(value: object, name: str) -> int:
    """A hex quantity or a JSON integer from 0. Raises: InvalidParams."""
    if type(value) is int and 0 <= value < 1 << MAX_QUANTITY_BITS:
        return value
    if isinstance(value, str) and _QUANTITY.fullmatch(value):
        return int(value, 16)
    raise build_refusal(name, value, "a number from 0 or a hex quantity as in 0x1f")


def decode_bytes(value: object, name: str, size: int | None = None) -> bytes:
    """Bytes, `size` of them if given. Raises: InvalidParams."""
    if isinstance(value, str) and _BYTES.fullmatch(value):
        raw = bytes.fromhex(value[2:])
        if size is None or len(raw) == size:
            return raw
    many = f"{size} bytes of hex" if size is not None else "hex, two digits a byte,"
    raise build_refusal(name, value, f"{many} with 0x")


def decode_address(value: object, name: str) -> bytes:
    """20 bytes; upper and lower case are equal. Raises: InvalidParams."""
    return decode_bytes(value, name, 20)


def decode_hash(value: object, name: str) -> bytes:
    """32 bytes. Raises: InvalidParams."""
    return decode_bytes(value, name, 32)


def decode_word(value: object, name: str) -> int:
    """A storage slot or key: up to 32 bytes, leading zeros allowed. Raises: InvalidParams."""
    if isinstance(value, str) and _WORD.fullmatch(value):
        return int(value, 16)
    raise build_refusal(name, value, "at most 32 bytes of hex with 0x")


def decode_flag(value: object, name: str) -> bool:
    """True or false. Raises: InvalidParams."""
    if isinstance(value, bool):
        return value
    raise build_refusal(name, value, "true or false")


def decode_text(value: object, name: str) -> str:
    """Text that has a UTF-8 form. Raises: InvalidParams."""
    if not isinstance(value, str):
        raise build_refusal(name, value, "text")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise build_refusal(name, value, "text without lone surrogates") from None
    return value


def decode_object(value: object, name: str) -> dict[str, object]:
    """A JSON object; null values count as absent. Raises: InvalidParams."""
    if isinstance(value, dict):
        return {key: field for key, field in value.items() if field is not None}
    raise build_refusal(name, value, "an object")


def decode_list(value: object, name: str, limit: int) -> list[object]:
    """A JSON array of at most `limit` items. Raises: InvalidParams."""
    if not isinstance(value, list):
        raise build_refusal(name, value, "a list")
    if len(value) > limit:
        raise InvalidParams(f"{name} has {len(value)} items, at most {limit}")
    return value


def build_refusal(name: str, value: object, form: str) -> InvalidParams:
    """The error for a parameter: its name, what was given, what it must be."""
    return InvalidParams(f"{name} is {_show(value)}, must be {form}")


def _show(value: object) -> str:
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    shown = value[: _SHOWN_CHARACTERS + 1] if isinstance(value, str) else value
    text = json.dumps(shown)
    return text if len(text) <= _SHOWN_CHARACTERS else text[:_SHOWN_CHARACTERS] + "…"
