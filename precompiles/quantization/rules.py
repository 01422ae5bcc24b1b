"""Rules: which operators have an integer form, and the rule of each.

| group         | operators                                                                  |
|---------------|----------------------------------------------------------------------------|
| products      | MatMul Gemm Conv                                                           |
| arithmetic    | Add Sub Sum Mul Div Neg BatchNormalization                                 |
| pieces        | Relu Clip LeakyRelu PRelu HardSigmoid Abs Max Min                          |
| tables        | Sigmoid Tanh Exp Log Erf Gelu HardSwish Elu Softplus Sqrt Pow ...          |
| pooling       | MaxPool AveragePool Global*Pool Reduce{Sum,Mean,Max,Min} ArgMax ArgMin     |
| normalisation | Softmax LayerNormalization                                                 |
| movement      | Reshape Flatten Squeeze Unsqueeze Transpose Concat Slice Split Gather ...  |
"""

from collections.abc import Mapping

from precompiles.quantization.arithmetic import (
    lower_add,
    lower_batch_normalisation,
    lower_multiply,
    lower_negate,
)
from precompiles.quantization.curve import (
    CURVES,
    lower_absolute,
    lower_clip,
    lower_curve,
    lower_extreme_of,
    lower_hard_sigmoid,
    lower_leaky_relu,
    lower_power,
    lower_relu,
)
from precompiles.quantization.lowering import Rule
from precompiles.quantization.movement import (
    lower_concat,
    lower_expand,
    lower_gather,
    lower_identity,
    lower_reshape,
    lower_slice,
    lower_split,
    lower_tile,
    lower_transpose,
    lower_where,
)
from precompiles.quantization.normalisation import lower_layer_normalisation
from precompiles.quantization.pooling import (
    lower_arg_extreme,
    lower_average_pool,
    lower_extreme,
    lower_max_pool,
    lower_sum,
)
from precompiles.quantization.product import lower_conv, lower_gemm, lower_matmul
from precompiles.quantization.softmax import lower_softmax

RULES: Mapping[str, Rule] = {
    "MatMul": lower_matmul,
    "Gemm": lower_gemm,
    "Conv": lower_conv,
    **dict.fromkeys(("Add", "Sub", "Sum"), lower_add),
    **dict.fromkeys(("Mul", "Div"), lower_multiply),
    "Neg": lower_negate,
    "BatchNormalization": lower_batch_normalisation,
    "Relu": lower_relu,
    "Clip": lower_clip,
    **dict.fromkeys(("LeakyRelu", "PRelu"), lower_leaky_relu),
    "HardSigmoid": lower_hard_sigmoid,
    "Abs": lower_absolute,
    **dict.fromkeys(("Max", "Min"), lower_extreme_of),
    **dict.fromkeys(CURVES, lower_curve),
    "Pow": lower_power,
    "MaxPool": lower_max_pool,
    "AveragePool": lower_average_pool,
    **dict.fromkeys(("GlobalAveragePool", "ReduceSum", "ReduceMean"), lower_sum),
    **dict.fromkeys(("GlobalMaxPool", "ReduceMax", "ReduceMin"), lower_extreme),
    **dict.fromkeys(("ArgMax", "ArgMin"), lower_arg_extreme),
    "Softmax": lower_softmax,
    "LayerNormalization": lower_layer_normalisation,
    **dict.fromkeys(("Identity", "Dropout", "Cast"), lower_identity),
    **dict.fromkeys(("Reshape", "Flatten", "Squeeze", "Unsqueeze"), lower_reshape),
    "Transpose": lower_transpose,
    "Concat": lower_concat,
    "Slice": lower_slice,
    "Split": lower_split,
    "Gather": lower_gather,
    "Expand": lower_expand,
    "Tile": lower_tile,
    "Where": lower_where,
}
