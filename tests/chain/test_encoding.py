"""Receipts, blooms and list roots are py-evm's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import eth.consensus  # noqa: F401  # py-evm has an import cycle that only this order resolves
import pytest
from eth.db.trie import make_trie_root_and_nodes
from eth.rlp.logs import Log as UpstreamLog
from eth.rlp.receipts import Receipt as UpstreamReceipt
from eth.vm.forks.prague.receipts import PragueReceiptBuilder
from eth.vm.forks.prague.transactions import PragueTransactionBuilder
from hypothesis import given
from hypothesis import strategies as st

from devnet.chain.block import Log, Receipt
from devnet.chain.receipt import compute_bloom, encode_receipt

if TYPE_CHECKING:
    from tests.chain.conftest import Bench

LOGS = st.lists(
    st.builds(
        Log,
        address=st.binary(min_size=20, max_size=20),
        topics=st.lists(st.binary(min_size=32, max_size=32), max_size=4).map(tuple),
        data=st.binary(max_size=80),
    ),
    max_size=5,
).map(tuple)


def to_upstream(type_id: int, receipt: Receipt) -> bytes:
    """py-evm's encoding of the same receipt."""
    logs = [
        UpstreamLog(
            log.address, tuple(int.from_bytes(topic, "big") for topic in log.topics), log.data
        )
        for log in receipt.logs
    ]
    status = b"\x01" if receipt.succeeded else b""
    inner = UpstreamReceipt(state_root=status, gas_used=receipt.cumulative_gas_used, logs=logs)
    if type_id == 0:
        encoded: bytes = inner.encode()
    else:
        encoded = PragueReceiptBuilder.typed_receipt_class(type_id, inner).encode()
    return encoded


@given(
    type_id=st.sampled_from([0, 1, 2, 4]),
    succeeded=st.booleans(),
    cumulative=st.integers(0, 2**63),
    logs=LOGS,
)
def test_receipt_encodes_as_in_py_evm(
    type_id: int, succeeded: bool, cumulative: int, logs: tuple[Log, ...]
) -> None:
    """Status, gas, bloom and logs, with the type in front."""
    receipt = Receipt(succeeded, 1, cumulative, 1, logs, None, b"", "")
    assert encode_receipt(type_id, receipt) == to_upstream(type_id, receipt)


@given(logs=LOGS)
def test_bloom_holds_every_address_and_topic(logs: tuple[Log, ...]) -> None:
    """The bloom of some logs is the union of the blooms of each, and of none it is zero."""
    union = 0
    for log in logs:
        union |= int.from_bytes(compute_bloom([log]), "big")
    assert compute_bloom(logs) == union.to_bytes(256, "big")
    assert compute_bloom([]) == bytes(256)


@pytest.mark.parametrize("count", [0, 1, 2, 16, 17, 127, 128, 129, 200])
def test_list_roots_are_those_of_py_evm(bench: Bench, count: int) -> None:
    """Roots over transactions and receipts agree where keys change length and branches fill."""
    raws = [bench.sign(n % 10, to=bytes([n]) * 20, value=n) for n in range(count)]
    block = bench.run(*raws)
    transactions = [PragueTransactionBuilder.decode(raw) for raw in raws]
    receipts = [
        transaction.make_receipt(b"\x01", receipt.cumulative_gas_used, ())
        for transaction, receipt in zip(transactions, block.receipts, strict=True)
    ]
    assert make_trie_root_and_nodes(transactions)[0] == block.header.transactions_root
    assert make_trie_root_and_nodes(receipts)[0] == block.header.receipts_root
