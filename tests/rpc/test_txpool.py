"""txpool_*: pending and queued, by sender and nonce."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.rpc.conftest import Rpc

FRESH = "0x" + "f5" * 20


@pytest.fixture
def waiting(rpc: Rpc) -> Rpc:
    """Two senders: nonces 0, 1 and 3 of the first, 1 of the second."""
    rpc("evm_setAutomine", False)
    first, second = rpc("eth_accounts")[:2]
    for sender, nonce in ((first, 3), (first, 0), (second, 1), (first, 1)):
        fields = {"from": sender, "to": FRESH, "nonce": hex(nonce), "value": "0x5", "gas": "0x5208"}
        rpc("eth_sendTransaction", fields)
    return rpc


def test_status_counts_both(waiting: Rpc) -> None:
    """Filling the gap makes what waited behind it pending; a block empties the pool."""
    assert waiting("txpool_status") == {"pending": "0x2", "queued": "0x2"}
    first = waiting("eth_accounts")[0]
    assert waiting("eth_getTransactionCount", first, "pending") == "0x2"
    waiting("eth_sendTransaction", {"from": first, "to": FRESH, "gas": "0x5208"})
    assert waiting("txpool_status") == {"pending": "0x4", "queued": "0x1"}
    assert waiting("eth_getTransactionCount", first, "pending") == "0x4"
    waiting("evm_mine")
    assert waiting("txpool_status") == {"pending": "0x0", "queued": "0x1"}


def test_content_has_whole_transactions(waiting: Rpc) -> None:
    """By checksummed sender and decimal nonce; of one sender alone as well."""
    content = waiting("txpool_content")
    first, second = (waiting.node.accounts[n].address.hex() for n in range(2))
    shown = {s.lower()[2:]: sorted(own) for s, own in content["pending"].items()}
    assert shown == {first: ["0", "1"]}
    shown = {s.lower()[2:]: sorted(own) for s, own in content["queued"].items()}
    assert shown == {first: ["3"], second: ["1"]}
    own = waiting("txpool_contentFrom", "0x" + first)
    (sender,) = content["pending"]
    assert own == {"pending": content["pending"][sender], "queued": content["queued"][sender]}
    assert own["pending"]["1"]["nonce"] == "0x1"
    assert own["pending"]["1"]["blockHash"] is None
    assert waiting("txpool_contentFrom", FRESH) == {"pending": {}, "queued": {}}


def test_inspect_has_a_line_each(waiting: Rpc) -> None:
    """Recipient, value, gas and price, as geth writes them."""
    lines = waiting("txpool_inspect")["pending"]
    ((_, own),) = lines.items()
    assert list(own) == ["0", "1"]
    recipient, rest = own["0"].split(": ")
    assert recipient.lower() == FRESH
    assert rest.startswith("5 wei + 21000 gas × ")
    assert rest.endswith(" wei")


def test_a_replacement_stands_in_the_same_place(waiting: Rpc) -> None:
    """Too low a bump is refused by name, the same bytes too."""
    first = waiting("eth_accounts")[0]
    old = waiting("txpool_content")["pending"]
    fields = {"from": first, "to": FRESH, "nonce": "0x0", "value": "0x6", "gas": "0x5208"}
    ((_, own),) = old.items()
    fee, tip = (int(own["0"][key], 16) for key in ("maxFeePerGas", "maxPriorityFeePerGas"))
    fees = {"maxFeePerGas": hex(fee * 11 // 10), "maxPriorityFeePerGas": hex(tip)}
    code, message = waiting.fail("eth_sendTransaction", fields | fees)
    assert code == -32000
    assert message.startswith("replacement transaction underpriced: max_priority_fee_per_gas")
    fees["maxPriorityFeePerGas"] = hex(tip * 11 // 10)
    sent = waiting("eth_sendTransaction", fields | fees)
    raw = waiting("eth_getRawTransactionByHash", sent)
    assert waiting.fail("eth_sendRawTransaction", raw)[1].startswith("already known: 0x")
    assert waiting("txpool_status") == {"pending": "0x2", "queued": "0x2"}
    ((_, own),) = waiting("txpool_content")["pending"].items()
    assert own["0"]["hash"] == sent
