"""One engine for all behaviours: faults show in the inferences that their triggers pick."""

from collections.abc import Callable

import pytest

from devnet.chain.block import Inference
from devnet.receipt import InferenceReceipt
from devnet.streams import Stream
from devnet.validators.faults.conduct import Conduct
from devnet.validators.faults.engine import SwitchedEngine
from devnet.validators.faults.fault import parse_fault
from precompiles.digest import compute_keccak
from precompiles.engine.local import LocalEngine
from precompiles.engine.trace import Suspect, first_difference
from precompiles.interface import InferenceCall, Mode
from precompiles.models.admission import admit_model
from precompiles.models.manifest import Manifest
from precompiles.models.samples import read_digits, read_sample
from precompiles.models.store import MemoryStore
from precompiles.tensor import Tensor, encode_tensors

Start = Callable[..., SwitchedEngine]


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def manifest(store: MemoryStore) -> Manifest:
    """Of the exact digits, which are in the store."""
    model = read_sample("digits_exact")
    store.put(model)
    return admit_model(model)


@pytest.fixture
def inputs(manifest: Manifest) -> tuple[Tensor, ...]:
    """The first held-out digit."""
    pixels, _ = read_digits()
    return tuple(Tensor(k.dtype, k.shape, pixels[0].tobytes()) for k in manifest.inputs)


@pytest.fixture
def start(store: MemoryStore) -> Start:
    """An engine with these faults."""

    def build(*texts: str) -> SwitchedEngine:
        faults = [parse_fault(text) for text in texts]
        return SwitchedEngine(LocalEngine(store), store, Conduct(faults, Stream(0)))

    return build


def make_claim(
    manifest: Manifest, inputs: tuple[Tensor, ...], outputs: tuple[Tensor, ...]
) -> Inference:
    """What a proposer says it found."""
    read, found = (compute_keccak(encode_tensors(list(side))) for side in (inputs, outputs))
    call = InferenceCall(bytes(20), manifest, Mode.VANILLA, inputs, outputs, read, found, 0)
    model_id = manifest.model_id
    receipt = InferenceReceipt(
        1, bytes(32), 0, 0, bytes(20), model_id, Mode.VANILLA, read, found, 0, False
    )
    return Inference(receipt, call)


def test_fault_shows_at_its_heights_and_calls_only(
    start: Start, store: MemoryStore, manifest: Manifest, inputs: tuple[Tensor, ...]
) -> None:
    """Calls are counted in each block from 0."""
    honest = LocalEngine(store).run(manifest, inputs)
    engine = start("wrong-model@at heights 3- at calls 1,3-")
    for height in (2, 3, 4):
        engine.enter(height, 0)
        lies = [engine.run(manifest, inputs) != honest for _ in range(5)]
        assert lies == [height >= 3 and call in (1, 3, 4) for call in range(5)]


def test_fault_shows_in_its_models_only(
    start: Start, store: MemoryStore, manifest: Manifest, inputs: tuple[Tensor, ...]
) -> None:
    """By the beginning of an id in hex or as a CID."""
    honest = LocalEngine(store).run(manifest, inputs)
    beginning = manifest.model_id.hex()[:6]
    for names, lies in (
        (beginning, True),
        (f"0x{beginning}", True),
        ("bafk", True),
        ("ffff", False),
    ):
        engine = start(f"wrong-model@at models {names}")
        engine.enter(1, 0)
        assert (engine.run(manifest, inputs) != honest) == lies


def test_two_faults_divide_the_calls(
    start: Start, manifest: Manifest, inputs: tuple[Tensor, ...]
) -> None:
    """Each inference is run in one way."""
    engine = start("wrong-model@at calls 0", "random-operator@at calls 1")
    engine.enter(1, 0)
    first, second, third = (engine.run(manifest, inputs) for _ in range(3))
    assert len({first, second, third}) == 3


def test_lazy_engine_takes_what_is_claimed_and_runs_nothing(
    start: Start, store: MemoryStore, manifest: Manifest, inputs: tuple[Tensor, ...]
) -> None:
    """Even a lie; who has nobody to copy from runs the model."""
    honest = LocalEngine(store).run(manifest, inputs)
    lie = tuple(Tensor(t.dtype, t.shape, bytes(len(t.data))) for t in honest)
    engine = start("lazy")
    engine.enter(1, 0, [make_claim(manifest, inputs, lie)])
    assert engine.run(manifest, inputs) == lie
    assert engine.trace(manifest, inputs).steps == ()
    engine.enter(2, 0)
    assert engine.run(manifest, inputs) == honest
    assert start().run(manifest, inputs) == honest


def test_lazy_liar_lies_where_it_proposes(
    start: Start, store: MemoryStore, manifest: Manifest, inputs: tuple[Tensor, ...]
) -> None:
    """Laziness is for the blocks of others."""
    honest = LocalEngine(store).run(manifest, inputs)
    engine = start("lazy", "wrong-model")
    engine.enter(1, 0)
    lie = engine.run(manifest, inputs)
    assert lie != honest
    engine.enter(2, 0, [make_claim(manifest, inputs, honest)])
    assert engine.run(manifest, inputs) == honest


def test_trace_is_of_the_way_it_was_run(
    start: Start, store: MemoryStore, manifest: Manifest, inputs: tuple[Tensor, ...]
) -> None:
    """The lie is found in an operator while its height lasts."""
    honest: Suspect = LocalEngine(store)
    engine = start("wrong-model@at heights 1")
    engine.enter(1, 0)
    engine.run(manifest, inputs)
    found = first_difference(honest.trace(manifest, inputs), engine.trace(manifest, inputs))
    assert found is not None
    assert found.operator == "MatMulInteger"
    engine.enter(2, 0)
    engine.run(manifest, inputs)
    assert engine.trace(manifest, inputs) == honest.trace(manifest, inputs)


def test_model_bytes_are_always_honest(start: Start, manifest: Manifest) -> None:
    """What is registered does not depend on who lies."""
    engine = start("wrong-model")
    engine.enter(1, 0)
    assert engine.load(manifest.model_id) == read_sample("digits_exact")
    assert engine.admit(manifest.model_id, {}) == manifest
    engine.try_out(manifest)
