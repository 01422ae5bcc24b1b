"""Mutation: one model file turned into another, by its bytes or by its parts.

Seeded: equal seeds give equal mutants.
"""

import random
from collections.abc import Callable, Sequence

import numpy as np
import onnx
from google.protobuf.message import DecodeError
from onnx import defs, numpy_helper

from precompiles.errors import Revert
from precompiles.models.reading.constant import read_constant
from precompiles.models.reading.signature import find_signature

INTERESTING = (
    *(0, 1, 2, 3, 4, 5, 7, 8, 9, 13, 16, 64, 127, 128, 255, 256, 1000, 65_536),
    *(-1, -2, -3, -9, -128, -(1 << 31), (1 << 31) - 1, 1 << 31, 1 << 32, -(1 << 63), (1 << 63) - 1),
)
_SMALL = tuple(value for value in INTERESTING if -10 < value < 20)
_Kind = onnx.AttributeProto


def mutate_bytes(model: bytes, other: bytes, dice: random.Random) -> bytes:
    """Flip, cut, copy, insert or splice."""
    data = bytearray(model)
    for _ in range(dice.choice((1, 1, 1, 2, 4, 16))):
        at = dice.randrange(len(data)) if data else 0
        match dice.randrange(7):
            case 0 if data:
                data[at] ^= 1 << dice.randrange(8)
            case 1 if data:
                data[at] = dice.choice((0, 1, 0x7F, 0x80, 0xFF, dice.randrange(256)))
            case 2:
                data = data[:at]
            case 3:
                del data[at : at + dice.choice((1, 2, 8, 64))]
            case 4:
                data[at:at] = data[at : at + dice.choice((1, 8, 64, 512))]
            case 5:
                data[at:at] = dice.randbytes(dice.choice((1, 2, 10)))
            case _:
                cut = dice.randrange(len(other) + 1)
                data = data[:at] + other[cut:]
    return bytes(data)


def mutate_parts(model: bytes, dice: random.Random) -> bytes:
    """Change operators, attributes, shapes, types, constants or wiring of a model that parses."""
    proto = onnx.ModelProto()
    try:
        proto.ParseFromString(model)
    except DecodeError:
        return model
    if not proto.graph.node:
        return model
    try:
        for _ in range(dice.choice((1, 1, 2, 3))):
            dice.choice(_CHANGES)(proto, dice)
    except UnicodeError:  # a name of the seed is not text
        return model
    return bytes(proto.SerializeToString())


def _change_operator(proto: onnx.ModelProto, dice: random.Random) -> None:
    node = dice.choice(proto.graph.node)
    node.op_type = dice.choice(_OPERATORS)


def _change_attribute(proto: onnx.ModelProto, dice: random.Random) -> None:
    node = dice.choice(proto.graph.node)
    if not node.attribute:
        return _add_attribute(proto, dice)
    attribute = dice.choice(node.attribute)
    values = dice.choice((_SMALL, INTERESTING))
    if attribute.type == _Kind.INT:
        attribute.i = dice.choice(values)
    elif attribute.type == _Kind.INTS:
        if attribute.ints and dice.random() < 0.7:
            attribute.ints[dice.randrange(len(attribute.ints))] = dice.choice(values)
        elif dice.random() < 0.5:
            attribute.ints.append(dice.choice(values))
        elif attribute.ints:
            del attribute.ints[-1]
    elif attribute.type == _Kind.FLOAT:
        attribute.f = dice.choice((0.0, -1.0, 1e30, 1e-40, float("nan"), float("inf"), 0.5))
    elif attribute.type == _Kind.STRING:
        attribute.s = dice.choice(_TEXTS)
    return None


def _add_attribute(proto: onnx.ModelProto, dice: random.Random) -> None:
    node = dice.choice(proto.graph.node)
    try:
        signature = find_signature(node.op_type, proto.opset_import[0].version, node.domain)
    except (IndexError, TypeError):
        return
    if signature is None or not signature.attributes:
        return
    name = dice.choice(sorted(signature.attributes))
    if any(attribute.name == name for attribute in node.attribute):
        return
    attribute = node.attribute.add(name=name, type=signature.attributes[name].code)
    if attribute.type == _Kind.INT:
        attribute.i = dice.choice(_SMALL)
    elif attribute.type == _Kind.INTS:
        attribute.ints.extend(dice.choice(_SMALL) for _ in range(dice.randrange(6)))
    elif attribute.type == _Kind.FLOAT:
        attribute.f = dice.choice((0.0, -1.0, 1e30, 0.5))
    elif attribute.type == _Kind.FLOATS:
        attribute.floats.extend(dice.choice((0.0, 1e30, 0.5)) for _ in range(dice.randrange(4)))
    elif attribute.type == _Kind.STRING:
        attribute.s = dice.choice(_TEXTS)


def _drop_attribute(proto: onnx.ModelProto, dice: random.Random) -> None:
    node = dice.choice(proto.graph.node)
    if node.attribute:
        del node.attribute[dice.randrange(len(node.attribute))]


