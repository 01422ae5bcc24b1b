"""Admission: the static check that turns model bytes into a manifest or a refusal.

From the bytes alone, so every host gives the same answer.
"""

from precompiles.digest import compute_model_id
from precompiles.errors import NotAdmitted
from precompiles.models.graph import read_graph
from precompiles.models.manifest import Manifest, Profile
from precompiles.models.operators import judge_node
from precompiles.models.work import compute_work


def admit_model(model: bytes) -> Manifest:
    """Check a model file.

    Raises: NotAdmitted or TooLarge with the reason and the remedy.
    """
    graph = read_graph(model)
    if not graph.inputs or not graph.outputs:
        raise NotAdmitted("a model needs at least one input and one output")
    profiles = [judge_node(node, graph).profile for node in graph.nodes]
    return Manifest(
        model_id=compute_model_id(model),
        profile=max(profiles, default=Profile.EXACT),
        size_bytes=len(model),
        work=compute_work(graph),
        inputs=graph.inputs,
        outputs=graph.outputs,
    )
