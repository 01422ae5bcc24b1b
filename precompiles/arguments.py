"""Arguments of a precompile's functions, decoded by eth_abi, refused in our own words.

The words are revert data and so part of consensus: they must not change with a library.
"""

from typing import Any

from eth_abi.abi import decode
from eth_abi.exceptions import DecodingError

from precompiles.errors import BadInput


def decode_arguments(types: list[str], body: bytes, signature: str) -> tuple[Any, ...]:
    """Raises: BadInput naming the signature."""
    try:
        return decode(types, body)
    except (DecodingError, UnicodeDecodeError, OverflowError) as broken:
        raise BadInput(f"arguments do not decode; encode them as {signature}") from broken
