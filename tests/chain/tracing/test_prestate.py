"""Prestate tracer: what a transaction reads and what it changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from devnet.chain.tracing.prestate import PrestateTracer
from devnet.chain.tracing.touching import compute_created
from tests.chain.conftest import COINBASE
from tests.chain.tracing.conftest import OTHER, SENDER, TARGET

DELEGATION = b"\xef\x01\x00"


def test_the_prestate_is_all_that_was_touched_as_it_was(
    stage: Callable[..., Any], assemble: Callable[..., bytes]
) -> None:
    """Words read and written, balances looked at; accounts that are nothing only if asked for."""
    code = assemble(5, 1, "SSTORE", 2, "SLOAD", "POP", OTHER, "BALANCE", "POP")
    tracer = PrestateTracer()
    stage(code, b"\x00", balance=50).run(tracer, value=3)
    found = tracer.build_prestate()
    assert list(found) == [SENDER, TARGET, OTHER]
    assert (found[SENDER].balance, found[SENDER].nonce) == (50, 0)
    assert (found[TARGET].balance, found[TARGET].code) == (50, code)
    assert found[TARGET].storage == {1: 0, 2: 0}
    assert COINBASE not in found
    assert tracer.build_prestate(with_empty=True).keys() - found.keys() == {bytes(20)}


def test_a_diff_has_what_changed_and_nothing_else(
    stage: Callable[..., Any], assemble: Callable[..., bytes]
) -> None:
    """Before in full, after only what is different; what is zero is left out."""
    code = assemble(5, 1, "SSTORE", 0, 2, "SSTORE", OTHER, "BALANCE", "POP")
    tracer = PrestateTracer()
    stage(code, b"\x00", balance=50).run(tracer, value=3)
    pre, post = tracer.build_diff()
    assert pre.keys() == post.keys() == {SENDER, TARGET}
    assert (pre[TARGET].storage, post[TARGET].storage) == ({}, {1: 5})
    assert (pre[TARGET].balance, post[TARGET].balance) == (50, 53)
    assert (post[TARGET].code, post[TARGET].nonce) == (None, None)


@pytest.mark.parametrize("wants_code", [True, False])
def test_what_is_not_wanted_makes_no_difference(
    stage: Callable[..., Any], assemble: Callable[..., bytes], wants_code: bool
) -> None:
    """An account of which only a word changed is not in a diff without storage."""
    tracer = PrestateTracer(wants_code=wants_code, wants_storage=False)
    code = assemble(5, 1, "SSTORE")
    stage(code, balance=50).run(tracer)
    pre, post = tracer.build_diff()
    assert pre.keys() == post.keys() == {SENDER}
    found = tracer.build_prestate()[TARGET]
    assert (found.code, found.storage) == (code if wants_code else None, {})


def test_created_contracts_are_only_in_the_state_after(
    stage: Callable[..., Any], create_code: Callable[..., bytes]
) -> None:
    """They were nothing before."""
    tracer = PrestateTracer()
    stage(create_code(bytes.fromhex("600160005360016000f3"))).run(tracer)
    pre, post = tracer.build_diff()
    made = compute_created(TARGET, 1)
    assert made not in tracer.build_prestate()
    assert made not in pre
    assert (post[made].code, post[made].nonce) == (b"\x01", 1)


def test_only_what_was_made_in_the_transaction_is_deleted(
    stage: Callable[..., Any],
    assemble: Callable[..., bytes],
    create_code: Callable[..., bytes],
) -> None:
    """Others lose their balance and stay (EIP-6780)."""
    tracer = PrestateTracer()
    die = assemble(OTHER, "SELFDESTRUCT")
    stage(create_code(die, value=2) + die, balance=9).run(tracer)
    pre, post = tracer.build_diff()
    assert compute_created(TARGET, 1) not in pre.keys() | post.keys()
    assert (pre[TARGET].balance, post[TARGET].balance) == (9, 0)
    assert post[OTHER].balance == 9


def test_where_delegated_code_stands_is_part_of_the_prestate(
    stage: Callable[..., Any], call_code: Callable[..., bytes], assemble: Callable[..., bytes]
) -> None:
    """Of the recipient and of accounts called inside: without it nobody could run it again."""
    outer, inner = PrestateTracer(), PrestateTracer()
    code = assemble(1, 1, "SSTORE")
    stage(DELEGATION + OTHER, code).run(outer)
    stage(call_code("CALL", OTHER), DELEGATION + SENDER, balance=1).run(inner, sender=TARGET)
    assert outer.build_prestate()[OTHER].code == code
    assert outer.build_prestate()[TARGET].storage == {1: 0}
    assert inner.build_prestate()[SENDER].balance == 1
