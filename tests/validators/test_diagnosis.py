"""Where two executions part: the field, the receipt, the element, and how far apart."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devnet.chain.block import Execution, Inference
from devnet.chain.header import compute_header_hash
from devnet.receipt import compute_inference_root
from devnet.validators.diagnosis import compare_executions
from precompiles.digest import compute_keccak
from precompiles.engine.distance import compute_distance, get_order
from precompiles.tensor import DType, Tensor, TensorType, encode_tensors

if TYPE_CHECKING:
    from tests.conftest import Driver

FLOATS = (np.float16, np.float32, np.float64)


def draw_floats(kind: type[np.floating[Any]]) -> st.SearchStrategy[np.floating[Any]]:
    """Finite floats of a type, by their bits."""
    width = 8 * np.dtype(kind).itemsize

    def read(bits: int) -> np.floating[Any]:
        return kind(np.array(bits, f"u{width // 8}").view(kind))

    floats = st.integers(0, 2**width - 1).map(read)
    return floats.filter(lambda value: bool(np.isfinite(value)))


@pytest.mark.parametrize("kind", FLOATS)
@given(data=st.data())
def test_neighbours_are_one_unit_apart(kind: type[np.floating[Any]], data: st.DataObject) -> None:
    """Across zero, subnormals and powers of two: the next float is the next number."""
    largest = np.finfo(kind).max
    value = data.draw(draw_floats(kind) | st.sampled_from([kind(0), np.finfo(kind).tiny]))
    for limit in (largest, -largest):
        neighbour = np.nextafter(value, limit)
        assert abs(get_order(neighbour) - get_order(value)) == (value != limit)
        assert compute_distance(value, neighbour) == f"{int(value != limit)} ulp"


@pytest.mark.parametrize("kind", FLOATS)
@given(data=st.data())
def test_order_is_the_order_of_the_floats(
    kind: type[np.floating[Any]], data: st.DataObject
) -> None:
    """Smaller stays smaller; both zeros are one; distance is symmetric."""
    first, second = (data.draw(draw_floats(kind) | st.just(kind(-0.0))) for _ in range(2))
    assert (get_order(first) < get_order(second)) == bool(first < second)
    assert (get_order(first) == get_order(second)) == bool(first == second)
    assert compute_distance(first, second) == compute_distance(second, first)


@pytest.mark.parametrize(
    ("first", "second", "distance"),
    [
        (np.int64(-(2**63)), np.int64(2**63 - 1), str(2**64 - 1)),
        (np.uint8(250), np.uint8(3), "247"),
        (np.int8(-128), np.int8(127), "255"),
        (np.bool_(True), np.bool_(False), "1"),
        (np.float32(-0.0), np.float32(0.0), "0 ulp"),
        (np.float32(1), np.float32(2), f"{2**23} ulp"),
    ],
)
def test_distance_has_no_overflow(first: np.generic, second: np.generic, distance: str) -> None:
    """Integers by value in whole numbers, floats by how many lie between them."""
    assert compute_distance(first, second) == distance


@pytest.fixture(scope="module")
def block(start: type[Driver]) -> Execution:
    """A real block with one inference."""
    driver = start(validators=1)
    return driver.infer(driver.add_digits()).block


def differ(block: Execution, *inferences: Inference, **fields: object) -> Execution:
    """What another host would have found: other inferences, other header fields."""
    root = compute_inference_root([inference.receipt for inference in inferences])
    header = replace(block.header, **{"extra_data": root, **fields})  # type: ignore[arg-type]
    return replace(block, header=header, hash=compute_header_hash(header), inferences=inferences)


def with_outputs(block: Execution, *outputs: Tensor) -> Execution:
    """The block, had the model given these."""
    old = block.inferences[0]
    digest = compute_keccak(encode_tensors(list(outputs)))
    kinds = tuple(TensorType(f"out{n}", t.dtype, t.shape) for n, t in enumerate(outputs))
    manifest = replace(old.call.manifest, outputs=kinds)
    call = replace(old.call, manifest=manifest, outputs=outputs)
    return differ(block, Inference(replace(old.receipt, output_digest=digest), call))


def make_floats(*values: float) -> Tensor:
    """float32[2, n] of two equal rows."""
    array = np.array([values, values], np.float32)
    return Tensor(DType.FLOAT32, array.shape, array.tobytes())


def test_equal_executions_do_not_differ(block: Execution) -> None:
    """The same hash is the same result."""
    assert compare_executions(block, block) is None


def test_first_element_that_differs_is_found(block: Execution) -> None:
    """Output by name, index along every axis, both values and the distance."""
    bits = make_floats(1, 2, 3, 4)
    changed = np.array([[1, 2, 3, 4], [1, np.nextafter(np.float32(2), np.float32(3)), 9, 4]])
    other = Tensor(DType.FLOAT32, (2, 4), changed.astype(np.float32).tobytes())
    difference = compare_executions(
        with_outputs(block, make_floats(5), bits), with_outputs(block, make_floats(5), other)
    )
    assert difference is not None
    assert (difference.fields, difference.receipt) == (("extra_data",), 0)
    element = difference.element
    assert element is not None
    assert (element.output, element.index, element.distance) == ("out1", (1, 1), "1 ulp")
    assert (element.expected, element.got) == ("2.0", "2.0000002")
    assert "output 'out1' element [1, 1]: 2.0000002, others 2.0 (1 ulp apart)" in str(difference)


@pytest.mark.parametrize(
    ("expected", "got", "receipt"), [((0, 0), (0,), 1), ((), (0,), 0), ((0,), (), 0)]
)
def test_missing_inference_is_a_difference_by_itself(
    block: Execution, expected: tuple[int, ...], got: tuple[int, ...], receipt: int
) -> None:
    """One more or one less: its index is named, without an element."""
    runs = [[block.inferences[n] for n in side] for side in (expected, got)]
    difference = compare_executions(differ(block, *runs[0]), differ(block, *runs[1]))
    assert difference is not None
    assert (difference.receipt, difference.element) == (receipt, None)
    assert str(difference) == f"first at inference receipt {receipt}: header fields extra_data"


def test_difference_outside_inferences_names_the_header_fields(block: Execution) -> None:
    """No receipt differs: the fields are all there is to say."""
    other = differ(block, *block.inferences, state_root=bytes(32), gas_used=1)
    difference = compare_executions(block, other)
    assert difference is not None
    assert str(difference) == "header fields state_root, gas_used"


def test_receipt_that_differs_without_its_outputs_has_no_element(block: Execution) -> None:
    """Another input, for one: the receipt is named, and no element is made up."""
    old = block.inferences[0]
    other = Inference(replace(old.receipt, input_digest=bytes(32)), old.call)
    difference = compare_executions(block, differ(block, other))
    assert difference is not None
    assert (difference.receipt, difference.element) == (0, None)
