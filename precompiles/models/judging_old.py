"""One rule per operator: which determinism profile its use has, and why, or a refusal.

| group    | operators                         | exact when                                    |
|----------|-----------------------------------|-----------------------------------------------|
| movement | Reshape Transpose Concat ...      | always: no arithmetic                         |
| integer  | Add Sub Mul Min Max ReduceSum ... | operands are integers: wraps alike everywhere |
| division | Div                               | integers by positive constants                |
| product  | MatMulInteger ConvInteger         | operand pair does not saturate                |
| cast     | Cast                              | from integer to integer                       |
| float    | MatMul Gemm Conv Softmax Exp ...  | never: `pinned`                               |

An operator that is not in the table is refused. Facts: measured across instruction sets and
runtime versions (`precompiles/README.md`).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from precompiles.errors import NotAdmitted
from precompiles.models.graph import Graph, Node
from precompiles.models.manifest import Profile
from precompiles.tensor import DType, TensorType

_MOVEMENT = (
    "Identity Reshape Flatten Squeeze Unsqueeze Transpose Concat Slice Split Expand Tile Constant"
)
_INTEGER = (
    "Add Sub Mul Min Max Clip Abs Neg Sign Relu ArgMax ArgMin ReduceMax ReduceMin ReduceSum "
    "Equal Less LessOrEqual Greater GreaterOrEqual And Or Not Xor Where MaxPool BitwiseAnd "
    "BitwiseOr BitwiseXor BitwiseNot"
)
_FLOAT = (
    "MatMul Gemm Conv AveragePool GlobalAveragePool Softmax LogSoftmax Sigmoid Tanh Exp Log Sqrt "
    "Reciprocal Pow Erf LeakyRelu Elu HardSigmoid HardSwish ReduceMean BatchNormalization "
    "LayerNormalization Floor Ceil Round Gelu"
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Profile of one operator application and the reason for it."""

    node: Node
    profile: Profile
    why: str


def judge_node(node: Node, graph: Graph) -> Verdict:
    """Profile of one node.

    Raises: NotAdmitted for an operator or use that no profile covers.
    """
    rule = _RULES.get(node.operator)
    if rule is None:
        raise NotAdmitted(f"operator {node.operator} is not admitted; admitted: {_NAMES}")
    return rule(node, graph)


def _judge_movement(node: Node, graph: Graph) -> Verdict:
    return Verdict(node, Profile.EXACT, "moves data, computes nothing")


def _judge_integer(node: Node, graph: Graph) -> Verdict:
    floats = [str(tensor) for tensor in _operands(node, graph) if tensor.dtype.is_float]
    if floats:
        return Verdict(node, Profile.PINNED, f"float operand {floats[0]}")
    return Verdict(node, Profile.EXACT, "integer arithmetic")


def _judge_division(node: Node, graph: Graph) -> Verdict:
    verdict = _judge_integer(node, graph)
    if verdict.profile is not Profile.EXACT:
        return verdict
    divisor = graph.constants.get(node.inputs[1])
    if divisor is None or not bool(np.all(divisor.astype(np.int64) > 0)):
        raise NotAdmitted(
            f"integer Div by '{node.inputs[1]}', which is not a positive constant: a zero would "
            "stop the host; divide by a positive initialiser"
        )
    return verdict


def _judge_product(node: Node, graph: Graph) -> Verdict:
    left, right = _operands(node, graph)[:2]
    if (left.dtype, right.dtype) == (DType.UINT8, DType.INT8):
        why = "uint8 x int8 saturates on CPUs with AVX2 and no VNNI; store the weights as uint8"
        return Verdict(node, Profile.PINNED, why)
    return Verdict(node, Profile.EXACT, "int32 accumulation of 8-bit products")


def _judge_cast(node: Node, graph: Graph) -> Verdict:
    source = graph.types[node.inputs[0]].dtype
    target = graph.types[node.outputs[0]].dtype
    if source.is_float or target.is_float:
        why = f"cast from {source.name.lower()} to {target.name.lower()}"
        return Verdict(node, Profile.PINNED, why)
    return Verdict(node, Profile.EXACT, "integer to integer")


def _judge_float(node: Node, graph: Graph) -> Verdict:
    return Verdict(node, Profile.PINNED, "float rounding follows the instruction set")


def _operands(node: Node, graph: Graph) -> list[TensorType]:
    return [graph.types[name] for name in node.inputs if name]


_RULES: dict[str, Callable[[Node, Graph], Verdict]] = {
    **dict.fromkeys(_MOVEMENT.split(), _judge_movement),
    **dict.fromkeys(_INTEGER.split(), _judge_integer),
    **dict.fromkeys(_FLOAT.split(), _judge_float),
    "Div": _judge_division,
    "MatMulInteger": _judge_product,
    "ConvInteger": _judge_product,
    "Cast": _judge_cast,
}
_NAMES = ", ".join(sorted(_RULES))
