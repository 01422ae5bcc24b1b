"""Bundles of a network of processes: signed by engines that only their owners can describe."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from devnet.proofs import build_proof
from devnet.verification.bundle import Bundle, dump_bundle, parse_bundle
from devnet.verification.verifier import Outcome, verify_bundle
from precompiles.engine.description import hash_description
from precompiles.engine.fingerprint import describe_engine
from precompiles.models.samples import read_sample
from tests.conftest import INFERENCE, encode_infer
from tests.processes.quartet import Orchestra

MODEL = read_sample("digits_exact")
ENGINE = {**describe_engine(), "runtime": "onnxruntime of another host"}


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Processes have another engine than the node, until this is called."""
    monkeypatch.setattr("devnet.processes.process.describe_engine", lambda: ENGINE)
    fingerprint = hash_description(ENGINE)
    monkeypatch.setattr("devnet.processes.member.compute_fingerprint", lambda: fingerprint)
    return monkeypatch.undo


def test_engines_of_processes_are_told_and_remembered(
    tmp_path: Path, elsewhere: Callable[[], None]
) -> None:
    """By the node that heard them, and by the same node on its folder when nobody is there."""
    with ExitStack() as stack:
        orchestra = Orchestra(tmp_path, stack)
        model_id = orchestra.add_model(MODEL)
        number = orchestra.send(INFERENCE, encode_infer(model_id), gas=1_000_000, value=0)
        node = orchestra.node
        sent = node.history.get_block(number).transactions[0].hash
        before = _read(build_proof(node, sent))
        assert [engine.description for engine in before.engines] == [ENGINE]
        verdict = verify_bundle(before, MODEL, node.history.get_block(0).header.extra_data)
        assert verdict.outcome is Outcome.VERIFIED, verdict.reason
        node.close()
        elsewhere()
        orchestra.node = orchestra.open_node()
        assert _read(build_proof(orchestra.node, sent)) == before


def _read(bundle: Bundle) -> Bundle:
    """Written and read again."""
    return parse_bundle(json.dumps(dump_bundle(bundle)))
