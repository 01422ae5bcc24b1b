"""Integer graph under construction: nodes in order, constants once each, names after the source.

Knows ONNX's containers and no arithmetic. Written out, it keeps only what the outputs need.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from onnx import ModelProto, NodeProto, ValueInfoProto, checker, helper, numpy_helper

from precompiles.dtypes import NUMPY_DTYPES
from precompiles.models.graph import Array
from precompiles.tensor import DType, TensorType

OPSET = 21
IR_VERSION = 10
_NAME_MAX = 120  # bytes kept of a source name; admission's cap is 256


class IntegerGraph:
    """Nodes and constants of one exact model.

    The same operator on the same inputs is emitted once.
    """

    def __init__(self, reserved: Sequence[str]) -> None:
        self._nodes: list[NodeProto] = []
        self._constants: dict[str, Array] = {}
        self._constant_names: dict[tuple[str, tuple[int, ...], bytes], str] = {}
        self._emitted: dict[tuple[str, tuple[str, ...], str], str] = {}
        self._taken = set(reserved)  # names of the model's inputs and outputs
        self._finished: dict[str, str] = {}  # tensor, and the output it became

    def constant(self, value: Array, hint: str) -> str:
        """Name of an initialiser with this value; equal values share one."""
        array = np.asarray(value)
        key = (array.dtype.str, array.shape, array.tobytes())
        if key not in self._constant_names:
            self._constant_names[key] = self._name(hint)
            self._constants[self._constant_names[key]] = array
        return self._constant_names[key]

    def number(self, value: int, dtype: DType = DType.INT64) -> str:
        """Name of a scalar."""
        return self.constant(
            np.asarray(value, NUMPY_DTYPES[dtype]), f"{dtype.name.lower()}_{value}"
        )

    def emit(self, operator: str, inputs: Sequence[str], hint: str, **attributes: object) -> str:
        """Append one operator with one output and return the output's name."""
        key = (operator, tuple(inputs), repr(sorted(attributes.items())))
        if key not in self._emitted:
            output = self._name(f"{hint}/{operator.lower()}")
            node = helper.make_node(operator, list(inputs), [output], output)
            node.attribute.extend(
                helper.make_attribute(name, value) for name, value in sorted(attributes.items())
            )
            self._nodes.append(node)
            self._emitted[key] = output
        return self._emitted[key]

    def cast(self, name: str, dtype: DType, hint: str) -> str:
        """Append a cast between integer types."""
        return self.emit("Cast", [name], hint, to=int(dtype))

    def clamp(self, name: str, low: int, high: int, hint: str, dtype: DType = DType.INT64) -> str:
        """Append a clamp; both ends and all values have to fit 32 bits (see `rescaling`)."""
        ends = [self.number(end, dtype) for end in (low, high)]
        return self.emit("Clip", [name, *ends], hint)

    def finish(self, name: str, output: str) -> None:
        """Let tensor `name` leave the model as `output`; nothing is emitted after this."""
        source = self._finished.get(name, name)
        made = any(name in node.output for node in self._nodes)
        if not made:
            self._nodes.append(helper.make_node("Identity", [source], [output], name=output))
            return
        for node in self._nodes:
            for names in (node.input, node.output):
                names[:] = [output if each == name else each for each in names]
            node.name = node.output[0]
        self._finished[name] = output

    def encode(
        self,
        name: str,
        inputs: Sequence[TensorType],
        outputs: Sequence[TensorType],
        metadata: Mapping[str, str],
    ) -> bytes:
        """The model as bytes; equal calls give equal bytes."""
        nodes = self._reachable({tensor.name for tensor in outputs})
        used = {each for node in nodes for each in node.input}
        graph = helper.make_graph(
            nodes,
            name,
            [_declare(tensor) for tensor in inputs],
            [_declare(tensor) for tensor in outputs],
            [
                numpy_helper.from_array(value, key)
                for key, value in self._constants.items()
                if key in used
            ],
        )
        model: ModelProto = helper.make_model(
            graph,
            producer_name="devnet",
            ir_version=IR_VERSION,
            opset_imports=[helper.make_opsetid("", OPSET)],
        )
        helper.set_model_props(model, dict(metadata))
        checker.check_model(model, full_check=True)
        encoded: bytes = model.SerializeToString(deterministic=True)
        return encoded

    def _reachable(self, wanted: set[str]) -> list[NodeProto]:
        kept: list[NodeProto] = []
        for node in reversed(self._nodes):
            if wanted.intersection(node.output):
                wanted.update(node.input)
                kept.append(node)
        return kept[::-1]

    def _name(self, hint: str) -> str:
        stem = hint.encode()[-_NAME_MAX:].decode(errors="ignore")
        name, count = stem, 1
        while name in self._taken:
            count += 1
            name = f"{stem}.{count}"
        self._taken.add(name)
        return name


def _declare(tensor: TensorType) -> ValueInfoProto:
    return helper.make_tensor_value_info(tensor.name, int(tensor.dtype), list(tensor.shape))
