"""Admission: the static check that turns model bytes into a manifest or a refusal.

From the bytes alone, so every host gives the same answer.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from precompiles.digest import compute_model_id
from precompiles.errors import NotAdmitted
from precompiles.models.graph import Graph, read_graph
from precompiles.models.manifest import Manifest, Profile
from precompiles.models.portable_work import compute_portable_work
from precompiles.models.reading.binding import find_sizes
from precompiles.models.reading.header import parse_model
from precompiles.models.rules.judge import judge_graph
from precompiles.models.rules.portability import make_portable
from precompiles.models.rules.verdict import Verdict
from precompiles.models.work import compute_work

NO_DIMENSIONS: Mapping[str, int] = MappingProxyType({})


def admit_model(model: bytes, dimensions: Mapping[str, int] = NO_DIMENSIONS) -> Manifest:
    """Check a model file.

    Args:
        dimensions: size of each dynamic dimension, by its name or `input:axis`.

    Raises: NotAdmitted or TooLarge with the reason and the remedy.
    """
    graph = read_graph(model, dimensions)
    return build_manifest(model, graph, judge_model(graph))


def admit_for_shapes(model: bytes, shapes: Sequence[tuple[int, ...]]) -> Manifest:
    """Check a model file whose dynamic dimensions are those of given inputs. Raises: as above."""
    return admit_model(model, dict(find_sizes(parse_model(model).graph, shapes)))


def judge_model(graph: Graph) -> tuple[Verdict, ...]:
    """Verdicts in execution order; none is portable if the file asks for the runtime's floats."""
    verdicts = judge_graph(graph)
    return verdicts if graph.asks_pinned else make_portable(graph, verdicts)


def build_manifest(model: bytes, graph: Graph, verdicts: Sequence[Verdict]) -> Manifest:
    """Manifest of a graph whose operators were judged.

    Raises: NotAdmitted for the first operator refused; TooLarge.
    """
    profiles = [Profile.EXACT]
    for verdict in verdicts:
        if verdict.profile is None:
            raise NotAdmitted(str(verdict))
        profiles.append(verdict.profile)
    profile = max(profiles)
    portable = profile is Profile.PORTABLE
    return Manifest(
        model_id=compute_model_id(model),
        profile=profile,
        size_bytes=len(model),
        work=compute_portable_work(graph) if portable else compute_work(graph),
        inputs=graph.inputs,
        outputs=graph.outputs,
        dimensions=graph.dimensions,
    )
