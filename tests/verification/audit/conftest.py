"""Chains with model calls, and sources that show something else than what happened."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from devnet.audits import build_local_chain
from devnet.chain.history import History
from devnet.config import Config
from devnet.node import Node
from devnet.validators.misbehaviour import parse_behavior
from devnet.verification.audit.audit import audit_blocks
from devnet.verification.audit.finding import Finding, Result
from devnet.verification.audit.record import Record, Source
from devnet.verification.audit.workers import open_workers
from precompiles.engine.session import SessionEngine
from precompiles.models.admission import admit_model
from precompiles.models.samples import read_sample
from precompiles.models.store import MemoryStore
from tests.conftest import Driver

GAS = 2_000_000  # for calls whose sender a validator cannot estimate any more


@dataclass
class Shown:
    """A source that changes what another one shows."""

    source: Source
    change: Callable[[Record], Record] = lambda record: record
    models: Callable[[bytes], bytes] = lambda model: model
    reads: int = 0

    @property
    def chain_id(self) -> int:
        return self.source.chain_id

    @property
    def head(self) -> int:
        return self.source.head

    @property
    def agreement(self) -> str:
        return self.source.agreement

    def read_record(self, number: int) -> Record:
        self.reads += 1
        return self.change(self.source.read_record(number))

    def read_model(self, model_id: bytes) -> bytes:
        return self.models(self.source.read_model(model_id))


def audit(source: Source, jobs: int = 1) -> tuple[Finding, ...]:
    """All findings of a chain."""
    with open_workers(jobs) as workers:
        return tuple(audit_blocks(source, range(source.head + 1), workers))


def list_results(findings: Sequence[Finding]) -> list[tuple[Result, str]]:
    """What was found, and at which step."""
    return [(finding.result, finding.step) for finding in findings]


def build_chain(digits: int = 3, **options: Any) -> Driver:
    """A chain that has read so many digits, a block for each."""
    driver = Driver(**options)
    model = driver.add_digits()
    for digit in range(digits):
        driver.infer(model, digit)
    return driver


def build_lying_chain(powers: tuple[int, ...], behaviors: dict[str, str], digits: int) -> Driver:
    """A chain on which validators misbehave once the model is registered."""
    driver = Driver(node=Node(Config(validators=len(powers), powers=powers)))
    model = driver.add_digits()
    for name, behavior in behaviors.items():
        driver.node.set_behavior(name, parse_behavior(behavior))
    for digit in range(digits):
        driver.infer(model, digit, gas=GAS)
    return driver


def find_lies(history: History) -> list[bool]:
    """Of each call, whether the model says something else, run here without the audit."""
    store = MemoryStore()
    model = read_sample("digits_exact")
    store.put(model)
    engine, manifest = SessionEngine(store), admit_model(model)
    blocks = [history.get_block(number) for number in range(history.head.header.number + 1)]
    calls = [inference.call for block in blocks for inference in block.inferences]
    return [engine.run(manifest, call.inputs) != call.outputs for call in calls]


@pytest.fixture(scope="module")
def chain() -> Source:
    """Three digits, honestly read."""
    return build_local_chain(build_chain(validators=1).node)
