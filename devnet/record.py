"""Values as bytes: data classes and structs to CBOR and back, by their types.

Either becomes the list of its fields, so a changed class needs another format number.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import cbor2
from cattrs import Converter, UnstructureStrategy
from cattrs.errors import BaseValidationError
from msgspec import Struct
from msgspec.structs import astuple, fields

from devnet.errors import StoreError

T = TypeVar("T")
UNREADABLE: tuple[type[Exception], ...] = (  # what bytes raise that are no value of a type
    BaseValidationError,
    cbor2.CBORDecodeError,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    OverflowError,
)
Hooks = Mapping[type[Any], tuple[Callable[[Any], Any], Callable[[Any, Any], Any]]]


class Codec:
    """Knows how to write types, and to read them again."""

    def __init__(self, hooks: Hooks) -> None:
        """
        Args:
            hooks: for types that are no plain data: to what CBOR knows, and back.
        """
        self._converter = build_converter()
        for kind, (take_apart, put_together) in hooks.items():
            self._converter.register_unstructure_hook(kind, take_apart)
            self._converter.register_structure_hook(kind, put_together)

    def encode(self, value: object) -> bytes:
        """The value as bytes."""
        return cbor2.dumps(self._converter.unstructure(value))

    def decode(self, data: bytes, kind: type[T]) -> T:
        """The value of these bytes. Raises: StoreError if they are none of this kind."""
        try:
            return self._converter.structure(cbor2.loads(data), kind)
        except UNREADABLE as broken:
            raise StoreError(
                f"a stored {kind.__name__} does not read ({type(broken).__name__}: {broken}); put "
                "back a copy of the data directory, or start with another one"
            ) from broken


def build_converter() -> Converter:
    """Between values and nested lists of plain data."""
    converter = Converter(unstruct_strat=UnstructureStrategy.AS_TUPLE, detailed_validation=False)

    def take_apart(struct: Struct) -> list[Any]:
        return [converter.unstructure(part) for part in astuple(struct)]

    def put_together(parts: list[Any], kind: type[Struct]) -> Struct:
        pairs = zip(parts, fields(kind), strict=False)  # the kind knows what is missing
        return kind(*(converter.structure(part, field.type) for part, field in pairs))

    converter.register_unstructure_hook(Struct, take_apart)
    converter.register_structure_hook_func(_is_struct, put_together)
    return converter


def _is_struct(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Struct)
