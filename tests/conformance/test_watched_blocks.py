"""A tracer changes nothing: random blocks of every fork come to the same hash while all watch.

And what the struct logger tells is what py-evm's own loop logs of itself, step by step.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from itertools import pairwise
from typing import Any

import eth.consensus  # noqa: F401  # py-evm has an import cycle that only this order resolves
import pytest
from eth.vm.computation import BaseComputation

from devnet.chain.block import Execution
from devnet.chain.execution import execute_block
from devnet.chain.forks.fork import Fork
from devnet.chain.forks.schedule import build_schedule
from devnet.chain.header import Header
from devnet.chain.prepared import PreparedWorld
from devnet.chain.tracing.access_list import AccessListTracer
from devnet.chain.tracing.call_tracer import CallTracer
from devnet.chain.tracing.event import Step, Tracer
from devnet.chain.tracing.four_byte import FourByteTracer
from devnet.chain.tracing.instruction import count_left, count_taken, get_mnemonic
from devnet.chain.tracing.mux import MuxTracer
from devnet.chain.tracing.opcode_gas import OpcodeGasTracer
from devnet.chain.tracing.parties import PartyTracer
from devnet.chain.tracing.prestate import PrestateTracer
from devnet.chain.tracing.replay import blank_results, build_begin, watch
from devnet.chain.tracing.struct_logger import StructLogger
from devnet.chain.tracing.transfer import TransferTracer
from devnet.chain.tracing.vm_tracer import VmTracer
from devnet.chain.transaction import Transaction
from devnet.chain.world import World
from tests.conformance.dice import Dice
from tests.conformance.random_chain import RandomChain
from tests.conformance.random_code import CONTRACTS

FORKS = (Fork.FRONTIER, Fork.TANGERINE_WHISTLE, Fork.BYZANTIUM, Fork.BERLIN, Fork.OSAKA)
STOP = 0
ENTERING = ("CALL", "CALLCODE", "DELEGATECALL", "STATICCALL", "CREATE", "CREATE2")
JUMPS = ("JUMP", "JUMPI")
_LOGGED = re.compile(r"OPCODE: 0x([0-9a-f]+) .*\| pc: (\d+) \|")


class Watched:
    """A transaction, what watched it, and its receipt."""

    def __init__(self, transaction: Transaction) -> None:
        self.transaction = transaction
        self.calls, self.steps = CallTracer(), StructLogger(wants_memory=True)
        others = (VmTracer(), PrestateTracer(), FourByteTracer(), OpcodeGasTracer())
        more = (PartyTracer(), AccessListTracer((), ()), TransferTracer(wants_transfers=True))
        self.tracer: Tracer = MuxTracer([self.calls, self.steps, *others, *more])


class Recorder:
    """Stands in for the logger of py-evm's loop; keeps instruction and place while it is open."""

    show_debug2 = True

    def __init__(self) -> None:
        self.told: list[tuple[int, int]] = []
        self._is_open = False

    def debug2(self, message: str) -> None:
        found = _LOGGED.match(message)
        if found and self._is_open:
            self.told.append((int(found[1], 16), int(found[2])))

    @contextmanager
    def open(self) -> Iterator[None]:
        self._is_open = True
        yield
        self._is_open = False


Setting = tuple[World, Header, Execution, Sequence[bytes]]
Around = Callable[[Any, int], AbstractContextManager[None]]  # state, index of the transaction


def run_block(setting: Setting, around: Around) -> Execution:
    """The whole block again, something around each of its transactions."""
    world, parent, block, ancestors = setting
    states: list[Any] = []

    def keep(state: Any) -> Any:
        states.append(state)
        return state

    def feed() -> Iterator[Transaction]:
        for index, transaction in enumerate(block.transactions):
            with around(states[0], index):
                yield transaction

    view, template = PreparedWorld(world, keep), blank_results(block.header)
    paid = block.withdrawals
    return execute_block(view, parent, template, feed(), ancestors, withdrawals=paid)


