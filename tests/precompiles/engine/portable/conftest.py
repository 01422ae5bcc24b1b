"""What the tests of the portable evaluator share: one operator run on arrays."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import pytest
from onnx import helper, numpy_helper

from precompiles.engine.portable.evaluator import build_program
from precompiles.models.graph import read_graph

sys.path.insert(0, str(Path(__file__).resolve().parents[4] / "scripts"))

Array = npt.NDArray[Any]
Run = Callable[..., tuple[Array, ...]]


def build_one(
    operator: str,
    operands: Sequence[Array],
    constants: Sequence[int] = (),
    results: int = 1,
    opset: int = 23,
    **attributes: Any,
) -> bytes:
    """A model with one operator; operands named in `constants` become initialisers."""
    names = [f"x{index}" for index in range(len(operands))]
    outputs = [f"y{index}" for index in range(results)]
    free = [
        helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(a.dtype), a.shape)
        for index, (name, a) in enumerate(zip(names, operands, strict=True))
        if index not in constants
    ]
    graph = helper.make_graph(
        [helper.make_node(operator, names, outputs, **attributes)],
        "one",
        free,
        [onnx.ValueInfoProto(name=name) for name in outputs],
        [numpy_helper.from_array(operands[index], names[index]) for index in constants],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=10)
    typed = onnx.shape_inference.infer_shapes(model, strict_mode=True, data_prop=True)
    for value in typed.graph.output:
        if not value.type.tensor_type.elem_type:
            kind = helper.np_dtype_to_tensor_dtype(operands[0].dtype)
            value.CopyFrom(helper.make_tensor_value_info(value.name, kind, None))
    return bytes(typed.SerializeToString())


def run_model(model: bytes, operands: Sequence[Array]) -> tuple[Array, ...]:
    """Outputs of a model on its free operands."""
    program = build_program(read_graph(model))
    cells = program.run(operands)
    return tuple(np.asarray(cells[index]) for index in program.outputs)


@pytest.fixture(scope="session")
def run() -> Run:
    """Results of one operator: `run("Add", [a, b], constants=[1])`."""

    def run_one(
        operator: str, operands: Sequence[Array], constants: Sequence[int] = (), **named: Any
    ) -> tuple[Array, ...]:
        model = build_one(operator, operands, constants, **named)
        free = [a for index, a in enumerate(operands) if index not in constants]
        return run_model(model, free)

    return run_one
