"""What an engine says of itself, as text by field, and the fingerprint that stands for it.

Knows no runtime: who only reads a description needs none.
"""

import re
from collections.abc import Mapping

import cbor2

from precompiles.digest import compute_keccak

MAX_FIELDS = 32
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")
TEXT = re.compile(r"[ -~]{0,1024}")


def hash_description(description: Mapping[str, str]) -> bytes:
    """The fingerprint, 32 bytes: keccak over the fields as canonical CBOR (RFC 7049, 3.9)."""
    return compute_keccak(cbor2.dumps(dict(description), canonical=True))


def is_description(description: Mapping[str, str]) -> bool:
    """Whether names and texts have the form that others take."""
    return len(description) <= MAX_FIELDS and all(
        NAME.fullmatch(name) and TEXT.fullmatch(text) for name, text in description.items()
    )
