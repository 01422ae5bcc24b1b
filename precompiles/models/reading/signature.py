"""Signature: an operator's schema as plain values, read from `onnx` once for each opset."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from onnx import defs

_Option = defs.OpSchema.FormalParameterOption


@dataclass(frozen=True, slots=True)
class Formal:
    """One declared operand or result; the last of a variadic list stands for all that follow."""

    name: str
    parameter: str  # type parameter, or the type itself
    types: frozenset[str]
    is_optional: bool
    is_homogeneous: bool


@dataclass(frozen=True, slots=True)
class Declared:
    """One declared attribute."""

    code: int  # of AttributeProto.type
    is_required: bool


@dataclass(frozen=True, slots=True)
class Signature:
    """What a use of the operator is held to."""

    schema: defs.OpSchema
    since: int
    operands: tuple[Formal, ...]
    results: tuple[Formal, ...]
    operand_counts: tuple[int, int]
    result_counts: tuple[int, int]
    attributes: Mapping[str, Declared]


@lru_cache(maxsize=1024)
def find_signature(name: str, opset: int, domain: str) -> Signature | None:
    """The signature in force, or nothing if the operator came later or was withdrawn."""
    try:
        schema = defs.get_schema(name, opset, domain)
    except defs.SchemaError:
        return None
    if schema.deprecated:
        return None
    return Signature(
        schema=schema,
        since=schema.since_version,
        operands=_read_formals(schema.inputs),
        results=_read_formals(schema.outputs),
        operand_counts=(schema.min_input, schema.max_input),
        result_counts=(schema.min_output, schema.max_output),
        attributes={
            key: Declared(attribute.type.value, attribute.required)  # type: ignore[attr-defined]
            for key, attribute in schema.attributes.items()
        },
    )


def get_formal(formals: tuple[Formal, ...], index: int) -> Formal:
    """The declaration of an operand or result by place."""
    return formals[min(index, len(formals) - 1)]


def _read_formals(declared: Sequence[defs.OpSchema.FormalParameter]) -> tuple[Formal, ...]:
    return tuple(
        Formal(
            name=formal.name,
            parameter=formal.type_str,
            types=frozenset(formal.types),
            is_optional=formal.option == _Option.Optional,
            is_homogeneous=formal.is_homogeneous,
        )
        for formal in declared
    )
