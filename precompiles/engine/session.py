"""The engine: runs admitted models, portable ones in our evaluator, others in ONNX Runtime.

The runtime has one fixed set of options: CPU provider, one thread, sequential, graph optimisation
off, from bytes: each can change bits. The one place where upstream errors become ours.
"""

from collections.abc import Mapping

import numpy as np
import onnxruntime as ort

from precompiles.digest import compute_model_id
from precompiles.engine.canonical import to_array, to_tensor
from precompiles.engine.portable.evaluator import Program, build_program
from precompiles.errors import RuntimeBroken, StoreCorrupt
from precompiles.models.graph import read_graph
from precompiles.models.manifest import Manifest, Profile
from precompiles.models.store import ModelStore
from precompiles.tensor import Tensor

_PROVIDERS = ["CPUExecutionProvider"]
_LOG_FATAL = 4  # severity: the runtime's own text never reaches the terminal


def build_options() -> ort.SessionOptions:
    """Session options that consensus depends on."""
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = _LOG_FATAL
    return options


class SessionEngine:
    """Sessions of one host over its model store."""

    def __init__(self, store: ModelStore) -> None:
        self.store = store
        self._sessions: dict[bytes, ort.InferenceSession] = {}
        self._programs: dict[tuple[bytes, tuple[tuple[str, int], ...]], Program] = {}

    def load(self, model_id: bytes) -> bytes:
        """Model bytes, checked against their id.

        Raises: ModelMissing, StoreCorrupt.
        """
        model = self.store.get(model_id)
        if compute_model_id(model) != model_id:
            raise StoreCorrupt(f"bytes under 0x{model_id.hex()} do not hash to it; add them again")
        return model

    def read_weights(self, model_id: bytes) -> bytes:
        """The bytes a session is built from: the model itself."""
        return self.load(model_id)

    def build(self, model: bytes) -> ort.InferenceSession:
        """A session under the options of this host. Raises: RuntimeBroken."""
        return build_session(model, build_options())

    def run(self, manifest: Manifest, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """Run a model on tensors that fit its signature.

        Shapes: as the manifest declares; inputs and outputs in its order.
        Raises: ModelMissing, StoreCorrupt, RuntimeBroken: this host cannot answer.
        """
        if manifest.profile is Profile.PORTABLE:
            outputs = self._run_program(manifest, inputs)
        else:
            outputs = self.run_in_session(manifest, inputs)
        for kind, tensor in zip(manifest.outputs, outputs, strict=True):
            if tensor.dtype is not kind.dtype or tensor.shape != kind.shape:
                raise RuntimeBroken(f"output {kind} came as {tensor.dtype.name} {tensor.shape}")
        return outputs

    def run_in_session(self, manifest: Manifest, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """As `run`, in the runtime whatever the profile."""
        session = self._sessions.get(manifest.model_id)
        if session is None:
            session = self.build(self.read_weights(manifest.model_id))
            self._sessions[manifest.model_id] = session
        feed = {
            kind.name: to_array(tensor)
            for kind, tensor in zip(manifest.inputs, inputs, strict=True)
        }
        return run_session(session, [kind.name for kind in manifest.outputs], feed)

    def _run_program(self, manifest: Manifest, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        key = manifest.model_id, manifest.dimensions
        program = self._programs.get(key)
        if program is None:
            weights = self.read_weights(manifest.model_id)
            program = build_program(read_graph(weights, dict(manifest.dimensions)))
            self._programs[key] = program
        cells = program.run([to_array(tensor) for tensor in inputs])
        return tuple(to_tensor(np.asarray(cells[index])) for index in program.outputs)


def build_session(model: bytes, options: ort.SessionOptions | None = None) -> ort.InferenceSession:
    """A session under the given options, those of consensus by default.

    Raises: RuntimeBroken if the runtime refuses an admitted model.
    """
    try:
        return ort.InferenceSession(model, options or build_options(), providers=_PROVIDERS)
    except Exception as broken:
        raise RuntimeBroken(
            f"onnxruntime {ort.__version__} cannot load the model: {broken}"
        ) from broken


def run_session(
    session: ort.InferenceSession, names: list[str], feed: Mapping[str, np.ndarray]
) -> tuple[Tensor, ...]:
    """Raises: RuntimeBroken if the runtime fails on the inputs."""
    try:
        return tuple(to_tensor(array) for array in session.run(names, feed))
    except Exception as broken:
        raise RuntimeBroken(f"onnxruntime {ort.__version__} failed: {broken}") from broken
