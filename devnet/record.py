"""Values as bytes: data classes to CBOR and back, by their types.

A data class becomes the list of its fields, so a changed class needs another format number.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import cbor2
from cattrs import Converter, UnstructureStrategy
from cattrs.errors import BaseValidationError

from devnet.errors import StoreError

T = TypeVar("T")
Hooks = Mapping[type[Any], tuple[Callable[[Any], Any], Callable[[Any, Any], Any]]]


class Codec:
    """Knows how to write types, and to read them again."""

    def __init__(self, hooks: Hooks) -> None:
        """
        Args:
            hooks: for types that are no plain data: to what CBOR knows, and back.
        """
        self._converter = Converter(
            unstruct_strat=UnstructureStrategy.AS_TUPLE, detailed_validation=False
        )
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
        except (
            BaseValidationError,
            cbor2.CBORDecodeError,
            ValueError,
            TypeError,
            KeyError,
            IndexError,
        ) as broken:
            raise StoreError(
                f"a stored {kind.__name__} does not read ({type(broken).__name__}: {broken}); put "
                "back a copy of the data directory, or start with another one"
            ) from broken
