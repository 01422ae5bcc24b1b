"""Binding: the dynamic dimensions of a model's inputs, given their sizes or refused."""

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches

import onnx

from precompiles.errors import NotAdmitted
from precompiles.models.limits import MAX_DIMENSION
from precompiles.models.reading.constant import read_dtype
from precompiles.models.reading.tensors import check_shape
from precompiles.tensor import TensorType


def bind_inputs(
    graph: onnx.GraphProto, constants: Mapping[str, object], dimensions: Mapping[str, int]
) -> tuple[tuple[TensorType, ...], tuple[tuple[str, int], ...]]:
    """Static types of the inputs, and the bindings, sorted by name.

    Args:
        dimensions: size by the dimension's name in the file, or by `input:axis`.

    Raises: NotAdmitted for a dimension without a size, a size without a dimension, a bad size.
    """
    for name, size in dimensions.items():
        if not 1 <= size <= MAX_DIMENSION:
            raise NotAdmitted(f"dimension '{name}' bound to {size}; bind it to at least 1")
    used: set[str] = set()
    offered: list[str] = []
    inputs = []
    for value in graph.input:
        if value.name in constants:
            continue
        tensor = read_tensor_type(value)
        shape = []
        for axis, dimension in enumerate(tensor.shape.dim):
            names = [f"{value.name}:{axis}"]
            if dimension.dim_param:
                names.insert(0, dimension.dim_param)
            if dimension.HasField("dim_value") and dimension.dim_value > 0:
                shape.append(dimension.dim_value)
                continue
            offered += names
            given = [name for name in names if name in dimensions]
            if not given:
                raise NotAdmitted(
                    f"dimension {axis} of input '{value.name}' is dynamic"
                    + (f" ('{dimension.dim_param}')" if dimension.dim_param else "")
                    + f"; bind it at registration, as {names[0]}=1, or export it as a number"
                )
            used.update(given)
            if len({dimensions[name] for name in given}) > 1:
                raise NotAdmitted(f"dimension {axis} of '{value.name}' is bound to two sizes")
            shape.append(dimensions[given[0]])
        dtype = read_dtype(tensor.elem_type, f"input '{value.name}'")
        check_shape(shape, dtype, f"input '{value.name}'")
        inputs.append(TensorType(value.name, dtype, tuple(shape)))
    for name in dimensions:
        if name not in used:
            near = get_close_matches(name, offered) or offered
            hint = f"it has {', '.join(near)}" if near else "all its dimensions are numbers"
            raise NotAdmitted(f"the model has no dynamic dimension '{name}'; {hint}")
    return tuple(inputs), tuple(sorted(dimensions.items()))


def find_sizes(
    graph: onnx.GraphProto, shapes: Sequence[tuple[int, ...]]
) -> Iterator[tuple[str, int]]:
    """Sizes of the dynamic dimensions, as `input:axis`, under which tensors of these shapes fit."""
    weights = {tensor.name for tensor in graph.initializer}
    inputs = (value for value in graph.input if value.name not in weights)
    for value, shape in zip(inputs, shapes, strict=False):
        dimensions = read_tensor_type(value).shape.dim
        for axis, (dimension, size) in enumerate(zip(dimensions, shape, strict=False)):
            if dimension.dim_value <= 0:
                yield f"{value.name}:{axis}", size


def read_tensor_type(value: onnx.ValueInfoProto) -> onnx.TypeProto.Tensor:
    """Raises: NotAdmitted for anything but a tensor with a shape."""
    kind = value.type.WhichOneof("value")
    if kind != "tensor_type":
        raise NotAdmitted(f"'{value.name}' is no tensor ({kind}); only tensors are admitted")
    if not value.type.tensor_type.HasField("shape"):
        raise NotAdmitted(f"'{value.name}' has no shape; export it with a rank")
    tensor: onnx.TypeProto.Tensor = value.type.tensor_type
    return tensor


def check_declared(value: onnx.ValueInfoProto, found: TensorType) -> None:
    """Hold a declared result to the inferred one; dynamic dimensions fit any size.

    Raises: NotAdmitted if they differ.
    """
    tensor = value.type.tensor_type
    if not tensor.elem_type:
        raise NotAdmitted(f"'{value.name}' is declared without an element type; export it again")
    dims = tuple(dimension.dim_value for dimension in tensor.shape.dim)
    fits = not tensor.HasField("shape") or (
        len(dims) == len(found.shape)
        and all(given in (0, -1, size) for given, size in zip(dims, found.shape, strict=True))
    )
    if tensor.elem_type != found.dtype or not fits:
        raise NotAdmitted(
            f"the file declares '{value.name}' as {list(dims)} of type {tensor.elem_type}, but it "
            f"is {found}; export it again"
        )
