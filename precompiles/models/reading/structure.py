"""Structure: a graph's names, order, arity and attributes, checked before any library walks it.

Every tensor has one source and is made before it is used, so there is no cycle and no shadowing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

import onnx
from onnx import defs

from precompiles.errors import NotAdmitted, TooLarge
from precompiles.models.limits import MAX_OPERANDS
from precompiles.models.operators import find_operator
from precompiles.models.reading.attribute import check_attributes
from precompiles.models.reading.header import normalize_domain
from precompiles.models.table.operator import Operator, Rule


@dataclass(frozen=True, slots=True)
class Use:
    """One operator application as it stands in the file."""

    node: onnx.NodeProto
    row: Operator
    schema: defs.OpSchema

    @property
    def where(self) -> str:
        """Operator and name, for messages."""
        return describe_node(self.node)


def check_structure(graph: onnx.GraphProto, opsets: Mapping[str, int]) -> tuple[Use, ...]:
    """Hold a parsed graph to the rules of ONNX and to the table of operators.

    Raises: NotAdmitted or TooLarge naming the operator or tensor.
    """
    made = _collect(
        (("initialiser", tensor.name) for tensor in graph.initializer),
        (("input", value.name) for value in graph.input),
    )
    uses = []
    for node in graph.node:
        row = find_operator(normalize_domain(node.domain), node.op_type)
        if row.rule is Rule.REFUSED:
            raise NotAdmitted(f"{describe_node(node)} is refused: {row.why}; {row.remedy}")
        schema = _find_schema(row, opsets)
        _check_arity(node, schema)
        check_attributes(node, schema, schema.since_version if row.domain else opsets[""])
        _check_order(node, made, graph)
        uses.append(Use(node, row, schema))
    names: set[str] = set()
    for value in graph.output:
        if value.name not in made:
            raise NotAdmitted(f"output '{value.name}' is made by no operator; export it again")
        if value.name in names:
            raise NotAdmitted(f"output '{value.name}' is declared twice; export it again")
        if made[value.name] != "operator":
            raise NotAdmitted(
                f"output '{value.name}' is an {made[value.name]}, not the result of an operator; "
                "put an Identity before it"
            )
        names.add(value.name)
    return tuple(uses)


def describe_node(node: onnx.NodeProto) -> str:
    """Operator and name, for messages."""
    name = node.name or (node.output[0] if node.output else "")
    return f"{node.op_type} '{name}'" if name else node.op_type


@lru_cache(maxsize=1024)
def find_schema(name: str, opset: int, domain: str) -> defs.OpSchema | None:
    """The schema in force, or nothing if the operator came later or was withdrawn."""
    try:
        schema = defs.get_schema(name, opset, domain)
    except defs.SchemaError:
        return None
    return None if schema.deprecated else schema


def _find_schema(row: Operator, opsets: Mapping[str, int]) -> defs.OpSchema:
    opset = opsets.get(row.domain)
    if opset is None:
        raise NotAdmitted(f"{row.name} needs operator set {row.domain}, which is not imported")
    schema = find_schema(row.name, opset, row.domain)
    if schema is None:
        raise NotAdmitted(f"{row.name} is not in opset {opset}; export with another opset")
    return schema


def _collect(*groups: Iterable[tuple[str, str]]) -> dict[str, str]:
    """What makes each tensor that no operator makes; an initialiser may also be a declared input."""
    made: dict[str, str] = {}
    for kind, name in (pair for group in groups for pair in group):
        if not name:
            raise NotAdmitted(f"an {kind} without a name; export it again")
        if name in made and not (kind == "input" and made[name] == "initialiser"):
            raise NotAdmitted(f"{kind} '{name}' is declared twice; export it again")
        if kind == "input" and name in made:
            made[name] = "initialiser and input"
        else:
            made[name] = kind
    return made


def _check_arity(node: onnx.NodeProto, schema: defs.OpSchema) -> None:
    where = describe_node(node)
    if len(node.input) > MAX_OPERANDS or len(node.output) > MAX_OPERANDS:
        raise TooLarge(f"{where} has more than {MAX_OPERANDS} inputs or outputs; split it")
    if not schema.min_input <= len(node.input) <= schema.max_input:
        raise NotAdmitted(f"{where} has {len(node.input)} inputs; export it again")
    if not schema.min_output <= len(node.output) <= schema.max_output:
        raise NotAdmitted(f"{where} has {len(node.output)} outputs; export it again")
    for index, name in enumerate(node.input):
        formal = schema.inputs[min(index, len(schema.inputs) - 1)]
        if not name and formal.option != defs.OpSchema.FormalParameterOption.Optional:
            raise NotAdmitted(f"{where} lacks input '{formal.name}'; export it again")
    for index, name in enumerate(node.output):
        formal = schema.outputs[min(index, len(schema.outputs) - 1)]
        if not name and formal.option != defs.OpSchema.FormalParameterOption.Optional:
            raise NotAdmitted(f"{where} lacks output '{formal.name}'; export it again")
    if not any(node.output):
        raise NotAdmitted(f"{where} has no named output; export it again")


def _check_order(node: onnx.NodeProto, made: dict[str, str], graph: onnx.GraphProto) -> None:
    """Operands exist already; results are new."""
    where = describe_node(node)
    for name in node.input:
        if name and name not in made:
            later = any(name in other.output for other in graph.node)
            reason = (
                "which a later operator makes: the graph is cyclic or not in execution order"
                if later
                else "which nothing makes"
            )
            raise NotAdmitted(f"{where} takes '{name}', {reason}; export it again")
    for name in node.output:
        if name and name in made:
            raise NotAdmitted(f"{where} makes '{name}' a second time; export it again")
        if name:
            made[name] = "operator"
