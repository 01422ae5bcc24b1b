"""The precompile's own work around a model, decode, gas, digests, encode, against the bare run."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from benches.sample import Sample, build_samples
from benches.timing import compute_medians_s
from precompiles.engine.canonical import to_tensor
from precompiles.engine.local import LocalEngine
from precompiles.engine.portable.evaluator import build_program
from precompiles.engine.session import build_session
from precompiles.gas import Schedule
from precompiles.inference import INFER, INFERENCE, run_inference
from precompiles.interface import InferenceCall, Meter
from precompiles.models.admission import admit_model
from precompiles.models.graph import read_graph
from precompiles.models.manifest import Manifest, Profile
from precompiles.models.store import MemoryStore
from precompiles.registry import REGISTER, REGISTRY, run_registry
from precompiles.tensor import encode_tensors

_GAS = 10**12


class MemoryState:
    """Contract storage in a dictionary: the least a chain can be."""

    def __init__(self, address: bytes) -> None:
        self.caller = bytes(20)
        self.address = address
        self._slots: dict[tuple[bytes, int], int] = {}

    def load(self, address: bytes, slot: int) -> int:
        return self._slots.get((address, slot), 0)

    def store(self, slot: int, value: int) -> None:
        self._slots[self.address, slot] = value

    def log(self, topics: tuple[bytes, ...], data: bytes) -> None:
        pass

    def record(self, call: InferenceCall) -> None:
        pass


@dataclass(frozen=True, slots=True)
class Prepared:
    """A registered model, the call data of one inference, and the same run bare."""

    name: str
    manifest: Manifest
    schedule: Schedule
    infer: Callable[..., bytes]
    bare: Callable[[], object]


def prepare(sample: Sample) -> Prepared:
    """Register a sample in a state of its own."""
    store = MemoryStore()
    engine, schedule = LocalEngine(store), Schedule()
    model_id = store.put(sample.model)
    state = MemoryState(REGISTRY)
    run_registry(engine, schedule, REGISTER + model_id, Meter(_GAS), state)
    state.address = INFERENCE
    tensors = encode_tensors([to_tensor(sample.x)])
    data = INFER + model_id + (64).to_bytes(32, "big") + tensors[32:]
    manifest = admit_model(sample.model)

    def infer(meter: Meter | None = None) -> bytes:
        return run_inference(engine, schedule, data, meter or Meter(_GAS), state)

    return Prepared(
        sample.name,
        manifest,
        schedule,
        infer,
        _prepare_bare(sample, manifest),
    )


def _prepare_bare(sample: Sample, manifest: Manifest) -> Callable[[], object]:
    """The evaluator that answers for the model's profile, and nothing around it."""
    if manifest.profile is Profile.PORTABLE:
        program = build_program(read_graph(sample.model))
        return lambda: program.run([sample.x])
    session = build_session(sample.model)
    return lambda: session.run(None, {"x": sample.x})


def measure() -> list[Mapping[str, Any]]:
    """One row a model: microseconds bare and through the precompile, and their ratio."""
    return [_measure(prepare(sample)) for sample in build_samples()]


def _measure(prepared: Prepared) -> Mapping[str, Any]:
    bare, ours = compute_medians_s((prepared.bare, prepared.infer))
    return {
        "model": prepared.name,
        "bare us": bare * 1e6,
        "precompile us": ours * 1e6,
        "own work us": (ours - bare) * 1e6,
        "ratio": ours / bare,
    }
