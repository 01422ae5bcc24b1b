"""Strict JSON: one spelling of each value; everything else is an error that names the place."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from devnet.errors import BadBundle
from devnet.verification.strict_json import MAX_BUNDLE_BYTES, Reader, parse_json


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("9" * 5_000, "not JSON: Exceeds the limit"),
        ("-0", "'-0' is not a value of a bundle"),
        ("-17", "'-17' is not a value"),
        ("Infinity", "Infinity is not a value"),
        ("{} {}", "not JSON: Extra data"),
        ("\ufeff{}", "not JSON: Unexpected UTF-8 BOM"),
        (b"\xff", "not UTF-8"),
        (b" " * (MAX_BUNDLE_BYTES + 1), f"more than {MAX_BUNDLE_BYTES} bytes"),
        ('{"a": {"b": 1, "b": 1}}', "a field is given twice: 'b'"),
        ('{"a": 1, "\\u0061": 1}', "a field is given twice: 'a'"),
        ('{"\\ud800": 1, "\\ud800": 1}', "a field is given twice: '\\ud800'"),
        ("[" * 65 + "]" * 65, "more than 64 brackets"),
    ],
    ids=lambda value: repr(value[:20]),
)
def test_what_is_not_taken_says_why(text: str | bytes, says: str) -> None:
    """No other error than ours comes out."""
    with pytest.raises(BadBundle, match=re.escape(says)):
        parse_json(text)


@pytest.mark.parametrize(
    ("value", "read", "says"),
    [
        (1.0, Reader.integer, "must be a whole number"),
        (True, Reader.integer, "must be a whole number"),
        ("1", Reader.integer, "must be a whole number"),
        (2**256, Reader.integer, "at most"),
        (1, Reader.flag, "must be true or false"),
        ("0xAB", Reader.data, "lower-case hex"),
        ("0xabc", Reader.data, "two digits a byte"),
        ("ab", Reader.data, "lower-case hex"),
        ("0xab\n", Reader.data, "lower-case hex"),
        ("0xab", lambda reader: reader.data(2), "has 1 bytes, must have 2"),
        (None, Reader.items, "must be a list"),
        ([1, 2], lambda reader: reader.items(1), "has 2 entries, at most 1"),
        ([], lambda reader: reader.fields("a"), "must be an object"),
        ({"b": 1}, lambda reader: reader.fields("a", "b", "c"), "lacks a, c"),
        ({"a": 1, "b": 1}, lambda reader: reader.fields("a"), "has no such field as 'b'"),
        ({"b": 1, "c": 1, "d": 1}, Reader.fields, "has no such field as 'b' and 2 others"),
        ("x" * 500, lambda reader: reader.text(re.compile("y"), "y"), "xxx...; must be y"),
    ],
)
def test_a_value_of_another_kind_is_named(
    value: Any, read: Callable[[Reader], Any], says: str
) -> None:
    """With its place, and never at length."""
    with pytest.raises(BadBundle, match=re.escape(says)) as refused:
        read(Reader(value, "bundle.place"))
    assert str(refused.value).startswith("bundle.place ")
    assert len(str(refused.value)) < 250


@pytest.mark.parametrize("name", ["\x1b[2K\rverified", "\ud800", "\u202e", "x" * 1_000_000])
def test_a_stranger_s_names_write_on_nobody_s_terminal(name: str) -> None:
    """Control characters and half of a pair are escaped, what is long is cut."""
    reader = Reader({name: None}, "bundle")
    ((_, inner),) = reader.entries()
    for refuse in (lambda: reader.fields("x"), reader.fields, inner.integer):
        with pytest.raises(BadBundle) as refused:
            refuse()
        text = str(refused.value)
        assert (text.isascii(), text.isprintable()) == (True, True)
        assert len(text) < 250


def test_places_lead_to_the_value() -> None:
    """By field and index."""
    root = parse_json(json.dumps({"a": [{"b": -1 + 1}, {"b": "x"}]}))
    first, second = root.fields("a")["a"].items()
    assert first.fields("b")["b"].integer() == 0
    with pytest.raises(BadBundle, match=re.escape("bundle.a[1].b is 'x'")):
        second.fields("b")["b"].integer()
