"""Errors: a tree of outcomes and faults, drawn where it is defined."""

import re
from collections.abc import Iterator

import pytest
from eth_abi.abi import decode

from precompiles import errors
from precompiles.errors import BadInput, Fatal, Halt, NotAdmitted, OutOfGas, PrecompileError, Revert


def walk(kind: type[PrecompileError]) -> Iterator[type[PrecompileError]]:
    """Classes below this one that the error tree itself defines."""
    for child in kind.__subclasses__():
        if child.__module__ == errors.__name__:
            yield child
        yield from walk(child)


def test_every_error_is_exactly_one_of_halt_revert_fatal() -> None:
    """An outcome cannot also be a fault of the host."""
    for kind in walk(PrecompileError):
        assert sum(issubclass(kind, branch) for branch in (Halt, Revert, Fatal)) == 1


def test_the_tree_at_the_top_of_the_file_is_the_tree() -> None:
    """Every class stands in the drawing, and nothing else does."""
    drawing = (errors.__doc__ or "").split("\n\n")[1]
    drawn = set(re.findall(r"\b[A-Z][a-z]+(?:[A-Z][a-z]+)*\b", drawing))
    assert drawn == {"PrecompileError", *(kind.__name__ for kind in walk(PrecompileError))}


def test_every_error_has_one_line_of_documentation() -> None:
    """A reader learns what each class means without reading code."""
    assert all(kind.__doc__ and "\n" not in kind.__doc__ for kind in walk(PrecompileError))


@pytest.mark.parametrize("kind", list(walk(Revert)))
def test_revert_data_is_solidity_error_with_class_and_message(kind: type[Revert]) -> None:
    """A contract reads `Error(string)`: the name of the class, then what happened."""
    data = kind("pixels is uint8[3]").data
    assert data[:4].hex() == "08c379a0"
    assert decode(["string"], data[4:]) == (f"{kind.__name__}: pixels is uint8[3]",)


def test_revert_data_survives_text_that_is_not_unicode() -> None:
    """A lone surrogate in a model's name becomes a question mark, not another exception."""
    assert decode(["string"], NotAdmitted("\udcff").data[4:]) == ("NotAdmitted: ?",)


def test_out_of_gas_carries_cost_and_limit() -> None:
    """Both figures are attributes and stand in the message."""
    stop = OutOfGas(cost=70, limit=69)
    assert (stop.cost, stop.limit, str(stop)) == (70, 69, "costs 70 gas, 69 given")


def test_faults_carry_no_revert_data() -> None:
    """A host's fault has no form in which a contract could read it."""
    assert not any(hasattr(kind, "data") for kind in (Fatal, *walk(Fatal)))
    assert BadInput("x").reason == "BadInput: x"
