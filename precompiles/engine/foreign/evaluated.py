"""Engines that compute every tensor of a graph themselves instead of asking the runtime."""

from abc import abstractmethod
from collections.abc import Mapping

from precompiles.engine.canonical import to_array, to_tensor
from precompiles.engine.local import LocalEngine
from precompiles.engine.trace import Trace, build_trace
from precompiles.errors import RuntimeBroken
from precompiles.models.graph import Array, Graph, read_graph
from precompiles.models.manifest import Manifest
from precompiles.tensor import Tensor


class EvaluatedEngine(LocalEngine):
    """An engine over `evaluate`; what it does not cover stops this host, as any broken runtime."""

    @abstractmethod
    def evaluate(self, model: bytes, graph: Graph, feed: Mapping[str, Array]) -> dict[str, Array]:
        """Every result of the graph by name."""

    def run(self, manifest: Manifest, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """As `SessionEngine.run`."""
        _, arrays = self._evaluate(manifest, inputs)
        return tuple(to_tensor(arrays[kind.name]) for kind in manifest.outputs)

    def trace(self, manifest: Manifest, inputs: tuple[Tensor, ...]) -> Trace:
        """As `LocalEngine.trace`."""
        return build_trace(*self._evaluate(manifest, inputs))

    def _evaluate(
        self, manifest: Manifest, inputs: tuple[Tensor, ...]
    ) -> tuple[Graph, dict[str, Array]]:
        model = self.load(manifest.model_id)
        graph = read_graph(model, dict(manifest.dimensions))
        feed = {
            kind.name: to_array(tensor)
            for kind, tensor in zip(manifest.inputs, inputs, strict=True)
        }
        try:
            return graph, self.evaluate(model, graph, feed)
        except RuntimeBroken:
            raise
        except Exception as broken:
            raise RuntimeBroken(f"{type(self).__name__} failed: {broken}") from broken
