"""The fields an admitted ONNX file may hold, message by message; everything else is refused.

Field numbers and wire types of ONNX IR versions 7 to 13 (`onnx.proto3`). The table, not the
installed `onnx` package, says what is known, so every host gives the same answer.
"""

from dataclasses import dataclass
from enum import Enum

from precompiles.models.limits import MAX_NAME_BYTES, MAX_STRING_BYTES, MAX_TEXT_BYTES


class Kind(Enum):
    """How the value of a field is read."""

    VARINT = 0
    FIXED64 = 1
    FIXED32 = 5
    MESSAGE = 10
    NAME = 11  # UTF-8 without control characters
    TEXT = 12  # UTF-8
    BYTES = 13
    NUMBERS = 14  # repeated scalars, packed or not
    REFUSED = 15


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a message."""

    name: str
    kind: Kind
    message: str = ""  # of the value, if it is one
    cap: int = 0  # bytes of the value; 0 is no cap of its own
    scalar: Kind = Kind.VARINT  # of repeated scalars
    once: bool = False  # a second value would be merged or win
    why: str = ""  # of a refusal, with the remedy


def _name(name: str, cap: int = MAX_NAME_BYTES) -> Field:
    return Field(name, Kind.NAME, cap=cap)


def _text(name: str) -> Field:
    return Field(name, Kind.TEXT, cap=MAX_TEXT_BYTES)


def _message(name: str, message: str, once: bool = False) -> Field:
    return Field(name, Kind.MESSAGE, message, once=once)


def _refused(name: str, why: str) -> Field:
    return Field(name, Kind.REFUSED, why=why)


_EXTERNAL = "external data; save the model as one file with its weights inside"
_SPARSE = "sparse data; store it dense"
_CONTROL = "a subgraph: control flow is not admitted; unroll it before export"
_SEQUENCE = (
    "a list; only tensors are admitted, so split it into tensors, and leave out ZipMap "
    "(skl2onnx: options={'zipmap': False})"
)
_TENSORS_ONLY = "not a dense tensor; only tensors are admitted, so split it into tensors"
_STRINGS = "text as tensor elements; encode it as integers outside the model"
_LOCAL = "model-local functions; inline them before export (onnx.inliner)"

MESSAGES: dict[str, dict[int, Field]] = {
    "model": {
        1: Field("ir_version", Kind.VARINT),
        2: _text("producer_name"),
        3: _text("producer_version"),
        4: _text("domain"),
        5: Field("model_version", Kind.VARINT),
        6: _text("doc_string"),
        7: _message("graph", "graph", once=True),
        8: _message("opset_import", "opset"),
        14: _message("metadata_props", "entry"),
        20: _refused("training_info", "training information; export for inference"),
        25: _refused("functions", _LOCAL),
        26: _refused("configuration", "a device configuration; export for one device"),
    },
    "graph": {
        1: _message("node", "node"),
        2: _text("name"),
        5: _message("initializer", "tensor"),
        10: _text("doc_string"),
        11: _message("input", "value"),
        12: _message("output", "value"),
        13: _message("value_info", "value"),
        14: _message("quantization_annotation", "annotation"),
        15: _refused("sparse_initializer", _SPARSE),
        16: _message("metadata_props", "entry"),
    },
    "node": {
        1: _name("input"),
        2: _name("output"),
        3: _name("name", cap=4 * MAX_NAME_BYTES),
        4: _name("op_type"),
        5: _message("attribute", "attribute"),
        6: _text("doc_string"),
        7: _name("domain"),
        8: _refused("overload", _LOCAL),
        9: _message("metadata_props", "entry"),
        10: _refused("device_configurations", "a device configuration; export for one device"),
    },
    "attribute": {
        1: _name("name"),
        2: Field("f", Kind.FIXED32),
        3: Field("i", Kind.VARINT),
        4: Field("s", Kind.BYTES, cap=MAX_STRING_BYTES),
        5: _message("t", "tensor", once=True),
        6: _refused("g", _CONTROL),
        7: Field("floats", Kind.NUMBERS, scalar=Kind.FIXED32),
        8: Field("ints", Kind.NUMBERS, scalar=Kind.VARINT),
        9: Field("strings", Kind.BYTES, cap=MAX_STRING_BYTES),
        10: _refused("tensors", "a list of tensors, which no admitted operator takes"),
        11: _refused("graphs", _CONTROL),
        13: _text("doc_string"),
        14: _refused("tp", _TENSORS_ONLY),
        15: _refused("type_protos", _TENSORS_ONLY),
        20: Field("type", Kind.VARINT),
        21: _refused("ref_attr_name", _LOCAL),
        22: _refused("sparse_tensor", _SPARSE),
        23: _refused("sparse_tensors", _SPARSE),
    },
    "tensor": {
        1: Field("dims", Kind.NUMBERS, scalar=Kind.VARINT),
        2: Field("data_type", Kind.VARINT),
        3: _refused("segment", "a tensor in segments; store it whole"),
        4: Field("float_data", Kind.NUMBERS, scalar=Kind.FIXED32),
        5: Field("int32_data", Kind.NUMBERS, scalar=Kind.VARINT),
        6: _refused("string_data", _STRINGS),
        7: Field("int64_data", Kind.NUMBERS, scalar=Kind.VARINT),
        8: _name("name"),
        9: Field("raw_data", Kind.BYTES, once=True),
        10: Field("double_data", Kind.NUMBERS, scalar=Kind.FIXED64),
        11: Field("uint64_data", Kind.NUMBERS, scalar=Kind.VARINT),
        12: _text("doc_string"),
        13: _refused("external_data", _EXTERNAL),
        14: Field("data_location", Kind.VARINT),
        16: _message("metadata_props", "entry"),
    },
    "value": {
        1: _name("name"),
        2: _message("type", "type", once=True),
        3: _text("doc_string"),
        4: _message("metadata_props", "entry"),
    },
    "type": {
        1: _message("tensor_type", "tensor_type", once=True),
        4: _refused("sequence_type", _SEQUENCE),
        5: _refused("map_type", _TENSORS_ONLY),
        6: _text("denotation"),
        7: _refused("opaque_type", _TENSORS_ONLY),
        8: _refused("sparse_tensor_type", _SPARSE),
        9: _refused("optional_type", _TENSORS_ONLY),
    },
    "tensor_type": {
        1: Field("elem_type", Kind.VARINT),
        2: _message("shape", "shape", once=True),
    },
    "shape": {1: _message("dim", "dimension")},
    "dimension": {
        1: Field("dim_value", Kind.VARINT),
        2: _name("dim_param"),
        3: _text("denotation"),
    },
    "opset": {1: _name("domain"), 2: Field("version", Kind.VARINT)},
    "entry": {1: _text("key"), 2: _text("value")},
    "annotation": {1: _name("tensor_name"), 2: _message("quant_parameter_tensor_names", "entry")},
}
