"""Fitting of products, norms and quantisation: scalars where meant, vectors of the right length."""

from precompiles.models.fitting.operands import (
    Fit,
    Operands,
    normalize,
    require,
    require_broadcast,
    require_scalar,
    require_shape,
)
from precompiles.models.naming import for_each


def _fit_clip(operands: Operands) -> None:
    for index in (1, 2):
        if operands.has(index) and operands.rank():
            require_scalar(operands, index)
        else:
            require_shape(operands, index)


def _fit_slope(operands: Operands) -> None:
    require_broadcast(operands.shape(1), operands.shape(0), "a slope")


def _fit_gemm(operands: Operands) -> None:
    require(operands.rank(0) == operands.rank(1) == 2, "an operand that is no matrix")
    left, right = operands.shape(0), operands.shape(1)
    rows, inner = reversed(left) if operands.integer("transA") else left
    depth, columns = reversed(right) if operands.integer("transB") else right
    require(inner == depth, f"matrices of {inner} and {depth} inner elements")
    if operands.has(2):
        require_broadcast(operands.shape(2), (rows, columns), "a bias")


def _fit_layer_norm(operands: Operands) -> None:
    inner = operands.shape(0)[operands.axis(-1) :]
    require_shape(operands, 1, *inner)
    require_shape(operands, 2, *inner)


def _fit_batch_norm(operands: Operands) -> None:
    require(operands.rank() >= 2, "an input of rank below 2")
    for index in range(1, 5):
        require_shape(operands, index, operands.shape(0)[1])
    require(sum(operands.wanted) == 1, "results of training")


def _fit_instance_norm(operands: Operands) -> None:
    require(operands.rank() >= 3, "an input of rank below 3")
    require_shape(operands, 1, operands.shape(0)[1])
    require_shape(operands, 2, operands.shape(0)[1])


def _fit_group_norm(operands: Operands) -> None:
    require(operands.rank() >= 3, "an input of rank below 3")
    channels, groups = operands.shape(0)[1], operands.integer("num_groups")
    require(channels % groups == 0, f"{channels} channels in {groups} groups")
    size = channels if operands.opset >= 21 else groups
    require_shape(operands, 1, size)
    require_shape(operands, 2, size)


def _fit_mean_variance(operands: Operands) -> None:
    require(operands.attributes.get("axes") != [], "no axes")
    for axis in operands.integers("axes") or (0, 2, 3):
        normalize(axis, operands.rank(), "axes")


def _fit_scale(operands: Operands) -> None:
    """Of (de)quantisation: for the whole tensor, or for each index of one axis."""
    scale = operands.shape(1)
    if scale not in ((), (1,)):
        require(len(scale) == 1, f"scales of rank {len(scale)}")
        axis = operands.axis(1)
        require(scale[0] == operands.shape(0)[axis], f"{scale[0]} scales for another axis")
    require_shape(operands, 2, *scale)


def _fit_narrow_product(operands: Operands) -> None:
    require(min(operands.rank(0), operands.rank(1)) >= 1, "a scalar operand")
    require_scalar(operands, 2)
    columns = operands.shape(1)[-1]
    if operands.has(3) and operands.rank(3) == 1 and operands.rank(1) >= 2:
        require(operands.shape(3) in ((1,), (columns,)), "zero points for another axis")
    else:
        require_scalar(operands, 3)


def _fit_quantised_product(operands: Operands) -> None:
    require(min(operands.rank(0), operands.rank(3)) >= 2, "an operand of rank below 2")
    require_scalar(operands, 1, 2, 6, 7)
    columns = operands.shape(3)[-1]
    for index in (4, 5):
        found = operands.shape(index)
        require(found in ((), (1,), (columns,)), f"operand {index} has shape {list(found)}")
    require(operands.shape(4) == operands.shape(5), "weight scales and zero points differ in shape")
    require(operands.shape(4) in ((), (1,)) or operands.rank(3) == 2, "column scales of a stack")


def _fit_einsum(operands: Operands) -> None:
    left, arrow, right = operands.text("equation").replace(" ", "").partition("->")
    terms = left.split(",")
    require(len(terms) == len(operands.shapes), f"{len(terms)} terms")
    sizes: dict[str, int] = {}
    for index, term in enumerate(terms):
        require(len(term) == operands.rank(index) >= 1, f"term '{term}'")
        require(len(set(term)) == len(term), f"a letter twice in term '{term}'")
        for letter, size in zip(term, operands.shape(index), strict=True):
            require(sizes.setdefault(letter, size) == size, f"two sizes of '{letter}'")
    require(len(set(right)) == len(right) and set(right) <= set(sizes), f"result '{right}'")
    require(bool(arrow), "no result term; write it out")


ELEMENTS: dict[str, Fit] = {
    "Clip": _fit_clip,
    "PRelu": _fit_slope,
    "Gemm": _fit_gemm,
    "Einsum": _fit_einsum,
    **for_each("LayerNormalization RMSNormalization", _fit_layer_norm),
    "BatchNormalization": _fit_batch_norm,
    "InstanceNormalization": _fit_instance_norm,
    "GroupNormalization": _fit_group_norm,
    "MeanVarianceNormalization": _fit_mean_variance,
    **for_each("DequantizeLinear QuantizeLinear", _fit_scale),
    "MatMulInteger": _fit_narrow_product,
    "QLinearMatMul": _fit_quantised_product,
}
