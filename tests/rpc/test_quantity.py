"""Hex codecs: what is encoded decodes to itself, and one strict spelling is taken."""

from collections.abc import Callable

import pytest
from eth_utils.conversions import to_hex
from hypothesis import given
from hypothesis import strategies as st

from devnet.errors import InvalidParams
from devnet.rpc import quantity

WORDS = st.integers(0, 2**256 - 1)


@given(WORDS)
def test_a_quantity_decodes_to_the_number_that_was_encoded(number: int) -> None:
    """Both number decoders read what the encoder writes, and it is what eth_utils writes."""
    text = quantity.encode_quantity(number)
    assert text == to_hex(number)
    assert quantity.decode_quantity(text, "x") == number
    assert quantity.decode_number(text, "x") == quantity.decode_number(number, "x") == number


@given(st.binary())
def test_bytes_decode_to_the_bytes_that_were_encoded(data: bytes) -> None:
    """In either case of the digits."""
    text = quantity.encode_bytes(data)
    assert text == to_hex(data)
    assert quantity.decode_bytes(text, "x", len(data)) == data
    assert quantity.decode_bytes("0x" + text[2:].upper(), "x") == data


@given(WORDS)
def test_a_word_decodes_with_and_without_leading_zeros(number: int) -> None:
    """Storage slots come as quantities from some clients and as 32 bytes from others."""
    assert len(quantity.encode_word(number)) == 66
    assert quantity.decode_word(quantity.encode_word(number), "x") == number
    assert quantity.decode_word(hex(number), "x") == number


@given(st.text() | st.integers() | st.floats() | st.booleans() | st.none() | st.lists(st.text()))
def test_decoders_refuse_by_name_or_return(value: object) -> None:
    """No value brings anything but InvalidParams out of a decoder."""
    for decode in (
        quantity.decode_quantity,
        quantity.decode_number,
        quantity.decode_bytes,
        quantity.decode_address,
        quantity.decode_hash,
        quantity.decode_word,
        quantity.decode_flag,
        quantity.decode_text,
        quantity.decode_object,
    ):
        message = _refuse(decode, value)
        assert message == "" or (message.startswith("thing is ") and ", must be " in message)


def _refuse(decode: Callable[[object, str], object], value: object) -> str:
    try:
        decode(value, "thing")
    except InvalidParams as refused:
        return str(refused)
    return ""


@pytest.mark.parametrize(
    ("decode", "value", "form"),
    [
        (quantity.decode_quantity, "0x", "a hex quantity"),
        (quantity.decode_quantity, "0x01", "without leading zeros"),
        (quantity.decode_quantity, "0X1", "a hex quantity"),
        (quantity.decode_quantity, "12", "a hex quantity"),
        (quantity.decode_quantity, "-0x1", "a hex quantity"),
        (quantity.decode_quantity, "0x1_0", "a hex quantity"),
        (quantity.decode_quantity, "0x1\n", "a hex quantity"),
        (quantity.decode_quantity, "0x1" + "0" * 64, "a hex quantity"),
        (quantity.decode_quantity, 1, "a hex quantity"),
        (quantity.decode_number, -1, "a number from 0"),
        (quantity.decode_number, True, "a number from 0"),
        (quantity.decode_number, 1.0, "a number from 0"),
        (quantity.decode_number, 2**256, "a number from 0"),
        (quantity.decode_bytes, "0x0", "two digits a byte"),
        (quantity.decode_bytes, "00", "hex"),
        (quantity.decode_bytes, "0x 00", "hex"),
        (quantity.decode_bytes, "0x0g", "hex"),
        (quantity.decode_address, "0x" + "00" * 19, "20 bytes of hex"),
        (quantity.decode_hash, "0x" + "00" * 33, "32 bytes of hex"),
        (quantity.decode_word, "0xasdf", "at most 32 bytes"),
        (quantity.decode_word, "0x" + "0" * 65, "at most 32 bytes"),
        (quantity.decode_flag, 1, "true or false"),
        (quantity.decode_text, "\ud800", "text without lone surrogates"),
        (quantity.decode_object, [], "an object"),
    ],
)
def test_another_spelling_is_refused_with_the_expected_form(
    decode: Callable[[object, str], object], value: object, form: str
) -> None:
    """Strict as geth: prefixes, zeros, whitespace, underscores and sizes count."""
    with pytest.raises(InvalidParams, match=f"^to is .*must be .*{form}"):
        decode(value, "to")


def test_a_long_value_is_shown_by_its_beginning() -> None:
    """A megabyte of nonsense makes a short message."""
    with pytest.raises(InvalidParams) as refused:
        quantity.decode_address("z" * 1_000_000, "to")
    assert 60 < len(str(refused.value)) < 200


def test_null_fields_of_an_object_count_as_absent() -> None:
    """Many clients send every field they know."""
    assert quantity.decode_object({"a": None, "b": 0, "c": ""}, "x") == {"b": 0, "c": ""}


def test_a_list_above_its_limit_is_refused() -> None:
    """The message has both numbers."""
    assert quantity.decode_list([1, 2], "x", 2) == [1, 2]
    with pytest.raises(InvalidParams, match="x has 3 items, at most 2"):
        quantity.decode_list([1, 2, 3], "x", 2)
