"""Models that a process lacks: it abstains, fetches them from a peer, and votes again."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest

from devnet.config import Config
from devnet.processes.founding import found
from precompiles.digest import compute_model_id
from precompiles.models.file_store import FileStore
from precompiles.models.samples import read_sample
from tests.conftest import INFERENCE, encode_infer
from tests.processes.quartet import Orchestra, Quartet

MODEL = read_sample("digits_exact")
MODEL_ID = compute_model_id(MODEL)


@pytest.mark.slow
def test_a_process_that_loses_a_model_abstains_fetches_it_and_votes_again(tmp_path: Path) -> None:
    """Its peers decide without it; at the end it has the state that they have."""
    with ExitStack() as stack:
        orchestra = Orchestra(tmp_path, stack, {"v3": "missing-model@at heights 2"})
        orchestra.add_model(MODEL)
        address = orchestra.running["v3"].peer.address
        voted = []
        for _ in range(3):
            last = orchestra.send(INFERENCE, encode_infer(MODEL_ID), gas=2_000_000, value=0)
            orchestra.wait_for_block(last)
            certificate = orchestra.node.get_certificate(last)
            voted.append(address in {vote.validator for vote in certificate.votes})
        assert voted[0] is False
        assert any(voted[1:])
        assert len({process.head_hash for process in orchestra.running.values()}) == 1


def test_a_process_that_serves_wrong_bytes_is_dropped_by_all_and_named(tmp_path: Path) -> None:
    """It alone has the model at first; whoever gets it later has it from an honest one."""
    found(tmp_path, Config())
    FileStore(tmp_path / "v0" / "v0" / "models").put(MODEL)
    with ExitStack() as stack:
        quartet = Quartet(tmp_path, stack, {"v0": "wrong-bytes"})
        others = ("v1", "v2", "v3")
        quartet.wait(lambda: all("v0" in quartet.find_dropped(name) for name in others))
        for name in others:
            said = quartet.find_dropped(name)["v0"]
            assert said.startswith(f"model 0x{MODEL_ID.hex()} has the hash 0x")
        quartet.running["v1"]._keep_model(MODEL)
        quartet.running["v1"]._models.offer(MODEL_ID)
        stores = [quartet.running[name]._models for name in ("v2", "v3")]
        quartet.wait(lambda: all(MODEL_ID in models.held for models in stores))
