"""Every error has a sentence, a code for JSON-RPC and one for the shell, and stands in the tree."""

import inspect
from collections.abc import Iterator

import pytest

from devnet import errors
from devnet.errors import DevnetError, ExecutionReverted


def walk(parent: type[DevnetError]) -> Iterator[type[DevnetError]]:
    """A class and all below it."""
    yield parent
    for child in parent.__subclasses__():
        yield from walk(child)


ALL = tuple(error for error in walk(DevnetError) if error.__module__ == errors.__name__)


@pytest.mark.parametrize("error", ALL)
def test_error_is_documented_and_has_codes(error: type[DevnetError]) -> None:
    """A docstring of its own, a negative or reserved RPC code and a non-zero exit code."""
    assert "__doc__" in vars(error)
    assert (error.__doc__ or "").rstrip().endswith(".")
    assert error.rpc_code in (3, 4) or -33000 < error.rpc_code <= -32000
    assert error.exit_code in (1, 2)


def test_tree_in_the_header_names_every_class() -> None:
    """What the module draws at its top is what it holds."""
    words = set((errors.__doc__ or "").replace(":", " ").split())
    assert {error.__name__ for error in ALL} <= words
    defined = {
        item for _, item in inspect.getmembers(errors, inspect.isclass)
        if item.__module__ == errors.__name__
    }  # fmt: skip
    assert defined == set(ALL)


def test_revert_carries_its_data() -> None:
    """Code 3 and hex data, as clients expect them."""
    error = ExecutionReverted("execution reverted: no", b"\x01\x02")
    assert (error.rpc_code, error.rpc_data, str(error)) == (3, "0x0102", "execution reverted: no")
    assert DevnetError("x").rpc_data is None
