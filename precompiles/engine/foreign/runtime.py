"""Engines that ask the runtime whatever the profile of a model prescribes."""

from precompiles.engine.local import LocalEngine
from precompiles.engine.trace import Trace, trace_session
from precompiles.models.manifest import Manifest
from precompiles.tensor import Tensor


class RuntimeEngine(LocalEngine):
    """Portable models run in ONNX Runtime here, like all others."""

    def run(self, manifest: Manifest, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """As `SessionEngine.run`."""
        return self.run_in_session(manifest, inputs)

    def trace(self, manifest: Manifest, inputs: tuple[Tensor, ...]) -> Trace:
        """As `LocalEngine.trace`."""
        model = self.read_weights(manifest.model_id)
        return trace_session(self.build, model, manifest, inputs)
