"""Transactions as far as a pool looks at them, and chains on which nobody has sent."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from devnet.chain.transaction import Transaction

Make = Callable[..., Transaction]


def build(sender: bytes, nonce: int, fee: int = 100, tip: int = 100, **more: Any) -> Transaction:
    """A transaction of a sender.

    Args:
        more: `type_id`, `size` in bytes, `value` in wei, `blob_fee`, `blobs`.
    """
    kind, size, blobs = more.get("type_id", 2), more.get("size", 100), more.get("blobs", 1)
    evm = SimpleNamespace(
        nonce=nonce,
        gas=1,
        value=more.get("value", 0),
        max_fee_per_gas=fee,
        max_priority_fee_per_gas=tip,
        max_fee_per_blob_gas=more.get("blob_fee", 1),
        blob_versioned_hashes=(b"\x01" * 32,) * blobs,
        authorization_list=(),
    )
    name = sender + b"".join(part.to_bytes(9) for part in (nonce, fee, tip, more.get("value", 0)))
    return Transaction(bytes([kind]).ljust(size, b"\0"), name, sender, evm)


@pytest.fixture
def make() -> Make:
    """Makes a transaction: `make(ALICE, 0, fee=5, tip=1)`."""
    return build
