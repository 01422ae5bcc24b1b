"""EIP-7939: CLZ counts the zero bits before the first one bit, for 5 gas, from Osaka on."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.chain.forks.conftest import Chain

COUNTER = bytes.fromhex("a1" * 20)  # stores CLZ of call data word 0
METER = bytes.fromhex("a2" * 20)  # stores the gas that PUSH0 CLZ POP take, with one GAS
CLZ = b"\x1e"
VALUES = {  # EIP-7939's table, and a bit in the middle
    0: 256,
    1: 255,
    2**255: 0,
    2**255 - 1: 1,
    2**256 - 1: 0,
    2**254: 1,
    0xFF: 248,
    3 << 100: 154,
}


@pytest.fixture
def codes(assemble: Callable[..., bytes]) -> dict[bytes, bytes]:
    """Both contracts."""
    load = assemble(0, "CALLDATALOAD") + CLZ + assemble(0, "SSTORE", 1, 1, "SSTORE")
    meter = assemble("GAS", 0) + CLZ + assemble("POP", "GAS", "SWAP1", "SUB", 0, "SSTORE")
    return {COUNTER: load, METER: meter}


@pytest.mark.parametrize("fork", ["osaka", "bpo1", "bpo2"])
def test_leading_zeros_are_counted(
    make_chain: Callable[..., Chain], codes: dict[bytes, bytes], fork: str
) -> None:
    """The table of the EIP."""
    chain = make_chain(fork, codes)
    for value, zeros in VALUES.items():
        chain.send(to=COUNTER, data=value.to_bytes(32, "big"))
        assert (chain.read(COUNTER, 0), chain.read(COUNTER, 1)) == (zeros, 1)


def test_it_costs_five_gas(make_chain: Callable[..., Chain], codes: dict[bytes, bytes]) -> None:
    """GAS, PUSH0 and POP take two each."""
    chain = make_chain("osaka", codes)
    chain.send(to=METER)
    assert chain.read(METER, 0) == 2 + 2 + 2 + 5


def test_before_osaka_it_is_no_instruction(
    make_chain: Callable[..., Chain], codes: dict[bytes, bytes]
) -> None:
    """The transaction fails and burns its gas."""
    chain = make_chain("prague", codes)
    receipt = chain.send(to=COUNTER, gas=100_000).receipts[0]
    assert (receipt.succeeded, receipt.gas_used) == (False, 100_000)
    assert receipt.failure == "InvalidInstruction"


def test_it_needs_an_operand(make_chain: Callable[..., Chain]) -> None:
    """An empty stack is a failure, as for every instruction."""
    chain = make_chain("osaka", {COUNTER: CLZ})
    assert chain.send(to=COUNTER).receipts[0].failure == "InsufficientStack"
