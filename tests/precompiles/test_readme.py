"""README: every function, price and error stands in it, with the values the code has."""

import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

from eth_utils.abi import abi_to_signature

from precompiles import errors
from precompiles.errors import Fatal, Halt, PrecompileError, Revert
from precompiles.gas import Schedule
from tests.precompiles.conftest import INTERFACES, Host

README = (Path(__file__).resolve().parents[2] / "precompiles" / "README.md").read_text("utf-8")


def read_table(heading: str) -> list[tuple[str, ...]]:
    """Rows of the table under a heading, without its head; code marks removed."""
    section = README.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\|(.*)\|$", section, re.MULTILINE)[2:]
    return [tuple(cell.strip().replace("`", "") for cell in row.split("|")) for row in rows]


def walk(kind: type[PrecompileError]) -> Iterator[type[PrecompileError]]:
    """Classes below this one that the error tree itself defines."""
    for child in kind.__subclasses__():
        if child.__module__ == errors.__name__:
            yield child
        yield from walk(child)


def test_every_address_and_function_is_listed(host: Host) -> None:
    """Each interface with its address and exactly its functions."""
    found: dict[str, set[str]] = {}
    where = ""
    for cell, function, _ in read_table("Addresses and functions"):
        where = cell or where
        found.setdefault(where, set()).add(function)
    assert found == {
        f"0x…{address[-2:].hex().upper()} {name}": {
            abi_to_signature(function) for function in INTERFACES[address].values()
        }
        for address, (name, _) in host.table.items()
    }


def test_every_price_is_listed_with_its_default() -> None:
    """The gas table is the schedule, in its order."""
    schedule = Schedule()
    assert [row[:2] for row in read_table("Gas")] == [
        (field.name, f"{getattr(schedule, field.name):,}") for field in fields(Schedule)
    ]


def test_every_error_is_listed_with_its_kind() -> None:
    """All that a contract or an operator can meet, and nothing that does not exist."""
    kinds = {Halt: "halt", Revert: "revert", Fatal: "fatal"}
    assert [row[:2] for row in read_table("Errors")] == [
        (error.__name__, name) for branch, name in kinds.items() for error in walk(branch)
    ]
