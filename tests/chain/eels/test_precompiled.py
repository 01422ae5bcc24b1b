"""Precompiles called from a worker see its state, and change it as in any frame."""

from __future__ import annotations

from typing import Any

import pytest

from devnet.chain.eels.precompiled import Calls
from precompiles.errors import BadInput, OutOfGas, RuntimeBroken
from precompiles.interface import Meter, Precompile, StateView

ADDRESS, OTHER, CALLER = b"\xf8" * 20, b"\x01" * 20, b"\xca" * 20


def serve(run: Precompile, words: dict[tuple[str, str], int], **changes: Any) -> Any:
    """The answer to one call, from a worker whose state has these words; and the block's calls."""
    calls = Calls({ADDRESS: ("test", run)})
    call = {
        "kind": "call", "number": 3, "address": ADDRESS.hex(), "caller": CALLER.hex(),
        "storage": ADDRESS.hex(), "isStatic": False, "gas": 100, "data": "0102", **changes,
    }  # fmt: skip

    def exchange(question: dict[str, Any]) -> dict[str, Any]:
        assert question["kind"] == "read"
        return {"kind": "word", "word": hex(words.get((question["address"], question["slot"]), 0))}

    return calls.serve(call, exchange), calls


def test_reads_ask_the_worker_and_see_what_was_stored() -> None:
    """Own writes first, then the worker's state; effects go back in order."""
    seen: list[object] = []

    def run(data: bytes, meter: Meter, view: StateView) -> bytes:
        meter.charge(7)
        seen.append((data, view.caller, view.address))
        seen.append((view.load(ADDRESS, 5), view.load(OTHER, 6)))
        view.store(5, 99)
        view.log((b"\x11" * 32,), b"\x22")
        seen.append((view.load(ADDRESS, 5), view.load(OTHER, 5)))
        return b"\xaa"

    answer, _ = serve(run, {(ADDRESS.hex(), "0x5"): 1, (OTHER.hex(), "0x6"): 2})
    assert seen == [(b"\x01\x02", CALLER, ADDRESS), (1, 2), (99, 0)]
    effects = [["store", "0x5", "0x63"], ["log", ["11" * 32], "22"]]
    assert answer == {"kind": "output", "gas": 7, "data": "aa", "effects": effects}


@pytest.mark.parametrize("is_static", [False, True])
def test_a_static_call_may_not_write(is_static: bool) -> None:
    """It halts, and all its gas is burnt."""

    def run(data: bytes, meter: Meter, view: StateView) -> bytes:
        view.store(0, 1)
        return b""

    answer, _ = serve(run, {}, isStatic=is_static)
    assert answer["kind"] == ("halt" if is_static else "output")


def test_outcomes_are_told_apart() -> None:
    """A revert keeps gas, a halt burns it, a fault of this host is no outcome."""

    def revert(data: bytes, meter: Meter, view: StateView) -> bytes:
        meter.charge(4)
        raise BadInput("no")

    def halt(data: bytes, meter: Meter, view: StateView) -> bytes:
        raise OutOfGas(101, 100)

    def fail(data: bytes, meter: Meter, view: StateView) -> bytes:
        raise RuntimeBroken("lost")

    answer, _ = serve(revert, {})
    assert (answer["kind"], answer["gas"], answer["data"]) == (
        "revert",
        4,
        BadInput("no").data.hex(),
    )
    assert serve(halt, {})[0]["kind"] == "halt"
    answer, calls = serve(fail, {})
    assert answer == {"kind": "fatal"}
    assert str(calls.fault) == "lost"
