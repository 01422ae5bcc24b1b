"""bfloat16 as storage: weights that every operator casts are read as the float32 they stand for.

Their values are those of float32 with 16 bits less, so nothing is rounded. No other use of the
type is admitted: runtimes do not compute in it alike, if at all.
"""

import onnx

from precompiles.errors import NotAdmitted

_CODE = onnx.TensorProto.BFLOAT16
_CASTS = ("Cast", "CastLike")
_MISSING_BYTES = 2  # of a float32, all zero


def widen_weights(graph: onnx.GraphProto) -> None:
    """Replace bfloat16 initialisers in a parsed graph by float32 ones.

    Raises: NotAdmitted if one is used by anything but a cast, or its data is malformed.
    """
    stored = {tensor.name: tensor for tensor in graph.initializer if tensor.data_type == _CODE}
    if not stored:
        return
    for node in graph.node:
        for index, name in enumerate(node.input):
            if name in stored and (node.op_type not in _CASTS or index):
                raise NotAdmitted(
                    f"{node.op_type} takes '{name}' as BFLOAT16, which is admitted as storage "
                    "only; cast it to float32 first"
                )
    for value in graph.output:
        if value.name in stored:
            raise NotAdmitted(f"output '{value.name}' is BFLOAT16; cast it to float32")
    for tensor in stored.values():
        raw = _read_raw(tensor)
        wide = bytearray(2 * len(raw))
        wide[_MISSING_BYTES::4], wide[_MISSING_BYTES + 1 :: 4] = raw[0::2], raw[1::2]
        tensor.ClearField("int32_data")
        tensor.raw_data = bytes(wide)
        tensor.data_type = onnx.TensorProto.FLOAT


def _read_raw(tensor: onnx.TensorProto) -> bytes:
    """Little-endian pairs of bytes."""
    if tensor.HasField("raw_data"):
        if len(tensor.raw_data) % 2 or tensor.int32_data:
            raise NotAdmitted(f"initialiser '{tensor.name}' has broken data; export it again")
        return tensor.raw_data
    if any(not 0 <= value < 1 << 16 for value in tensor.int32_data):
        raise NotAdmitted(f"initialiser '{tensor.name}' holds values that do not fit 16 bits")
    return b"".join(value.to_bytes(2, "little") for value in tensor.int32_data)
