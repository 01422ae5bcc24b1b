"""Struct logger: each instruction with the machine before it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from devnet.chain.tracing.budget import STEP_BYTES, Budget
from devnet.chain.tracing.instruction import get_mnemonic
from devnet.chain.tracing.struct_logger import StructLogger
from devnet.errors import TraceTooLarge
from tests.chain.tracing.conftest import OTHER, TARGET


def test_a_program_is_told_step_by_step(
    stage: Callable[..., Any], assemble: Callable[..., bytes]
) -> None:
    """Where it stands, what it has, what it pays; a return is told too."""
    code = assemble(2, 7, "SSTORE", 7, "SLOAD", 0, "MSTORE", 32, 0, "RETURN")
    logger = StructLogger(wants_memory=True)
    result = stage(code).run(logger)
    steps = [log.step for log in logger.logs]
    first = 1_000_000 - 21_000
    assert [(s.pc, get_mnemonic(s.code), s.gas - first, s.cost, s.stack) for s in steps] == [
        (0, "PUSH1", 0, 3, ()),
        (2, "PUSH1", -3, 3, (2,)),
        (4, "SSTORE", -6, 22_100, (2, 7)),
        (5, "PUSH1", -22_106, 3, ()),
        (7, "SLOAD", -22_109, 100, (7,)),
        (8, "PUSH0", -22_209, 2, (2,)),
        (9, "MSTORE", -22_211, 6, (2, 0)),
        (10, "PUSH1", -22_217, 3, ()),
        (12, "PUSH0", -22_220, 2, (32,)),
        (13, "RETURN", -22_222, 0, (32, 0)),
    ]
    assert [log.storage for log in logger.logs if log.storage] == [((7, 2),), ((7, 2),)]
    assert steps[-1].memory == logger.output == result.output == (2).to_bytes(32)
    assert sum(step.cost for step in steps) == result.gas_used - 21_000


def test_the_refund_counts_up_over_frames(
    stage: Callable[..., Any], assemble: Callable[..., bytes], call_code: Callable[..., bytes]
) -> None:
    """A word that is set and cleared in a call is refunded where the caller goes on."""
    clear = assemble(1, 0, "SSTORE", 0, 0, "SSTORE")
    logger = StructLogger()
    stage(call_code("CALL", OTHER), clear).run(logger)
    refunds = [(log.step.depth, log.step.refund) for log in logger.logs]
    assert refunds[0] == (1, 0)
    assert refunds[-1] == (1, 19_900)


def test_storage_is_shown_by_contract(
    stage: Callable[..., Any], assemble: Callable[..., bytes], call_code: Callable[..., bytes]
) -> None:
    """What one wrote is not what the other sees; what was seen before is repeated."""
    write = assemble(1, 1, "SSTORE", 2, 2, "SSTORE")
    logger = StructLogger()
    stage(write + call_code("CALL", OTHER), assemble(5, 5, "SSTORE")).run(logger)
    shown = [(log.step.address, log.storage) for log in logger.logs if log.storage]
    assert shown == [(TARGET, ((1, 1),)), (TARGET, ((1, 1), (2, 2))), (OTHER, ((5, 5),))]


def test_a_limit_keeps_the_first_steps_and_the_whole_result(
    stage: Callable[..., Any], assemble: Callable[..., bytes]
) -> None:
    """Output, failure and gas are those of all of it."""
    stop = assemble(1, 2, 3, 0, 0, "REVERT")
    whole, short = StructLogger(), StructLogger(limit=2)
    results = [stage(stop).run(logger) for logger in (whole, short)]
    assert short.logs == whole.logs[:2]
    assert results[0] == results[1]
    assert short.failure == whole.failure is not None


def test_a_trace_beyond_its_budget_is_refused_with_the_remedy(
    stage: Callable[..., Any], assemble: Callable[..., bytes]
) -> None:
    """Memory counts at every step; a limit helps."""
    code = assemble(1, 10_000, "MSTORE") + b"\x5b" * 50
    for wants_memory, size in ((False, 60 * STEP_BYTES), (True, 500_000)):
        stage(code).run(StructLogger(False, budget=Budget(size)))
        if wants_memory:
            with pytest.raises(TraceTooLarge, match="larger than 500,000 bytes; ask for less"):
                stage(code).run(StructLogger(True, budget=Budget(size)))
            stage(code).run(StructLogger(True, limit=10, budget=Budget(size)))


def test_tracers_of_one_request_share_its_budget(
    stage: Callable[..., Any], assemble: Callable[..., bytes]
) -> None:
    """As those of a block's transactions do."""
    code, budget = b"\x5b" * 9, Budget(25 * STEP_BYTES)
    for _ in range(2):
        stage(code).run(StructLogger(budget=budget))
    with pytest.raises(TraceTooLarge):
        stage(code).run(StructLogger(budget=budget))
