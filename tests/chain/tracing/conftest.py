"""Code that runs while a tracer watches, in a world that holds nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from devnet.chain.call import Call, CallResult, try_call
from devnet.chain.tracing.event import Tracer

SENDER = b"\xaa" * 20
TARGET, OTHER, THIRD = b"\xc1" * 20, b"\xc2" * 20, b"\xc3" * 20


class Stage:
    """Contracts at TARGET, OTHER and THIRD, and calls of the first."""

    def __init__(self, bench: Any, balance: int) -> None:
        self._bench = bench
        if balance:
            state = bench.open()
            for address in (SENDER, TARGET):
                state.set_balance(address, balance)
            state.persist()
            bench.head = replace(bench.head, state_root=state.state_root)
        self.head = bench.head

    def run(self, tracer: Tracer | None = None, **fields: Any) -> CallResult:
        """Call TARGET if nobody else is named."""
        call = Call(**{"sender": SENDER, "to": TARGET, "gas": 1_000_000, **fields})
        return try_call(self._bench.world, self._bench.head, (), call, tracer)


@pytest.fixture
def stage(make_bench: Callable[..., Any]) -> Callable[..., Stage]:
    """`stage(code, other, third, balance=wei)`."""

    def build(*codes: bytes, balance: int = 0) -> Stage:
        placed: Mapping[bytes, bytes] = dict(zip((TARGET, OTHER, THIRD), codes, strict=False))
        return Stage(make_bench(placed), balance)

    return build


@pytest.fixture
def call_code(assemble: Callable[..., bytes]) -> Callable[..., bytes]:
    """Code that calls: `call_code("CALL", target, value=0, size=0, gas=50_000)`."""

    def build(kind: str, target: bytes, value: int = 0, size: int = 0, gas: int = 50_000) -> bytes:
        worth = (value,) if kind in ("CALL", "CALLCODE") else ()
        return assemble(0, 0, size, 0, *worth, target, gas, kind, "POP")

    return build


@pytest.fixture
def create_code(assemble: Callable[..., bytes]) -> Callable[..., bytes]:
    """Code that creates from at most 32 bytes: `create_code(initcode, salt=None, value=0)`."""

    def build(initcode: bytes, salt: int | None = None, value: int = 0) -> bytes:
        place = assemble(initcode.ljust(32, b"\0"), 0, "MSTORE")
        salted = () if salt is None else (salt,)
        kind = "CREATE" if salt is None else "CREATE2"
        return place + assemble(*salted, len(initcode), 0, value, kind, "POP")

    return build
