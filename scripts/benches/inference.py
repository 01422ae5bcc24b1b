"""The precompile's own work around a model: decode, gas, digests, encode, against a bare loop."""

from collections.abc import Mapping
from typing import Any

from benches.sample import Sample, build_samples
from benches.timing import compute_medians_s

from precompiles.engine.canonical import to_tensor
from precompiles.engine.session import SessionEngine, build_session
from precompiles.gas import Schedule
from precompiles.inference import INFER, INFERENCE, run_inference
from precompiles.interface import InferenceCall, Meter
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


def measure() -> list[Mapping[str, Any]]:
    """One row a model: microseconds bare and through the precompile, and their ratio."""
    return [_measure(sample) for sample in build_samples()]


def _measure(sample: Sample) -> Mapping[str, Any]:
    store = MemoryStore()
    engine, schedule = SessionEngine(store), Schedule()
    model_id = store.put(sample.model)
    state = MemoryState(REGISTRY)
    run_registry(engine, schedule, REGISTER + model_id, Meter(_GAS), state)
    state.address = INFERENCE
    tensors = encode_tensors([to_tensor(sample.x)])
    data = INFER + model_id + (64).to_bytes(32, "big") + tensors[32:]
    session = build_session(sample.model)

    bare, ours = compute_medians_s(
        (
            lambda: session.run(None, {"x": sample.x}),
            lambda: run_inference(engine, schedule, data, Meter(_GAS), state),
        )
    )
    return {
        "model": sample.name,
        "bare us": bare * 1e6,
        "precompile us": ours * 1e6,
        "own work us": (ours - bare) * 1e6,
        "ratio": ours / bare,
    }
