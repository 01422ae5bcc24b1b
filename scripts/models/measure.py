"""Measurement: how a model answers on held-out data, run as a validator runs it."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from precompiles.engine.session import build_session
from precompiles.models.graph import Graph, read_graph
from precompiles.quantization.port import Port, read_ports

from .family import Family, Task


@dataclass(frozen=True, slots=True)
class Measurement:
    """One form of one family on its held-out samples."""

    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    macs: int  # multiply-adds of products and convolutions
    answers: npt.NDArray[np.float64]  # (samples,) in the float form's units
    right: int  # answers that are the right one; of estimates, none is
    error: float  # mean distance to the right answer

    @property
    def accuracy(self) -> float:
        """Share answered right, 0..1."""
        return self.right / len(self.answers)


def measure(family: Family, model: bytes) -> Measurement:
    """Run each held-out sample through a form of the family."""
    inputs, outputs = read_ports(model)
    place = [port.type.name for port in outputs].index(family.output)
    session = build_session(model)
    answers = []
    for row in range(len(next(iter(family.data.values())))):
        feed = {
            port.type.name: port.encode(family.data[port.type.name][row : row + 1])
            for port in inputs
        }
        answer = session.run([family.output], feed)[0]
        answers.append(float(outputs[place].decode(answer).item()))
    read = np.array(answers)
    wanted = next(
        array for name, array in family.data.items() if name not in [p.type.name for p in inputs]
    ).astype(np.float64)
    right = int((read == wanted).sum()) if family.task is Task.CHOOSE else 0
    error = float(np.abs(read - wanted).mean())
    return Measurement(inputs, outputs, count_macs(read_graph(model)), read, right, error)


def count_macs(graph: Graph) -> int:
    """Multiply-adds of matrix products and convolutions in one run."""
    total = 0
    for node in graph.nodes:
        results = math.prod(graph.types[node.outputs[0]].shape)
        if node.operator in ("MatMul", "MatMulInteger", "Gemm"):
            assert not node.attributes.get("transA"), f"{node} reads columns"
            total += results * graph.types[node.inputs[0]].shape[-1]
        elif node.operator in ("Conv", "ConvInteger"):
            total += results * math.prod(graph.types[node.inputs[1]].shape[1:])
    return total
