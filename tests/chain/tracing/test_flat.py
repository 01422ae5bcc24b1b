"""Flat traces: each frame's place in the tree, and which precompiles have one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from devnet.chain.tracing.call_tracer import CallTracer
from devnet.chain.tracing.flat import (
    Rule,
    build_geth_rule,
    build_parity_rule,
    flatten,
    show_every_frame,
)
from tests.chain.tracing.conftest import OTHER, TARGET, THIRD

IDENTITY = bytes(19) + b"\x04"
OURS = bytes(19) + b"\xf7"


def test_a_trace_address_leads_from_the_outermost_frame_down(
    stage: Callable[..., Any], call_code: Callable[..., bytes]
) -> None:
    """In order of entry, with the number of frames right inside."""
    tracer = CallTracer()
    stage(call_code("CALL", OTHER) * 2, call_code("CALL", THIRD), b"\x00").run(tracer)
    traces = list(flatten(tracer.top, show_every_frame))
    assert [(t.frame.target, t.address, t.subtraces) for t in traces] == [
        (TARGET, (), 2),
        (OTHER, (0,), 1),
        (THIRD, (0, 0), 0),
        (OTHER, (1,), 1),
        (THIRD, (1, 0), 0),
    ]


@pytest.mark.parametrize(
    ("rule", "shown"),
    [
        (show_every_frame, ["CALL", "CALL", "STATICCALL", "DELEGATECALL", "CALL"]),
        (build_parity_rule({OURS}), ["CALL", "CALL"]),
        (build_geth_rule({OURS}), ["DELEGATECALL", "CALL"]),
    ],
    ids=["all", "parity", "geth"],
)
def test_precompiles_that_are_not_shown_leave_no_gap(
    stage: Callable[..., Any], call_code: Callable[..., bytes], rule: Rule, shown: list[str]
) -> None:
    """Parity shows those that are paid, geth those whose code is borrowed, both show ours."""
    code = b"".join(
        (
            call_code("CALL", IDENTITY),
            call_code("CALL", IDENTITY, value=1),
            call_code("STATICCALL", IDENTITY),
            call_code("DELEGATECALL", IDENTITY),
            call_code("CALL", OURS),
        )
    )
    tracer = CallTracer()
    stage(code, balance=5).run(tracer)
    top, *inside = flatten(tracer.top, rule)
    assert [trace.frame.kind.value for trace in inside] == shown
    assert [trace.address for trace in inside] == [(n,) for n in range(len(shown))]
    assert top.subtraces == len(shown)
