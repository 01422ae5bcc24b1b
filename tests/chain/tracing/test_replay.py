"""Replay: a decided block runs again as it ran."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from devnet.chain.block import Execution
from devnet.chain.header import Header
from devnet.chain.tracing.call_tracer import CallTracer
from devnet.chain.tracing.event import Tracer
from devnet.chain.tracing.replay import blank_results, compute_roots, open_between, replay_block
from devnet.chain.world import World
from tests.chain.tracing.conftest import TARGET

Setting = tuple[World, Header, Execution, Sequence[bytes]]


def _build(make_bench: Callable[..., Any], assemble: Callable[..., bytes]) -> Setting:
    """A world with a counter at TARGET, and what a replay of its block needs."""
    count = assemble(0, "SLOAD", 1, "ADD", 0, "SSTORE")
    bench = make_bench({TARGET: count})
    parent: Header = bench.head
    block: Execution = bench.run(*(bench.sign(n, to=TARGET) for n in range(3)))
    return bench.world, parent, block, bench.hashes[-2::-1]


def test_only_the_chosen_transaction_is_watched_and_nothing_runs_after_the_last(
    make_bench: Callable[..., Any], assemble: Callable[..., bytes]
) -> None:
    """Those before it run unwatched, so it finds the state that it found."""
    setting = _build(make_bench, assemble)
    tracer, asked = CallTracer(), list[int]()

    def choose(index: int) -> Tracer | None:
        asked.append(index)
        return tracer if index == 1 else None

    replay_block(*setting, choose, 1)
    assert asked == [0, 1]
    assert tracer.finish(0).caller == setting[2].transactions[1].sender


def test_a_state_between_transactions_is_that_of_those_before(
    make_bench: Callable[..., Any], assemble: Callable[..., bytes]
) -> None:
    """And what is done to it is nobody else's business."""
    setting = _build(make_bench, assemble)
    for count in range(4):
        state = open_between(*setting, count)
        assert state.get_storage(TARGET, 0) == count
        state.set_storage(TARGET, 0, 99)
        state.make_state_root()


def test_the_root_after_the_last_transaction_is_the_blocks(
    make_bench: Callable[..., Any], assemble: Callable[..., bytes]
) -> None:
    """Nothing of this block comes after it; roots differ on the way."""
    setting = _build(make_bench, assemble)
    roots = compute_roots(*setting)
    assert roots[-1] == setting[2].header.state_root
    assert len(set(roots)) == 3


def test_a_replay_begins_with_a_header_without_results(
    make_bench: Callable[..., Any], assemble: Callable[..., bytes]
) -> None:
    """So nothing can be copied from the block instead of computed."""
    block = _build(make_bench, assemble)[2]
    blank = blank_results(block.header)
    assert (blank.state_root, blank.gas_used, blank.logs_bloom) == (bytes(32), 0, bytes(256))
    assert (blank.number, blank.mix_hash) == (block.header.number, block.header.mix_hash)
