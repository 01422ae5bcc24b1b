"""Report: everything the check finds in a model, for the person who made it.

Admission stops at the first refusal; a report goes on as far as types are known.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from precompiles.digest import compute_model_id
from precompiles.errors import NotAdmitted, Revert
from precompiles.models.admission import NO_DIMENSIONS, build_manifest, judge_model
from precompiles.models.graph import read_graph
from precompiles.models.manifest import Manifest, Profile
from precompiles.models.operators import find_operator
from precompiles.models.reading.header import normalize_domain, parse_model
from precompiles.models.reading.structure import describe_node
from precompiles.models.rules.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Report:
    """Outcome of the check; work, signature and profile stand in the manifest."""

    model_id: bytes  # 32 bytes
    size_bytes: int
    manifest: Manifest | None  # none if the model is refused
    refusals: tuple[str, ...]  # each with its remedy; empty if the model is admitted
    verdicts: tuple[Verdict, ...]  # of every operator; empty if its types are not known

    @property
    def is_admitted(self) -> bool:
        return self.manifest is not None

    @property
    def obstacles(self) -> tuple[Verdict, ...]:
        """Operators that keep the model from being exact, in execution order."""
        return tuple(verdict for verdict in self.verdicts if verdict.profile is not Profile.EXACT)

    @property
    def portable_obstacles(self) -> tuple[Verdict, ...]:
        """Operators that keep the model from being portable, in execution order."""
        return tuple(verdict for verdict in self.verdicts if verdict.profile is Profile.PINNED)


def check_model(model: bytes, dimensions: Mapping[str, int] = NO_DIMENSIONS) -> Report:
    """Check a model file as admission does, and say everything that is found."""
    verdicts: tuple[Verdict, ...] = ()
    manifest, refusals = None, _list_foreign(model)
    try:
        graph = read_graph(model, dimensions)
        verdicts = judge_model(graph)
        manifest = build_manifest(model, graph, verdicts)
    except Revert as refused:
        found = [str(verdict) for verdict in verdicts if verdict.profile is None]
        refusals = refusals or tuple(found) or (str(refused),)
    return Report(compute_model_id(model), len(model), manifest, refusals, verdicts)


def _list_foreign(model: bytes) -> tuple[str, ...]:
    """Operators that are refused by name, all of them, one line for each kind."""
    try:
        nodes = parse_model(model).graph.node
    except Revert:
        return ()
    found: dict[str, str] = {}
    for node in nodes:
        try:
            row = find_operator(normalize_domain(node.domain), node.op_type)
        except NotAdmitted as unknown:
            found.setdefault(node.op_type, str(unknown))
            continue
        if row.best is None:
            text = f"{describe_node(node)} is refused: {row.why}; {row.remedy}"
            found.setdefault(node.op_type, text)
    return tuple(found.values())
