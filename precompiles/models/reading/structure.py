"""Structure: a graph's names, order, arity and attributes, checked before any library walks it.

Every tensor has one source and is made before it is used, so there is no cycle and no shadowing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import onnx

from precompiles.errors import NotAdmitted, TooLarge
from precompiles.models.limits import MAX_OPERANDS
from precompiles.models.operators import find_operator
from precompiles.models.reading.attribute import check_attributes
from precompiles.models.reading.header import OPSETS, normalize_domain
from precompiles.models.reading.signature import Signature, find_signature, get_formal
from precompiles.models.table.operator import Operator, Rule


@dataclass(frozen=True, slots=True)
class Use:
    """One operator application as it stands in the file."""

    node: onnx.NodeProto
    row: Operator
    signature: Signature

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
        signature = _find_signature(row, opsets)
        _check_arity(node, signature)
        opset = signature.since if row.domain else opsets[""]
        check_attributes(node, signature, opset, describe_node(node))
        _check_order(node, made, graph)
        uses.append(Use(node, row, signature))
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


def _find_signature(row: Operator, opsets: Mapping[str, int]) -> Signature:
    domain, opset = row.domain or "ai.onnx", opsets.get(row.domain)
    if opset is None:
        raise NotAdmitted(f"{row.name} needs operator set {domain}, which is not imported")
    signature = find_signature(row.name, opset, row.domain)
    if signature is None:
        low, high = OPSETS[row.domain]
        known = [v for v in range(low, high + 1) if find_signature(row.name, v, row.domain)]
        hint = f"opset {known[0]} to {known[-1]}" if known else "another operator"
        raise NotAdmitted(f"{row.name} is not in opset {opset} of {domain}; export with {hint}")
    return signature


def _collect(*groups: Iterable[tuple[str, str]]) -> dict[str, str]:
    """What makes each tensor that no operator makes; an initialiser may be a declared input."""
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


def _check_arity(node: onnx.NodeProto, signature: Signature) -> None:
    for what, names, formals, (least, most) in (
        ("input", node.input, signature.operands, signature.operand_counts),
        ("output", node.output, signature.results, signature.result_counts),
    ):
        if len(names) > MAX_OPERANDS:
            raise TooLarge(
                f"{describe_node(node)} has {len(names)} {what}s, at most {MAX_OPERANDS}"
            )
        if not least <= len(names) <= most:
            raise NotAdmitted(f"{describe_node(node)} has {len(names)} {what}s; export it again")
        for index, name in enumerate(names):
            if not name and not get_formal(formals, index).is_optional:
                missing = get_formal(formals, index).name
                raise NotAdmitted(
                    f"{describe_node(node)} lacks {what} '{missing}'; export it again"
                )
    if not any(node.output):
        raise NotAdmitted(f"{describe_node(node)} has no named output; export it again")


def _check_order(node: onnx.NodeProto, made: dict[str, str], graph: onnx.GraphProto) -> None:
    """Operands exist already; results are new."""
    for name in node.input:
        if name and name not in made:
            later = any(name in other.output for other in graph.node)
            reason = (
                "which a later operator makes: the graph is cyclic or not in execution order"
                if later
                else "which nothing makes"
            )
            raise NotAdmitted(f"{describe_node(node)} takes '{name}', {reason}; export it again")
    for name in node.output:
        if name and name in made:
            raise NotAdmitted(
                f"{describe_node(node)} makes '{name}' a second time; export it again"
            )
        if name:
            made[name] = "operator"
