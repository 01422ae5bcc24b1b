"""Claim: how one validator says a request comes out, operator by operator.

A faulty one claims the trace of what it runs, in the shape of the model's own operators: whoever
claims another shape loses at once.
"""

from dataclasses import dataclass

from devnet.validators.faults.engine import SwitchedEngine
from devnet.validators.faults.fault import Strategy
from devnet.validators.optimistic.contract import Known
from devnet.validators.optimistic.tree import TraceTree
from precompiles.engine.operator import INPUTS, Operators, list_contents
from precompiles.engine.trace import Trace
from precompiles.models.manifest import Manifest
from precompiles.operators import open_operators
from precompiles.tensor import Tensor


@dataclass(frozen=True, slots=True)
class Claim:
    """A trace with its tree."""

    operators: Operators
    inputs: tuple[Tensor, ...]
    trace: Trace
    tree: TraceTree

    @property
    def last_results(self) -> bytes:
        """Digest of the last operator's results."""
        return self.trace.steps[-1].digest

    @property
    def last_siblings(self) -> tuple[bytes, ...]:
        return self.tree.get_siblings(len(self.operators) - 1)

    def list_operands(self, index: int) -> tuple[Known, ...]:
        """What an operator reads, with proofs; of a padding leaf nothing."""
        if index >= len(self.operators):
            return ()
        return tuple(self._prove(source) for source in self.operators.list_sources(index))

    def _prove(self, source: int) -> Known:
        if source == INPUTS:
            return source, self.inputs, ()
        return source, self.trace.steps[source - 1].results, self.tree.get_siblings(source - 1)


def build_claim(
    engine: SwitchedEngine, manifest: Manifest, inputs: tuple[Tensor, ...], height: int
) -> Claim:
    """What a validator claims at a height, by its faults there.

    Args:
        inputs: as they were asked for.
    Raises: ModelMissing, StoreCorrupt, RuntimeBroken, NotAllowed: it claims nothing.
    """
    operators = open_operators(engine, manifest)
    engine.enter(height, 0)
    suspect = engine.pick(manifest.model_id)
    if engine.conduct.picks((Strategy.LAZY,), height, 0, 0, manifest.model_id):
        trace = _make_up(operators, inputs)
    elif suspect is None:
        trace = operators.trace(inputs)
    else:
        suspected = suspect.trace(manifest, inputs)
        found = {
            name: tensor
            for step in suspected.steps
            for name, tensor in zip(step.names, step.results, strict=True)
        }
        outputs = zip(manifest.outputs, suspected.outputs, strict=True)
        found |= {kind.name: tensor for kind, tensor in outputs}
        trace = operators.trace(inputs, found)
    return Claim(operators, inputs, trace, TraceTree(list_contents(trace)))


def _make_up(operators: Operators, inputs: tuple[Tensor, ...]) -> Trace:
    """Zeros everywhere: nothing was run."""
    sources = range(INPUTS + 1, len(operators) + 1)
    kinds = [kind for source in sources for kind in operators.list_kinds(source)]
    zeros = {k.name: Tensor(k.dtype, k.shape, bytes(k.size_bytes)) for k in kinds}
    return operators.trace(inputs, zeros)
