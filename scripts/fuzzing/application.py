"""One use of one operator, and the model of one node that it makes.

An input is a shape (fed at run time), an array (a constant) or None (left out); its element type
follows the operator's schema under a choice of type for each type parameter.
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from onnx import ModelProto, TensorProto, defs, helper, numpy_helper

Array = npt.NDArray[Any]
Spec = tuple[int, ...] | Array | None
IR_VERSION = 10
KINDS = {
    "float": TensorProto.FLOAT,
    "uint8": TensorProto.UINT8,
    "int8": TensorProto.INT8,
    "uint16": TensorProto.UINT16,
    "int16": TensorProto.INT16,
    "int32": TensorProto.INT32,
    "int64": TensorProto.INT64,
    "bool": TensorProto.BOOL,
    "float16": TensorProto.FLOAT16,
    "double": TensorProto.DOUBLE,
    "uint32": TensorProto.UINT32,
    "uint64": TensorProto.UINT64,
}  # schema's spelling -> code, for the element types that may cross the boundary


@dataclass(frozen=True, slots=True)
class Application:
    """One use of one operator."""

    operator: str
    inputs: tuple[Spec, ...]
    attributes: Mapping[str, Any] = field(default_factory=dict)
    outputs: int = 1
    domain: str = ""


def find_schema(operator: str, opset: int, domain: str = "") -> defs.OpSchema | None:
    """The schema in force, or nothing if the operator came later or is gone."""
    try:
        schema = defs.get_schema(operator, opset, domain)
    except defs.SchemaError:
        return None
    return None if schema.deprecated else schema


def list_bindings(application: Application, opset: int) -> Iterator[dict[str, str]]:
    """Every choice of admissible element type for the schema's type parameters."""
    schema = find_schema(application.operator, opset, application.domain)
    if schema is None:
        return
    used = {
        _formal(schema.inputs, i).type_str
        for i, s in enumerate(application.inputs)
        if s is not None
    }
    used |= {_formal(schema.outputs, i).type_str for i in range(application.outputs)}
    choices = {
        constraint.type_param_str: [
            kind for kind in KINDS if f"tensor({kind})" in constraint.allowed_type_strs
        ]
        for constraint in schema.type_constraints
        if constraint.type_param_str in used
    }
    for chosen in itertools.product(*choices.values()):
        yield dict(zip(choices, chosen, strict=True))


def build_application(
    application: Application, opset: int, binding: Mapping[str, str]
) -> ModelProto:
    """A model of one node; inputs are named x0, x1, ..., outputs y0, y1, ..."""
    schema = find_schema(application.operator, opset, application.domain)
    assert schema is not None, f"{application.operator} is not in opset {opset}"
    names, inputs, constants = [], [], []
    for index, spec in enumerate(application.inputs):
        name = "" if spec is None else f"x{index}"
        names.append(name)
        if spec is None:
            continue
        code = _code(_formal(schema.inputs, index).type_str, binding)
        if isinstance(spec, tuple):
            inputs.append(helper.make_tensor_value_info(name, code, spec))
        else:
            array = np.asarray(spec).astype(helper.tensor_dtype_to_np_dtype(code))
            constants.append(numpy_helper.from_array(array, name))
    attributes: dict[str, Any] = {
        name: (KINDS[binding[value[1:]]] if isinstance(value, str) and value[:1] == "$" else value)
        for name, value in application.attributes.items()
        if name in schema.attributes
    }
    outputs = [f"y{index}" for index in range(application.outputs)]
    node = helper.make_node(
        application.operator, names, outputs, name="n", domain=application.domain, **attributes
    )
    values = [
        helper.make_tensor_value_info(
            name, _code(_formal(schema.outputs, i).type_str, binding), None
        )
        for i, name in enumerate(outputs)
    ]
    nodes = [node]
    if not inputs:
        inputs.append(helper.make_tensor_value_info("x", TensorProto.UINT8, [1]))
        values.append(helper.make_tensor_value_info("y", TensorProto.UINT8, [1]))
        nodes.append(helper.make_node("Identity", ["x"], ["y"], name="pass"))
    graph = helper.make_graph(nodes, "application", inputs, values, constants)
    opsets = [helper.make_opsetid("", opset if not application.domain else 21)]
    if application.domain:
        opsets.append(helper.make_opsetid(application.domain, opset))
    return helper.make_model(graph, ir_version=IR_VERSION, opset_imports=opsets)


def _formal(parameters: Sequence[Any], index: int) -> Any:
    return parameters[min(index, len(parameters) - 1)]


def _code(type_str: str, binding: Mapping[str, str]) -> int:
    return KINDS[binding.get(type_str) or type_str.removeprefix("tensor(").removesuffix(")")]
