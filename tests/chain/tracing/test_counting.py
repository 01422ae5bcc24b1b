"""Tracers that count or collect: selectors, instructions, parties, what is touched."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from devnet.chain.tracing.access_list import AccessListTracer
from devnet.chain.tracing.four_byte import FourByteTracer
from devnet.chain.tracing.mux import MuxTracer
from devnet.chain.tracing.opcode_gas import OpcodeGasTracer
from devnet.chain.tracing.parties import PartyTracer
from devnet.chain.tracing.struct_logger import StructLogger
from devnet.chain.tracing.transfer import ETHER_ADDRESS, TransferTracer
from tests.chain.tracing.conftest import OTHER, SENDER, TARGET, THIRD

IDENTITY, OURS = bytes(19) + b"\x04", bytes(19) + b"\xf7"


def test_selectors_are_counted_with_the_size_of_the_arguments(
    stage: Callable[..., Any], call_code: Callable[..., bytes]
) -> None:
    """Too little data has none; Ethereum's precompiles have none, ours do."""
    code = b"".join(
        (
            call_code("CALL", OTHER, size=4),
            call_code("DELEGATECALL", OTHER, size=36),
            call_code("STATICCALL", OTHER, size=36),
            call_code("CALL", OTHER, size=3),
            call_code("CALL", IDENTITY, size=8),
            call_code("CALL", OURS, size=8),
        )
    )
    tracer = FourByteTracer({OURS})
    stage(code, b"\x00").run(tracer, data=b"\x01\x02\x03\x04\x05")
    none = bytes(4)
    wanted = {(b"\x01\x02\x03\x04", 1): 1, (none, 0): 1, (none, 32): 2, (none, 4): 1}
    assert tracer.counts == wanted


def test_instructions_are_counted_with_their_gas(
    stage: Callable[..., Any], assemble: Callable[..., bytes]
) -> None:
    """All together they cost what the transaction did, beside what it cost to begin."""
    tracer = OpcodeGasTracer()
    code = assemble(1, 2, "ADD", 0, "MSTORE", 1, 1, "SSTORE")
    result = stage(code).run(tracer)
    found = {name: (each.count, each.gas) for name, each in tracer.counts.items()}
    assert found["PUSH1"] == (4, 12)
    assert found["SSTORE"] == (1, 22_100)
    assert list(found) == ["PUSH1", "ADD", "PUSH0", "MSTORE", "SSTORE", "STOP"]
    assert sum(each.gas for each in tracer.counts.values()) == result.gas_used - 21_000


def test_parties_are_all_who_call_or_are_called(
    stage: Callable[..., Any], call_code: Callable[..., bytes], assemble: Callable[..., bytes]
) -> None:
    """Heirs of self-destructions too, each once."""
    tracer = PartyTracer()
    stage(call_code("CALL", OTHER) * 2, assemble(THIRD, "SELFDESTRUCT")).run(tracer)
    assert tracer.parties == (SENDER, TARGET, OTHER, THIRD)


def test_an_access_list_has_what_is_not_warm_anyway(
    stage: Callable[..., Any], call_code: Callable[..., bytes], assemble: Callable[..., bytes]
) -> None:
    """Sender, recipient and precompiles appear only with words; what was listed stays."""
    code = assemble(9, "SLOAD", "POP", OTHER, "BALANCE", "POP") + call_code("CALL", IDENTITY)
    tracer = AccessListTracer([IDENTITY], [(THIRD, [4]), (OTHER, [1])])
    stage(code, b"\x00").run(tracer)
    assert tracer.build() == ((TARGET, (9,)), (OTHER, (1,)), (THIRD, (4,)))


def test_payments_become_events_and_failed_ones_go(
    stage: Callable[..., Any], call_code: Callable[..., bytes], assemble: Callable[..., bytes]
) -> None:
    """As if ether were a token (ERC-7528); a delegated call pays nobody."""
    code = call_code("CALL", OTHER, value=2) + call_code("CALL", THIRD, value=3)
    code += call_code("DELEGATECALL", THIRD) + assemble(0, 0, "LOG0")
    tracer = TransferTracer(wants_transfers=True)
    stage(code, assemble(0, 0, "REVERT"), b"\x00", balance=9).run(tracer, value=1)
    parties = [
        (log.topics[1][12:], log.topics[2][12:], int.from_bytes(log.data))
        for log in tracer.logs
        if log.address == ETHER_ADDRESS
    ]
    assert parties == [(SENDER, TARGET, 1), (TARGET, THIRD, 3)]
    assert tracer.logs[-1].address == TARGET


def test_tracers_side_by_side_see_what_each_would_see_alone(
    stage: Callable[..., Any], call_code: Callable[..., bytes]
) -> None:
    """One that is full does not stop the others."""
    place = stage(call_code("CALL", OTHER, size=4) * 2, b"\x00")
    selectors, steps, full = FourByteTracer(), StructLogger(), StructLogger(limit=1)
    place.run(MuxTracer([full, selectors, steps]))
    selectors_alone, steps_alone = FourByteTracer(), StructLogger()
    place.run(selectors_alone)
    place.run(steps_alone)
    assert selectors.counts == selectors_alone.counts
    assert steps.logs == steps_alone.logs
    assert full.logs == steps.logs[:1]
