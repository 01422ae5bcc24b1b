"""Isolation: the same bits from another process, and limits that end the worker, not the node."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from precompiles.engine.canonical import to_tensor
from precompiles.engine.isolated import IsolatedEngine
from precompiles.engine.session import SessionEngine
from precompiles.errors import ModelMissing, RuntimeBroken
from precompiles.models.admission import admit_model
from precompiles.models.manifest import Manifest
from precompiles.models.samples import read_digits, read_sample
from precompiles.models.store import MemoryStore

MIB = 1 << 20


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


def _build(
    nodes: list[onnx.NodeProto], size: int, weights: dict[str, np.ndarray] | None = None
) -> bytes:
    tensors = [numpy_helper.from_array(v, n) for n, v in (weights or {}).items()]
    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, [size, size])]
    outputs = [helper.make_tensor_value_info("y", TensorProto.FLOAT, [size, size])]
    graph = helper.make_graph(nodes, "g", inputs, outputs, tensors)
    opsets = [helper.make_opsetid("", 21)]
    return bytes(helper.make_model(graph, opset_imports=opsets, ir_version=10).SerializeToString())


def _slow_model(size: int, count: int) -> bytes:
    names = ["x", *(f"t{i}" for i in range(count - 1)), "y"]
    return _build(
        [helper.make_node("MatMul", [a, "x"], [b]) for a, b in pairwise(names)],
        size,
    )


@pytest.fixture
def engine(store: MemoryStore) -> Iterator[IsolatedEngine]:
    engine = IsolatedEngine(store, memory_bytes=256 * MIB, time_s=20)
    yield engine
    engine.close()


def _add(store: MemoryStore, model: bytes) -> Manifest:
    store.put(model)
    return admit_model(model)


def test_the_worker_gives_the_same_bits(store: MemoryStore, engine: IsolatedEngine) -> None:
    """Float and integer digits: equal bytes in process and isolated, on repeated calls."""
    pixels, _ = read_digits()
    local = SessionEngine(store)
    for name, dtype in (("digits_exact", np.uint8), ("digits_float", np.float32)):
        manifest = _add(store, read_sample(name))
        for index in range(3):
            inputs = (to_tensor(pixels[index : index + 1].astype(dtype)),)
            assert engine.run(manifest, inputs) == local.run(manifest, inputs)


def test_a_model_that_takes_too_long_is_a_fault_and_the_next_call_works(
    store: MemoryStore,
) -> None:
    """The worker is killed at the limit; another one answers the next question."""
    slow = _add(store, _slow_model(1000, 19))
    quick = _add(store, read_sample("digits_exact"))
    engine = IsolatedEngine(store, memory_bytes=1024 * MIB, time_s=0.05)
    try:
        with pytest.raises(RuntimeBroken, match=r"within 0\.05 s"):
            engine.run(slow, (to_tensor(np.ones((1000, 1000), np.float32)),))
        engine.time_s = 20
        pixels, _ = read_digits()
        outputs = engine.run(quick, (to_tensor(pixels[:1]),))
        assert outputs == SessionEngine(store).run(quick, (to_tensor(pixels[:1]),))
    finally:
        engine.close()


def test_a_model_that_takes_too_much_memory_is_a_fault(store: MemoryStore) -> None:
    """An allocation above the limit fails in the worker only."""
    manifest = _add(store, _slow_model(1500, 5))
    engine = IsolatedEngine(store, memory_bytes=16 * MIB, time_s=20)
    try:
        with pytest.raises(RuntimeBroken):
            engine.run(manifest, (to_tensor(np.ones((1500, 1500), np.float32)),))
    finally:
        engine.close()


def test_faults_keep_their_class_across_the_process(engine: IsolatedEngine) -> None:
    """A model this host lacks is ModelMissing, isolated or not."""
    manifest = admit_model(read_sample("digits_exact"))
    with pytest.raises(ModelMissing):
        engine.run(manifest, ())
