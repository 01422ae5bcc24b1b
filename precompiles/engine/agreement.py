"""Agreement: an exact model gives equal bytes in the runtime and in the reference evaluator.

Checked at registration on generated inputs. A difference is a bug or an attack and never an
outcome, so this host abstains.
"""

from precompiles.engine.canonical import to_array, to_tensor
from precompiles.engine.generation import generate_inputs
from precompiles.engine.reference.application import OutOfBounds
from precompiles.engine.reference.evaluator import evaluate
from precompiles.engine.session import build_session, run_session
from precompiles.engine.trace import first_difference, trace_model, trace_reference
from precompiles.errors import RuntimeBroken
from precompiles.models.graph import Array, read_graph
from precompiles.models.manifest import Manifest


def check_agreement(model: bytes, manifest: Manifest, seed: int) -> None:
    """Run an exact model in both engines on generated inputs.

    An index out of bounds is agreed on if both engines refuse it.

    Raises: RuntimeBroken naming the operator and element of the first difference; NoRule or
        Undefined if the reference evaluator has no answer, before the runtime sees the input.
    """
    graph, session = read_graph(model, dict(manifest.dimensions)), build_session(model)
    names = [kind.name for kind in manifest.outputs]
    for label, inputs in generate_inputs(manifest, seed):
        feed = {
            kind.name: to_array(tensor)
            for kind, tensor in zip(manifest.inputs, inputs, strict=True)
        }
        try:
            arrays = evaluate(graph, feed)
        except OutOfBounds as refused:
            _require_refusal(session, names, feed, f"{label} inputs: {refused}")
            continue
        expected = tuple(to_tensor(arrays[name]) for name in names)
        if run_session(session, names, feed) != expected:
            ours = trace_reference(model, manifest, inputs)
            found = first_difference(trace_model(model, manifest, inputs), ours)
            raise RuntimeBroken(
                f"runtime and reference evaluator differ on {label} inputs (seed {seed}): "
                f"{found or 'in the outputs alone'}"
            )


def _require_refusal(session: object, names: list[str], feed: dict[str, Array], what: str) -> None:
    try:
        run_session(session, names, feed)
    except RuntimeBroken:
        return
    raise RuntimeBroken(f"the runtime answers where the reference evaluator refuses: {what}")
