"""Reading: the bytes are held to the table of fields, the graph to the rules of ONNX."""

from typing import Any

import numpy as np
import onnx
import pytest
from fuzzing.spoiling import build_plain, encode_varint, wrap_field
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from precompiles.dtypes import NUMPY_DTYPES
from precompiles.errors import NotAdmitted, Revert, TooLarge
from precompiles.models.limits import MAX_FIELDS
from precompiles.models.reading.constant import read_constant
from precompiles.models.reading.schema import MESSAGES
from precompiles.models.reading.wire import scan_model
from precompiles.models.samples import read_sample
from precompiles.tensor import DType

PLAIN = bytes(build_plain().SerializeToString())
PROTOS: dict[str, Any] = {
    "model": onnx.ModelProto,
    "graph": onnx.GraphProto,
    "node": onnx.NodeProto,
    "attribute": onnx.AttributeProto,
    "tensor": onnx.TensorProto,
    "value": onnx.ValueInfoProto,
    "type": onnx.TypeProto,
    "tensor_type": onnx.TypeProto.Tensor,
    "shape": onnx.TensorShapeProto,
    "dimension": onnx.TensorShapeProto.Dimension,
    "opset": onnx.OperatorSetIdProto,
    "entry": onnx.StringStringEntryProto,
    "annotation": onnx.TensorAnnotation,
}


def describe_scan(data: bytes) -> str:
    """What a scan says: passed, or the reason."""
    try:
        scan_model(data)
    except Revert as refusal:
        return str(refusal)
    return "passed"


def test_table_of_fields_is_onnx_own() -> None:
    """Every field of every message, by number and name; a new one in ONNX would show here."""
    assert set(PROTOS) == set(MESSAGES)
    for message, proto in PROTOS.items():
        declared = {field.number: field.name for field in proto.DESCRIPTOR.fields}
        assert {n: field.name for n, field in MESSAGES[message].items()} == declared, message


def test_scan_lets_whole_models_through() -> None:
    """What exporters write passes."""
    scan_model(PLAIN)
    scan_model(read_sample("digits_exact"))


@given(st.integers(0, len(PLAIN) - 1))
def test_scan_of_a_part_is_a_refusal_or_nothing(cut: int) -> None:
    """No other exception leaves it."""
    assert describe_scan(PLAIN[:cut])


@settings(max_examples=300)
@given(st.binary(max_size=64), st.integers(0, len(PLAIN)))
def test_scan_of_anything_is_a_refusal_or_nothing(noise: bytes, at: int) -> None:
    """Random bytes, alone and inside a model."""
    for data in (noise, PLAIN[:at] + noise + PLAIN[at:]):
        assert describe_scan(data)


@given(st.integers(0, (1 << 64) - 1))
def test_numbers_of_the_wire_are_read_whole(value: int) -> None:
    """A version of any size is one field; one byte less is cut short."""
    data = b"\x08" + encode_varint(value)
    scan_model(data)
    with pytest.raises(NotAdmitted, match="does not end"):
        scan_model(data[:-1])


def test_fields_are_counted_over_all_messages() -> None:
    """One below the cap passes the scan, one above does not."""
    head = len("graph")  # any number of fields that the graph itself does not add
    nodes = wrap_field(1, b"")
    scan_model(wrap_field(7, nodes * (MAX_FIELDS - head)))
    with pytest.raises(TooLarge, match=f"more than {MAX_FIELDS} protobuf fields"):
        scan_model(wrap_field(7, nodes * MAX_FIELDS))


def test_refused_attribute_names_its_operator() -> None:
    """The user learns which operator holds the subgraph."""
    graph = helper.make_graph([helper.make_node("Relu", ["a"], ["b"])], "body", [], [])
    node = helper.make_node("If", ["c"], ["y"], then_branch=graph)
    model = onnx.ModelProto(graph=helper.make_graph([node], "g", [], []))
    with pytest.raises(NotAdmitted, match="operator 'If' is a subgraph: control flow"):
        scan_model(model.SerializeToString())


@pytest.mark.parametrize("dtype", list(DType))
@pytest.mark.parametrize("raw", [True, False])
def test_constants_are_read_as_onnx_reads_them(dtype: DType, raw: bool) -> None:
    """Every element type, as raw bytes and as typed values."""
    array = np.array([[0, 1, 1], [1, 0, 1]]).astype(NUMPY_DTYPES[dtype])
    tensor = numpy_helper.from_array(array, "t")
    if not raw:
        tensor = helper.make_tensor("t", int(dtype), array.shape, array.reshape(-1))
    read = read_constant(tensor, "'t'")
    assert read.dtype == NUMPY_DTYPES[dtype]
    np.testing.assert_array_equal(read, numpy_helper.to_array(tensor))
    assert not read.flags.writeable


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"dims": [3]}, "needs 3 bytes"),
        ({"dims": [-2]}, "negative dimension"),
        ({"dims": [1 << 40]}, "at most"),
        ({"dims": [1] * 9}, "rank 9"),
        ({"raw_data": b"\x02\x00"}, "boolean"),
        ({"data_type": 16}, "BFLOAT16"),
        ({"data_type": 0}, "element type"),
        ({"data_location": TensorProto.EXTERNAL}, "external data"),
    ],
)
def test_constant_that_contradicts_itself_is_refused(change: dict[str, object], words: str) -> None:
    """Dimensions, data, type and place have to agree."""
    fields: dict[str, object] = {
        "name": "t",
        "dims": [2],
        "data_type": TensorProto.BOOL,
        "raw_data": b"\x01\x00",
    }
    with pytest.raises((NotAdmitted, TooLarge), match=words):
        read_constant(TensorProto(**(fields | change)), "'t'")  # type: ignore[arg-type]