def _change_shape(proto: onnx.ModelProto, dice: random.Random) -> None:
    values = [*proto.graph.input, *proto.graph.output, *proto.graph.value_info]
    if not values:
        return
    shape = dice.choice(values).type.tensor_type.shape
    if shape.dim and dice.random() < 0.8:
        dice.choice(shape.dim).dim_value = dice.choice((*_SMALL, *_SMALL, *INTERESTING))
    elif dice.random() < 0.5:
        shape.dim.add(dim_value=dice.choice((1, 2, 3)))
    elif shape.dim:
        del shape.dim[-1]


def _change_type(proto: onnx.ModelProto, dice: random.Random) -> None:
    values = [*proto.graph.input, *proto.graph.output]
    if values:
        dice.choice(values).type.tensor_type.elem_type = dice.randrange(24)


def _change_constant(proto: onnx.ModelProto, dice: random.Random) -> None:
    if not proto.graph.initializer:
        return
    index = dice.randrange(len(proto.graph.initializer))
    tensor = proto.graph.initializer[index]
    try:
        array = np.array(read_constant(tensor, "seed"))
    except Revert:
        return
    if array.size > 1 << 16:
        return
    flat = array.reshape(-1)
    match dice.randrange(5):
        case 0 if flat.size:
            with np.errstate(all="ignore"):
                value = np.array(dice.choice((*_SMALL, *INTERESTING)), np.int64)
                flat[dice.randrange(flat.size)] = value.astype(array.dtype)
        case 1:
            flat = np.concatenate([flat, flat[:1]])
            array = flat
        case 2:
            array = flat[: dice.randrange(flat.size + 1)]
        case 3:
            array = array.reshape(*array.shape, 1) if dice.random() < 0.5 else flat
        case _:
            array = array.astype(dice.choice("bBhHiIlLefd?"))
    proto.graph.initializer[index].CopyFrom(numpy_helper.from_array(array, tensor.name))


def _rewire(proto: onnx.ModelProto, dice: random.Random) -> None:
    node = dice.choice(proto.graph.node)
    names = [value.name for value in proto.graph.input]
    names += [tensor.name for tensor in proto.graph.initializer]
    names += [name for other in proto.graph.node for name in other.output]
    if node.input and dice.random() < 0.7:
        node.input[dice.randrange(len(node.input))] = dice.choice((*names, ""))
    elif node.input and dice.random() < 0.5:
        del node.input[-1]
    elif names:
        node.input.append(dice.choice(names))


def _make_constant(proto: onnx.ModelProto, dice: random.Random) -> None:
    """An initialiser becomes an input, or an input an initialiser of the same shape."""
    if proto.graph.initializer and dice.random() < 0.5:
        index = dice.randrange(len(proto.graph.initializer))
        tensor = proto.graph.initializer[index]
        proto.graph.input.append(
            onnx.helper.make_tensor_value_info(tensor.name, tensor.data_type, list(tensor.dims))
        )
        del proto.graph.initializer[index]


def _change_version(proto: onnx.ModelProto, dice: random.Random) -> None:
    if proto.opset_import and dice.random() < 0.8:
        proto.opset_import[0].version = dice.choice((*range(11, 26), *INTERESTING))
    else:
        proto.ir_version = dice.choice((*range(5, 15), *INTERESTING))


def _add_operator(proto: onnx.ModelProto, dice: random.Random) -> None:
    """One more operator on what is there, so that results become operands."""
    names = [value.name for value in proto.graph.input]
    names += [name for other in proto.graph.node for name in other.output if name]
    if not names:
        return
    name = f"added{len(proto.graph.node)}"
    operator = dice.choice(_OPERATORS)
    inputs = [dice.choice(names) for _ in range(dice.choice((1, 1, 2, 2, 3)))]
    proto.graph.node.append(onnx.helper.make_node(operator, inputs, [name]))
    kind = dice.choice((*(value.type.tensor_type.elem_type for value in proto.graph.input), 7, 9))
    proto.graph.output.append(onnx.helper.make_tensor_value_info(name, kind, None))


_OPERATORS: Sequence[str] = sorted(
    {schema.name for schema in defs.get_all_schemas() if schema.domain == ""}
)
_TEXTS = (
    *(b"", b"SAME_UPPER", b"SAME_LOWER", b"VALID", b"linear", b"cubic", b"nearest", b"reflect"),
    *(b"edge", b"wrap", b"constant", b"CRD", b"align_corners", b"asymmetric", b"floor", b"ceil"),
    *(b"ij,jk->ik", b"ii->i", b"ij->", b"i,j", b"bidirectional", b"add", b"mul", b"max", b"LEFT"),
    *(b"\xff\xfe", b"x" * 300, b"tanh", b"pytorch_half_pixel", b"half_pixel_symmetric"),
)
_CHANGES: tuple[Callable[[onnx.ModelProto, random.Random], None], ...] = (
    *(_change_attribute, _change_attribute, _add_attribute, _add_attribute, _drop_attribute),
    *(_change_shape, _change_shape, _change_type, _change_constant, _change_constant),
    *(_change_operator, _rewire, _make_constant, _change_version, _add_operator, _add_operator),
)
