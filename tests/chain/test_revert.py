"""Revert data in words, whatever a contract returns."""

import pytest
from eth_abi.abi import encode
from hypothesis import given
from hypothesis import strategies as st

from devnet.chain.revert import decode_reason, describe_revert
from precompiles.digest import compute_keccak

ERROR = compute_keccak(b"Error(string)")[:4]
PANIC = compute_keccak(b"Panic(uint256)")[:4]


@given(reason=st.text())
def test_error_string_is_its_text(reason: str) -> None:
    """`require(false, reason)` shows the reason as it was written."""
    text = reason.encode("utf-8", "replace").decode()
    assert decode_reason(ERROR + encode(["string"], [text])) == text


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (0x01, "assert(false)"),
        (0x12, "division or modulo by zero"),
        (0x32, "out-of-bounds access of an array or bytesN"),
        (0x99, "unknown panic code: 0x99"),
        (2**255, f"unknown panic code: 0x{2**255:x}"),
    ],
)
def test_panic_is_explained(code: int, words: str) -> None:
    """Solidity's panic codes have names; geth's; others show as numbers."""
    assert decode_reason(PANIC + encode(["uint256"], [code])) == words


@pytest.mark.parametrize(
    ("output", "words"),
    [
        (b"", "execution reverted"),
        (b"\x01\x02\x03", "execution reverted"),
        (b"\x01\x02\x03\x04", "execution reverted: custom error 0x01020304"),
        (ERROR, "execution reverted: custom error 0x08c379a0"),
        (PANIC + b"\x01", "execution reverted: custom error 0x4e487b71"),
        (ERROR + encode(["bytes"], [b"\xff\xfe"]), "execution reverted: custom error 0x08c379a0"),
    ],
)
def test_other_data_shows_as_its_selector(output: bytes, words: str) -> None:
    """A custom error, a broken standard one and none at all."""
    assert describe_revert(output) == words


@given(head=st.sampled_from([b"", ERROR, PANIC]), tail=st.binary(max_size=200))
def test_arbitrary_data_never_fails(head: bytes, tail: bytes) -> None:
    """A contract may revert with anything."""
    assert describe_revert(head + tail).startswith("execution reverted")
    huge = (2**256 - 1).to_bytes(32, "big")
    assert describe_revert(head + huge + tail).startswith("execution reverted")
