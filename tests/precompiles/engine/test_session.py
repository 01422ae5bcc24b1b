"""Engine: options that decide bits, equal bits on every run, and faults that are ours."""

from dataclasses import replace

import numpy as np
import onnxruntime as ort
import pytest
from onnx import TensorProto

from precompiles.engine.canonical import to_tensor
from precompiles.engine.session import SessionEngine, build_options, build_session
from precompiles.errors import ModelMissing, RuntimeBroken, StoreCorrupt
from precompiles.models.admission import admit_model
from precompiles.models.manifest import Manifest, Profile, Work
from precompiles.models.samples import read_digits, read_sample
from precompiles.models.store import MemoryStore
from precompiles.tensor import DType, Tensor, TensorType
from tests.precompiles.conftest import build_model

EVEN = TensorType("x", DType.INT64, (2,))


class SwappedStore(MemoryStore):
    """A store whose disk returns another model's bytes."""

    def get(self, model_id: bytes) -> bytes:
        return super().get(model_id)[:-1] + b"\0"


def build_engine(model: bytes) -> SessionEngine:
    store = MemoryStore()
    store.put(model)
    return SessionEngine(store)


def build_manifest(
    model: bytes, inputs: tuple[TensorType, ...], outputs: tuple[TensorType, ...]
) -> Manifest:
    """A manifest that admission never saw."""
    model_id = MemoryStore().put(model)
    return Manifest(model_id, Profile.EXACT, len(model), Work(0, 0, 0), inputs, outputs)


def test_options_are_the_ones_consensus_depends_on() -> None:
    """One thread, sequential, no graph optimisation, runtime silent; CPU provider only."""
    options = build_options()
    assert options.graph_optimization_level == ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    assert options.execution_mode == ort.ExecutionMode.ORT_SEQUENTIAL
    assert (options.intra_op_num_threads, options.inter_op_num_threads) == (1, 1)
    assert options.log_severity_level == 4
    session = build_session(read_sample("digits_exact"))
    assert session.get_providers() == ["CPUExecutionProvider"]
    built = session.get_session_options()
    assert built.graph_optimization_level == options.graph_optimization_level
    assert (built.intra_op_num_threads, built.inter_op_num_threads) == (1, 1)


@pytest.mark.parametrize("name", ["digits_exact", "digits_float"])
def test_every_run_and_every_fresh_session_gives_the_same_bits(name: str) -> None:
    """Ten images, three engines, three runs each."""
    model = read_sample(name)
    manifest = admit_model(model)
    pixels = read_digits()[0][:10].astype(np.uint8 if name == "digits_exact" else np.float32)
    batches = [(to_tensor(row[np.newaxis]),) for row in pixels]
    answers = set()
    for _ in range(3):
        engine = build_engine(model)
        for _ in range(3):
            answers.add(tuple(engine.run(manifest, batch) for batch in batches))
    assert len(answers) == 1


def test_outputs_come_in_the_order_and_types_the_manifest_declares() -> None:
    """Digit first, then scores; the digit is the largest score."""
    manifest = admit_model(read_sample("digits_exact"))
    pixels, _ = read_digits()
    engine = build_engine(read_sample("digits_exact"))
    digit, scores = engine.run(manifest, (to_tensor(pixels[:1]),))
    assert [(t.dtype, t.shape) for t in (digit, scores)] == [
        (kind.dtype, kind.shape) for kind in manifest.outputs
    ]
    assert np.frombuffer(digit.data, "<i8")[0] == np.frombuffer(scores.data, "<i4").argmax()


def test_inputs_are_matched_by_position(joiner: bytes) -> None:
    """The manifest's order, not the alphabet's."""
    left, right = Tensor(DType.UINT8, (2,), b"ab"), Tensor(DType.UINT8, (3,), b"cde")
    (whole,) = build_engine(joiner).run(admit_model(joiner), (left, right))
    assert whole.data == b"abcde"


def test_float_outputs_are_canonical() -> None:
    """0/0 and -0.0 leave the runtime as the canonical NaN and zero."""
    kind = (TensorProto.FLOAT, (2,))
    model = build_model("Div", {"x": kind, "y": kind}, {"z": kind})
    x = Tensor(DType.FLOAT32, (2,), np.array([0, -0.0], "<f4").tobytes())
    y = Tensor(DType.FLOAT32, (2,), np.array([0, 1], "<f4").tobytes())
    (z,) = build_engine(model).run(admit_model(model), (x, y))
    assert z.data.hex() == "0000c07f" + "00000000"


