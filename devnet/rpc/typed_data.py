"""What typed data must hold before it is signed, where the library that encodes it looks away.

Source: EIP-712: an array type with a size has that many items.
"""

from collections.abc import Mapping

from devnet.errors import InvalidParams


def check_arrays(data: Mapping[str, object]) -> None:
    """Hold every array of a message to the size in its type; other faults are for the encoder.

    Raises: InvalidParams with the type, how many items it has and how many were given.
    """
    types, primary = data["types"], data["primaryType"]
    if isinstance(types, dict) and isinstance(primary, str):
        _check_value(types, primary, data["message"])


def _check_value(types: Mapping[str, object], kind: str, value: object) -> None:
    if kind.endswith("]"):
        item, _, size = kind[:-1].rpartition("[")
        items = value if isinstance(value, list) else []
        if size.isdecimal() and len(items) != int(size):
            raise InvalidParams(
                f"Expected {size} items for array type {kind}, got {len(items)} items (EIP-712)"
            )
        for entry in items:
            _check_value(types, item, entry)
        return
    fields = types.get(kind)
    if isinstance(fields, list) and isinstance(value, dict):
        for field in fields:
            if isinstance(field, dict) and field.get("name") in value:
                _check_value(types, str(field.get("type")), value[field["name"]])
