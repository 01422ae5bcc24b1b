"""Attributes: held to the operator's signature and to bounds, before any library reads them.

A stride of zero or a block of -1 would divide by zero inside shape inference; an unknown mode would
fail in the runtime, where every validator would have to abstain.
"""

import math
import re
from collections.abc import Iterable, Mapping

import onnx

from precompiles.errors import NotAdmitted, TooLarge
from precompiles.models.ensemble import MAY_HOLD_NAN
from precompiles.models.limits import MAX_ATTRIBUTES, MAX_OPERANDS, MAX_TENSOR_RANK
from precompiles.models.naming import for_each
from precompiles.models.reading.constant import read_constant
from precompiles.models.reading.signature import Signature

_Types = onnx.AttributeProto
_FLAG, _SIZE, _ANY = (0, 1), (1, 1 << 20), (-(1 << 31), (1 << 31) - 1)
_AXIS = (-MAX_TENSOR_RANK, MAX_TENSOR_RANK - 1)

INTEGERS: Mapping[str, tuple[int, int]] = {
    **for_each(
        "align_corners allowzero antialias ceil_mode count_include_pad detect_negative "
        "detect_positive exclude_outside exclusive fmod input_forget interleaved "
        "inverse is_causal keepdims largest linear_before_reset noop_with_empty_axes "
        "onesided periodic reverse select_last_index sorted storage_order transA transB "
        "upper time_axis batch_axis nodes_trueleafs nodes_falseleafs "
        "nodes_missing_value_tracks_true",
        _FLAG,
    ),
    **for_each(
        "blocksize dilations group hidden_size kernel_shape num_groups output_shape size strides",
        _SIZE,
    ),
    **for_each("axes axis", _AXIS),
    **for_each("batch_dims perm", (0, MAX_TENSOR_RANK - 1)),
    **for_each("output_padding pads", (0, 1 << 20)),
    **for_each("kv_num_heads num_heads q_num_heads rotary_embedding_dim", (0, 1 << 12)),
    **for_each("layout training_mode block_size precision qk_matmul_output_mode", (0, 0)),
    **for_each("dtype output_datatype output_dtype softmax_precision to", (0, 13)),
    **for_each("end k seed start value_int value_ints", _ANY),
    "num_outputs": (1, MAX_OPERANDS),
    "n_targets": (1, 1 << 12),
    "TreeEnsemble.aggregate_function": (0, 3),
    "TreeEnsemble.post_transform": (0, 4),
    "p": (1, 16),
    "LpNormalization.p": (1, 2),
    "saturate": (1, 1),
    "stash_type": (1, 1),
    "value_int": (-(1 << 63), (1 << 63) - 1),
    "value_ints": (-(1 << 63), (1 << 63) - 1),
}  # lowest and highest value by attribute name, or by operator and name

_PADDING = ("NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID")
_RECURRENT = ("forward", "reverse", "bidirectional")
_SCATTER = ("none", "add", "mul", "max", "min")
TEXTS: Mapping[str, tuple[str, ...]] = {
    "auto_pad": _PADDING,
    "approximate": ("none", "tanh"),
    "coordinate_transformation_mode": (
        *("half_pixel", "half_pixel_symmetric", "pytorch_half_pixel"),
        *("align_corners", "asymmetric"),
    ),
    "direction": _RECURRENT,
    "BitShift.direction": ("LEFT", "RIGHT"),
    "keep_aspect_ratio_policy": ("stretch",),
    "DepthToSpace.mode": ("DCR", "CRD"),
    "GridSample.mode": ("bilinear", "bicubic", "linear", "cubic", "nearest"),
    "Pad.mode": ("constant", "reflect", "edge", "wrap"),
    "Resize.mode": ("nearest", "linear", "cubic"),
    "TensorScatter.mode": ("linear", "circular"),
    "nearest_mode": ("round_prefer_floor", "round_prefer_ceil", "floor", "ceil"),
    "padding_mode": ("zeros", "border", "reflection"),
    "reduction": _SCATTER,
    "round_mode": ("up", "down", "nearest"),
    "activations": (
        *("Relu", "Tanh", "Sigmoid", "Affine", "LeakyRelu", "ThresholdedRelu", "ScaledTanh"),
        *("HardSigmoid", "Elu", "Softsign", "Softplus"),
    ),
    "aggregate_function": ("SUM", "AVERAGE", "MIN", "MAX"),
    "post_transform": ("NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO", "PROBIT"),
    "nodes_modes": (
        *("BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ"),
        "LEAF",
    ),
}  # admitted values by attribute name, or by operator and name where operators differ
_EQUATION = re.compile(r"[A-Za-z]{0,8}( ?, ?[A-Za-z]{0,8})?( ?-> ?[A-Za-z]{0,8})?")
_LATER = {("Pad", "wrap"): 19, ("ScatterElements", "max"): 18, ("ScatterElements", "min"): 18} | {
    ("ScatterND", "max"): 18,
    ("ScatterND", "min"): 18,
    ("Resize", "half_pixel_symmetric"): 19,
    ("GridSample", "linear"): 20,
    ("GridSample", "cubic"): 20,
}  # first opset of a value
_GONE = {("GridSample", "bilinear"): 20, ("GridSample", "bicubic"): 20}  # opset that dropped it


