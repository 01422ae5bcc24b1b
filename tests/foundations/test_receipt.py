"""Inference receipts encode as a contract's abi.encode of a static tuple."""

from dataclasses import replace
from typing import Any

import pytest
from eth_abi.abi import encode
from hypothesis import given
from hypothesis import strategies as st

from devnet.merkle import build_path, compute_root_from_path
from devnet.receipt import InferenceReceipt, compute_inference_root, encode_receipt

TUPLE = "(uint256,bytes32,uint256,uint256,address,bytes32,uint8,bytes32,bytes32,uint256,bool)"
NUMBER = st.integers(0, 2**64)
HASH = st.binary(min_size=32, max_size=32)
RECEIPTS = st.builds(
    InferenceReceipt,
    block_number=NUMBER,
    transaction_hash=HASH,
    transaction_index=NUMBER,
    call_index=NUMBER,
    caller=st.binary(min_size=20, max_size=20),
    model_id=HASH,
    mode=st.integers(0, 2),
    input_digest=HASH,
    output_digest=HASH,
    gas=NUMBER,
    reverted=st.booleans(),
)
RECEIPT = InferenceReceipt(
    5, b"\x01" * 32, 2, 3, b"\x04" * 20, b"\x05" * 32, 0, b"\x06" * 32, b"\x07" * 32, 8, False
)


@given(receipt=RECEIPTS)
def test_encoding_is_that_of_eth_abi(receipt: InferenceReceipt) -> None:
    """Eleven words in the order of the fields."""
    values = (
        receipt.block_number,
        receipt.transaction_hash,
        receipt.transaction_index,
        receipt.call_index,
        "0x" + receipt.caller.hex(),
        receipt.model_id,
        receipt.mode,
        receipt.input_digest,
        receipt.output_digest,
        receipt.gas,
        receipt.reverted,
    )
    assert encode_receipt(receipt) == encode([TUPLE], [values])


@given(one=RECEIPTS, other=RECEIPTS)
def test_different_receipts_have_different_bytes(
    one: InferenceReceipt, other: InferenceReceipt
) -> None:
    """The leaf binds every field."""
    assert (encode_receipt(one) == encode_receipt(other)) == (one == other)


@pytest.mark.parametrize("field", InferenceReceipt.__dataclass_fields__)
def test_root_changes_with_every_field(field: str) -> None:
    """One field of one receipt changed, and the block's inference root is another."""
    value = getattr(RECEIPT, field)
    changed: Any = b"\xff" + value[1:] if isinstance(value, bytes) else type(value)(value + 1)
    other = replace(RECEIPT, **{field: changed})
    assert compute_inference_root([RECEIPT]) != compute_inference_root([other])


def test_receipt_is_proven_under_the_root_of_its_block() -> None:
    """The leaf is the encoding itself."""
    receipts = [replace(RECEIPT, call_index=n) for n in range(5)]
    leaves = [encode_receipt(receipt) for receipt in receipts]
    root = compute_inference_root(receipts)
    for index, leaf in enumerate(leaves):
        assert compute_root_from_path(leaf, index, 5, build_path(leaves, index)) == root
    assert compute_inference_root([]) == bytes(32)