def test_a_float_scalar_passes_through() -> None:
    """Rank 0 in and out."""
    kind = (TensorProto.FLOAT, ())
    model = build_model("Neg", {"x": kind}, {"y": kind})
    one = Tensor(DType.FLOAT32, (), np.float32(1).tobytes())
    (minus_one,) = build_engine(model).run(admit_model(model), (one,))
    assert minus_one == Tensor(DType.FLOAT32, (), np.float32(-1).tobytes())


def test_a_missing_model_is_this_hosts_fault() -> None:
    """The chain knows it, the store does not."""
    model = read_sample("digits_exact")
    engine = SessionEngine(MemoryStore())
    with pytest.raises(ModelMissing, match="devnet model add"):
        engine.load(admit_model(model).model_id)
    with pytest.raises(ModelMissing):
        engine.run(admit_model(model), (Tensor(DType.UINT8, (1, 64), bytes(64)),))


def test_bytes_that_do_not_hash_to_their_id_never_run() -> None:
    """Neither by `load` nor through a session."""
    model = read_sample("digits_exact")
    store = SwappedStore()
    model_id = store.put(model)
    engine = SessionEngine(store)
    with pytest.raises(StoreCorrupt, match=f"0x{model_id.hex()} do not hash"):
        engine.load(model_id)
    with pytest.raises(StoreCorrupt):
        engine.run(admit_model(model), (Tensor(DType.UINT8, (1, 64), bytes(64)),))


def test_a_model_the_runtime_cannot_load_is_this_hosts_fault() -> None:
    """The runtime's text and version stand in the message."""
    with pytest.raises(RuntimeBroken, match=f"onnxruntime {ort.__version__} cannot load"):
        build_session(b"no model")


def test_a_run_the_runtime_refuses_is_this_hosts_fault() -> None:
    """An index past the end, on a model that admission never saw."""
    kind = (TensorProto.INT64, (2,))
    model = build_model("Gather", {"x": kind, "at": kind}, {"y": kind})
    manifest = build_manifest(model, (EVEN, replace(EVEN, name="at")), (replace(EVEN, name="y"),))
    values = Tensor(DType.INT64, (2,), bytes(16))
    wrong = Tensor(DType.INT64, (2,), np.array([0, 9], "<i8").tobytes())
    with pytest.raises(RuntimeBroken, match="failed"):
        build_engine(model).run(manifest, (values, wrong))


@pytest.mark.parametrize(
    "declared",
    [TensorType("y", DType.INT64, (1, 2)), TensorType("y", DType.INT32, (2,))],
)
def test_an_output_of_another_type_than_declared_is_refused(declared: TensorType) -> None:
    """Gas was charged for the declared bytes; no others may leave."""
    kind = (TensorProto.INT64, (2,))
    model = build_model("Identity", {"x": kind}, {"y": kind})
    with pytest.raises(RuntimeBroken, match="output y"):
        build_engine(model).run(
            build_manifest(model, (EVEN,), (declared,)), (Tensor(DType.INT64, (2,), bytes(16)),)
        )


def test_an_output_dtype_outside_the_boundary_is_refused() -> None:
    """A runtime that answers with strings is broken, not a KeyError."""
    kind = (TensorProto.INT64, (2,))
    model = build_model("Cast", {"x": kind}, {"y": (TensorProto.STRING, (2,))}, to=8)
    manifest = build_manifest(model, (EVEN,), (replace(EVEN, name="y"),))
    with pytest.raises(RuntimeBroken):
        build_engine(model).run(manifest, (Tensor(DType.INT64, (2,), bytes(16)),))


def test_a_failed_run_leaves_the_engine_usable() -> None:
    """The next call on the same session is answered as if nothing had happened."""
    kind = (TensorProto.INT64, (2,))
    model = build_model("Gather", {"x": kind, "at": kind}, {"y": kind})
    manifest = build_manifest(model, (EVEN, replace(EVEN, name="at")), (replace(EVEN, name="y"),))
    engine = build_engine(model)
    values = Tensor(DType.INT64, (2,), np.array([7, 8], "<i8").tobytes())
    wrong = Tensor(DType.INT64, (2,), np.array([0, 9], "<i8").tobytes())
    right = Tensor(DType.INT64, (2,), np.array([1, 0], "<i8").tobytes())
    with pytest.raises(RuntimeBroken):
        engine.run(manifest, (values, wrong))
    (found,) = engine.run(manifest, (values, right))
    assert np.frombuffer(found.data, "<i8").tolist() == [8, 7]