def check_attributes(node: onnx.NodeProto, signature: Signature, opset: int, label: str) -> None:
    """Names, types and values; `label` is what messages call the operator.

    Raises: NotAdmitted naming the attribute; TooLarge.
    """
    if len(node.attribute) > MAX_ATTRIBUTES:
        raise TooLarge(f"{label} has {len(node.attribute)} attributes, at most {MAX_ATTRIBUTES}")
    seen: set[str] = set()
    for attribute in node.attribute:
        where = f"attribute '{attribute.name}' of {label}"
        declared = signature.attributes.get(attribute.name)
        if declared is None:
            raise NotAdmitted(f"{where} is unknown in opset {opset}; export it again")
        if attribute.name in seen:
            raise NotAdmitted(f"{where} is given twice; export it again")
        seen.add(attribute.name)
        if attribute.type != declared.code:
            raise NotAdmitted(f"{where} has another type than ONNX declares; export it again")
        _check_values(node.op_type, attribute, opset, where)
    for name, declared in signature.attributes.items():
        if declared.is_required and name not in seen:
            raise NotAdmitted(f"{label} lacks attribute '{name}'; export it again")


def _check_values(operator: str, attribute: onnx.AttributeProto, opset: int, where: str) -> None:
    name, kind = attribute.name, attribute.type
    if kind in (_Types.INT, _Types.INTS):
        integers = [attribute.i] if kind == _Types.INT else attribute.ints
        bounds = INTEGERS.get(f"{operator}.{name}") or INTEGERS.get(name, _ANY)
        _check_integers(bounds, integers, where)
    elif kind in (_Types.FLOAT, _Types.FLOATS):
        floats = [attribute.f] if kind == _Types.FLOAT else attribute.floats
        allowed = name.startswith("value_")
        for value in floats:
            if math.isnan(value) or (math.isinf(value) and not allowed):
                raise NotAdmitted(f"{where} is {value}; use a finite number")
    elif kind in (_Types.STRING, _Types.STRINGS):
        texts = [attribute.s] if kind == _Types.STRING else attribute.strings
        _check_texts(operator, name, texts, opset, where)
    elif kind == _Types.TENSOR:
        read_constant(attribute.t, where, may_hold_nan=name in MAY_HOLD_NAN)
    else:
        raise NotAdmitted(f"{where} is neither number, text nor tensor; export it again")


def _check_integers(bounds: tuple[int, int], values: Iterable[int], where: str) -> None:
    low, high = bounds
    for value in values:
        if not low <= value <= high:
            raise NotAdmitted(f"{where} is {value}; admitted: {low} to {high}")


def _check_texts(operator: str, name: str, values: Iterable[bytes], opset: int, where: str) -> None:
    known = TEXTS.get(f"{operator}.{name}") or TEXTS.get(name)
    for value in values:
        text = value.decode("ascii", "replace")
        if name == "equation":
            if not _EQUATION.fullmatch(text):
                raise NotAdmitted(
                    f"{where} is '{text}'; admitted: at most two operands of at most 8 letters, "
                    "no ellipsis; use Transpose and MatMul"
                )
            continue
        late = _LATER.get((operator, text), 0) > opset
        if known is None or text not in known or late or _GONE.get((operator, text), 99) <= opset:
            raise NotAdmitted(f"{where} is '{text}'; admitted: {', '.join(known or ()) or 'none'}")
