"""Digests: known vectors, and a text form with one spelling per id."""

import base64
import contextlib
import hashlib
import re

import pytest
from eth_utils.crypto import keccak
from hypothesis import given
from hypothesis import strategies as st

from precompiles.digest import compute_keccak, compute_model_id, decode_cid, encode_cid

# what `ipfs add --cid-version 1 --raw-leaves` prints for files of one block
CIDS = {
    b"": "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku",
    b"hello world": "bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e",
}


@pytest.mark.parametrize(("content", "cid"), CIDS.items())
def test_cid_is_the_one_ipfs_prints(content: bytes, cid: str) -> None:
    """Both directions against published identifiers of known content."""
    assert encode_cid(compute_model_id(content)) == cid
    assert decode_cid(cid) == hashlib.sha256(content).digest()


@given(st.binary(min_size=32, max_size=32))
def test_cid_round_trips(model_id: bytes) -> None:
    """Any id comes back from its text."""
    assert decode_cid(encode_cid(model_id)) == model_id


@given(st.binary(min_size=32, max_size=32), st.data())
def test_an_id_has_exactly_one_text(model_id: bytes, data: st.DataObject) -> None:
    """Another character anywhere, upper case included, is another id or no id."""
    cid = encode_cid(model_id)
    at = data.draw(st.integers(0, len(cid) - 1))
    other = cid[:at] + data.draw(st.characters()) + cid[at + 1 :]
    with contextlib.suppress(ValueError):
        assert other == cid or decode_cid(other) != model_id


@given(st.text(max_size=80))
def test_text_that_is_no_cid_gives_value_error(text: str) -> None:
    """Whatever a user types, the only exception is the documented one."""
    with pytest.raises(ValueError, match=re.escape(repr(text))):
        decode_cid(text)


@pytest.mark.parametrize(
    "raw",
    [
        bytes.fromhex("01701220") + bytes(32),  # dag-pb: a directory or a file of many blocks
        bytes.fromhex("01551b20") + bytes(32),  # keccak-256
        bytes.fromhex("01551220") + bytes(31),
        bytes.fromhex("01551220") + bytes(33),
        bytes.fromhex("1220") + bytes(32),
    ],
)
def test_other_codecs_hashes_and_lengths_are_refused(raw: bytes) -> None:
    """Only a raw sha2-256 identifier names a model file."""
    with pytest.raises(ValueError, match="raw codec and sha2-256"):
        decode_cid("b" + base64.b32encode(raw).decode().lower().rstrip("="))


def test_a_version_zero_cid_is_refused() -> None:
    """`Qm...` is base58 of something else; it can be an alias, not an id."""
    with pytest.raises(ValueError, match="Qm"):
        decode_cid("QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG")


@given(st.binary(max_size=300))
def test_keccak_is_ethereums(data: bytes) -> None:
    """Not SHA-3 of the standard: the opcode's padding."""
    assert compute_keccak(data) == keccak(data)
