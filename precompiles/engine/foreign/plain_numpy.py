"""Another runtime: ONNX's own evaluator on plain numpy, whose bits follow BLAS and vector units.

With OPENBLAS_CORETYPE and NPY_DISABLE_CPU_FEATURES in its environment a process computes as another
processor would (`host.py`).
"""

from collections.abc import Mapping

import numpy as np

from precompiles.engine.foreign.evaluated import EvaluatedEngine
from precompiles.engine.local import LocalEngine
from precompiles.engine.trace import Trace, expose, list_results
from precompiles.models.graph import Array, Graph
from precompiles.models.manifest import Manifest, Profile
from precompiles.tensor import Tensor


class NumpyEngine(EvaluatedEngine):
    """An engine without ONNX Runtime; portable models run in their evaluator here too."""

    def run(self, manifest: Manifest, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """As `SessionEngine.run`."""
        if manifest.profile is Profile.PORTABLE:
            return LocalEngine.run(self, manifest, inputs)
        return super().run(manifest, inputs)

    def trace(self, manifest: Manifest, inputs: tuple[Tensor, ...]) -> Trace:
        """As `LocalEngine.trace`."""
        if manifest.profile is Profile.PORTABLE:
            return LocalEngine.trace(self, manifest, inputs)
        return super().trace(manifest, inputs)

    def evaluate(self, model: bytes, graph: Graph, feed: Mapping[str, Array]) -> dict[str, Array]:
        from onnx.reference import ReferenceEvaluator

        names = list_results(graph)
        evaluator = ReferenceEvaluator(expose(model, graph, names))
        with np.errstate(all="ignore"):
            results = evaluator.run(names, dict(feed))
        return {name: np.asarray(array) for name, array in zip(names, results, strict=True)}
