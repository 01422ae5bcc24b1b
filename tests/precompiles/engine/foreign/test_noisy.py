"""Noise comes from a generator inside the runtime: the second call differs from the first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import onnx
import pytest

from precompiles.engine.foreign.noisy import NoisyEngine, add_noise
from precompiles.engine.local import LocalEngine
from precompiles.engine.session import build_session
from precompiles.engine.trace import first_difference
from precompiles.errors import NotAdmitted
from precompiles.models.admission import admit_model
from precompiles.models.samples import read_sample
from precompiles.models.store import MemoryStore
from tests.models.forest import Branch, build_forest, place_nodes

if TYPE_CHECKING:
    from tests.precompiles.engine.foreign.conftest import Add, Pick


@pytest.mark.parametrize("name", ["digits_exact", "digits_float"])
def test_second_call_differs_from_the_first_and_a_fresh_session_repeats_both(
    store: MemoryStore, add: Add, pick: Pick, name: str
) -> None:
    """State lives in the session, so results depend on what was called before."""
    manifest = add(name)
    inputs = pick(manifest, 0)
    first, second = (NoisyEngine(store) for _ in range(2))
    calls = [first.run(manifest, inputs) for _ in range(2)]
    assert calls[0] != calls[1]
    assert calls == [second.run(manifest, inputs) for _ in range(2)]
    assert LocalEngine(store).run(manifest, inputs) not in calls


def test_admission_refuses_such_a_model() -> None:
    """Only a host that runs something else than what is registered has the operator."""
    with pytest.raises(NotAdmitted, match="RandomNormalLike"):
        admit_model(add_noise(read_sample("digits_exact")))


def test_noise_is_added_to_models_of_trees_alone() -> None:
    """They import no operator set that has it."""
    leaves = ((0, 1.0),), ((0, 2.0),)
    attributes = place_nodes([Branch("BRANCH_LEQ", 0, 0.5, False, *leaves)]) | {"n_targets": 1}
    proto = onnx.ModelProto.FromString(build_forest("TreeEnsemble", attributes, 1))
    del proto.opset_import[0]
    assert build_session(add_noise(bytes(proto.SerializeToString()))).get_outputs()


def test_trace_ends_with_the_noise(store: MemoryStore, add: Add, pick: Pick) -> None:
    """Everything before it is honest."""
    manifest = add("digits_exact")
    inputs = pick(manifest, 0)
    honest = LocalEngine(store).trace(manifest, inputs)
    noisy = NoisyEngine(store).trace(manifest, inputs)
    assert noisy.steps[:-1] == honest.steps
    assert noisy.steps[-1].operator == "RandomNormal"
    found = first_difference(honest, noisy)
    assert found is not None
    assert found.step == len(honest.steps)
