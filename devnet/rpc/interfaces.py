"""Calls of our precompiles in words: function, arguments, results, by their interface's ABI.

Numbers are JSON numbers as far as JSON's readers keep them exact, hex quantities beyond.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from eth_abi.abi import decode
from eth_abi.exceptions import DecodingError
from eth_utils.abi import (
    abi_to_signature,
    function_abi_to_4byte_selector,
    get_abi_input_types,
    get_abi_output_types,
)

from contracts import UnknownArtifact, load
from devnet.chain.tracing.call_tracer import CallFrame
from devnet.node import Node
from devnet.rpc.dispatch import Json
from devnet.rpc.quantity import encode_bytes, encode_quantity

MAX_DESCRIBED_BYTES = 1 << 16  # of call data or results; longer ones are left as they are
_MAX_EXACT = 2**53
_SELECTOR_BYTES = 4


class Interfaces:
    """Addresses of our precompiles; reads an ABI when a call of it is first described."""

    def __init__(self, table: Mapping[bytes, tuple[str, Any]]) -> None:
        self._names = {address: name for address, (name, _) in table.items()}
        self._functions: dict[str, Mapping[bytes, Any]] = {}

    def __contains__(self, address: object) -> bool:
        return address in self._names

    def describe(self, frame: CallFrame) -> dict[str, Json] | None:
        """The call in words; None if it is no call of ours, or calls no function we know."""
        name = self._names.get(frame.target)
        if name is None or not frame.is_precompile:
            return None
        function = self._load(name).get(frame.data[:_SELECTOR_BYTES])
        if function is None:
            return None
        arguments = _decode(get_abi_input_types(function), frame.data[_SELECTOR_BYTES:])
        if arguments is None:
            return None
        shown: dict[str, Json] = {
            "interface": name,
            "function": abi_to_signature(function),
            "arguments": _show_fields(function["inputs"], arguments),
        }
        results = _decode(get_abi_output_types(function), frame.output)
        if frame.failure is None and results is not None:
            shown["results"] = _show_fields(function["outputs"], results)
        return shown

    def _load(self, name: str) -> Mapping[bytes, Any]:
        """Functions by selector; none for an interface without an artifact."""
        if name not in self._functions:
            try:
                elements: Sequence[Any] = load(name).abi
            except UnknownArtifact:
                elements = ()
            functions = [element for element in elements if element["type"] == "function"]
            self._functions[name] = {function_abi_to_4byte_selector(f): f for f in functions}
        return self._functions[name]


def get_interfaces(node: Node) -> Interfaces:
    return Interfaces(node.cluster.world.table)


def _decode(types: Sequence[str], data: bytes) -> Sequence[Any] | None:
    """The values; None if the data is too long, wrong, or says more than it is long."""
    if len(data) > MAX_DESCRIBED_BYTES:
        return None
    try:
        values = decode(types, data)
    except (DecodingError, OverflowError, UnicodeDecodeError):
        return None
    return values if _measure(values) <= len(data) else None


def _measure(value: Any) -> int:
    """Bytes of all text and byte strings inside."""
    if isinstance(value, tuple | list):
        return sum(_measure(item) for item in value)
    return len(value) if isinstance(value, bytes | str) else 0


def _show_fields(fields: Sequence[Any], values: Sequence[Any]) -> dict[str, Json]:
    """By name; what has none by its place."""
    return {
        field.get("name") or str(place): _show(field, value)
        for place, (field, value) in enumerate(zip(fields, values, strict=True))
    }


def _show(field: Any, value: Any) -> Json:
    if field["type"].endswith("]"):
        item = {**field, "type": field["type"].rpartition("[")[0]}
        return [_show(item, entry) for entry in value]
    if field["type"] == "tuple":
        return _show_fields(field["components"], value)
    if isinstance(value, bytes):
        return encode_bytes(value)
    if type(value) is int and abs(value) >= _MAX_EXACT:
        return encode_quantity(value)
    shown: Json = value
    return shown
