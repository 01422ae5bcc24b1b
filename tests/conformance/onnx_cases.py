"""ONNX's own operator tests in a form that admission can judge.

The nearest admitted opset, and operands that decide shapes bound as constants, as few as will do.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnx.backend.test.case.node import collect_testcases
from onnx.backend.test.case.test_case import TestCase as Case

from precompiles.errors import Revert
from precompiles.models.admission import admit_model
from precompiles.models.limits import MAX_IR, MAX_OPSET, MIN_IR, MIN_OPSET
from precompiles.models.manifest import Manifest

Array = npt.NDArray[Any]
PULSE, ECHO = "case_pulse", "case_echo"  # input and output of a graph that would have no input


@dataclass(frozen=True, slots=True)
class Prepared:
    """One data set of a case, as a model that admission takes."""

    model: bytes
    manifest: Manifest
    inputs: tuple[Array, ...]
    expected: tuple[Array, ...]


def collect_cases() -> list[tuple[Case, str]]:
    """All node cases, each with the operator it tests; an expanded one tests that of its origin."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        cases = list(collect_testcases(None))
    operators = {case.name: case.model.graph.node[0].op_type for case in cases if case.model}
    origins = (case.name.split("_expanded")[0] for case in cases)
    return [(c, operators.get(o, operators[c.name])) for c, o in zip(cases, origins, strict=True)]


def prepare(case: Case, inputs: Sequence[object], outputs: Sequence[object]) -> Prepared:
    """The case with as few inputs bound as admission needs.

    Raises: Revert with the reason if it is refused even with all of them bound.
    """
    model = stamp(case)
    try:
        given, expected = ([read_array(value) for value in values] for values in (inputs, outputs))
    except TypeError:
        admit_model(model.SerializeToString())
        raise
    count = len(given)
    integers = {i for i, array in enumerate(given) if array.dtype.kind in "biu"}
    choices = [set(range(free, count)) for free in range(count, -1, -1)]
    for bound in (*choices, integers):
        try:
            return bind(model, given, bound, expected)
        except Revert as refusal:
            reason = refusal  # of the last: sizes are known, and no float is a constant
    raise reason


def bind(
    model: onnx.ModelProto, given: Sequence[Array], bound: set[int], expected: Sequence[Array]
) -> Prepared:
    """The model with some inputs bound to their values, the others to their shapes.

    Raises: Revert.
    """
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    graph = copy.graph
    values = list(graph.input)
    del graph.input[:]
    inputs = [array for i, array in enumerate(given) if i not in bound]
    for i, (value, array) in enumerate(zip(values, given, strict=True)):
        if i in bound:
            graph.initializer.append(numpy_helper.from_array(array, value.name))
        else:
            kind = value.type.tensor_type.elem_type
            graph.input.append(helper.make_tensor_value_info(value.name, kind, array.shape))
    if not inputs:
        inputs = [np.zeros(1, np.uint8)]
        graph.input.append(helper.make_tensor_value_info(PULSE, TensorProto.UINT8, [1]))
        graph.output.append(helper.make_tensor_value_info(ECHO, TensorProto.UINT8, [1]))
        graph.node.append(helper.make_node("Identity", [PULSE], [ECHO]))
    data = bytes(copy.SerializeToString())
    return Prepared(data, admit_model(data), tuple(inputs), tuple(expected))


def read_array(value: object) -> Array:
    """Raises: TypeError for a value that is no tensor."""
    if isinstance(value, TensorProto):
        value = numpy_helper.to_array(value)
    if not isinstance(value, np.ndarray | np.generic):
        raise TypeError(f"a {type(value).__name__}")
    return np.asarray(value)


def stamp(case: Case) -> onnx.ModelProto:
    """Its model, at the nearest admitted opset and IR version."""
    assert case.model is not None
    model = onnx.ModelProto()
    model.CopyFrom(case.model)
    model.ir_version = min(max(model.ir_version, MIN_IR), MAX_IR)
    for opset in model.opset_import:
        if opset.domain == "":
            opset.version = min(max(opset.version, MIN_OPSET), MAX_OPSET)
    return model