def run_watched(setting: Setting) -> tuple[Execution, list[Watched]]:
    """The block again, and what watched each transaction."""
    block = setting[2]
    watching = [Watched(transaction) for transaction in block.transactions]

    def around(state: Any, index: int) -> AbstractContextManager[None]:
        transaction = block.transactions[index]
        begin = build_begin(state, transaction.evm, transaction.sender, block.header)
        return watch(state, begin, watching[index].tracer)

    return run_block(setting, around), watching


@pytest.fixture(params=[(fork, seed) for fork in FORKS for seed in range(2)])
def chain(request: Any) -> RandomChain:
    """Four random blocks under one fork."""
    fork, seed = request.param
    dice = Dice(seed, fork)
    codes = {address: dice.program(dice.random.randrange(3, 25)) for address in CONTRACTS}
    made = RandomChain(dice, build_schedule(fork), codes)
    for _ in range(4):
        made.add_random()
    return made


def list_settings(chain: RandomChain) -> Iterator[Setting]:
    """What each block was executed with."""
    headers = [chain.header, *(block.header for block in chain.blocks)]
    for number, block in enumerate(chain.blocks):
        yield chain.world, headers[number], block, chain.hashes[len(chain.blocks) - number :]


def test_watched_blocks_are_the_same_blocks(chain: RandomChain) -> None:
    """Hash and receipts; and gas, output and failure are told as they are in the receipts."""
    for setting in list_settings(chain):
        block = setting[2]
        again, watching = run_watched(setting)
        assert again.hash == block.hash
        assert again.receipts == block.receipts
        for each, receipt in zip(watching, block.receipts, strict=True):
            top = each.calls.top
            assert (top.failure is None) == receipt.succeeded
            if not top.kind.is_creation:
                assert top.output == receipt.output
            check_steps(each)


def check_steps(each: Watched) -> None:
    """What EIP-3155 traces have in common: gas falls, depth follows calls, stacks fit."""
    steps = [log.step for log in each.steps.logs]
    for step, after in pairwise(steps):
        name = get_mnemonic(step.code)
        if after.depth == step.depth + 1:
            assert name in ENTERING
        elif after.depth == step.depth:
            assert after.gas <= step.gas
            check_within(step, after, name)
        else:
            assert after.depth == step.depth - 1
    assert all(0 <= step.gas <= each.transaction.evm.gas for step in steps)


def check_within(step: Step, after: Step, name: str) -> None:
    """Two instructions in a row in one frame."""
    if name in ENTERING:
        return
    assert after.gas == step.gas - step.cost
    left = len(step.stack) - count_taken(step.code) + count_left(step.code)
    assert len(after.stack) == left
    if name not in JUMPS:
        pushed = step.code - 0x5F if 0x60 <= step.code <= 0x7F else 0
        assert after.pc == step.pc + 1 + pushed


def test_steps_are_what_py_evms_loop_logs_of_itself(
    chain: RandomChain, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Instruction and place, in the same order, from a run that nobody watches."""
    for setting in list_settings(chain):
        told = record_block(setting, monkeypatch)
        _, watching = run_watched(setting)
        steps = [log.step for each in watching for log in each.steps.logs]
        assert [(step.code, step.pc) for step in steps if step.code != STOP] == told


def record_block(setting: Setting, monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """What py-evm logs of a block, but for stops: it logs one where there is no code."""
    recorder = Recorder()
    with monkeypatch.context() as patched:
        patched.setattr(BaseComputation, "logger", recorder)
        run_block(setting, lambda _, __: recorder.open())
    return [(code, pc) for code, pc in recorder.told if code != STOP]


def test_blocks_with_inferences_are_the_same_too(digits: tuple[Any, bytes]) -> None:
    """Inference root and all: a model that ran, one that nobody knows, and the registration."""
    driver, model_id = digits
    unknown = driver.infer(bytes(32), gas=200_000)
    assert not unknown.receipt.succeeded
    driver.infer(model_id)
    history, world = driver.node.history, driver.node.cluster.world
    for number in range(1, driver.node.head.header.number + 1):
        block, parent = history.get_block(number), history.get_block(number - 1).header
        setting = (world, parent, block, history.get_ancestors(number))
        again, watching = run_watched(setting)
        assert again.hash == block.hash
        for each in watching:
            check_steps(each)
