"""eth: events by range, hash, address and topics."""

from collections.abc import Callable
from typing import Any

import pytest

from precompiles.digest import compute_keccak

READ = "0x" + compute_keccak(b"DigitRead(address,uint256,uint8)").hex()
FIELDS = [
    *("address", "blockHash", "blockNumber", "blockTimestamp", "data", "logIndex", "removed"),
    *("topics", "transactionHash", "transactionIndex"),
]
OTHER = "0x" + "ab" * 32


@pytest.fixture
def readings(rpc: Any, read_data: Callable[[int], str]) -> list[dict[str, Any]]:
    """Receipts of two readings in one block and a third in the next."""
    reader = rpc.deploy_reader()
    rpc("evm_setAutomine", False)
    sent = []
    for digit in range(3):
        fields = {"to": reader, "data": read_data(digit), "gas": hex(200_000)}
        sent.append(rpc("eth_sendTransaction", fields))
        if digit > 0:
            rpc("evm_mine")
    return [rpc("eth_getTransactionReceipt", hash_) for hash_ in sent]


def test_an_event_is_the_same_in_receipt_and_query(
    rpc: Any, readings: list[dict[str, Any]]
) -> None:
    """Indexes count through the block; the bloom of the block covers it."""
    first = readings[0]["blockNumber"]
    found = rpc("eth_getLogs", {"fromBlock": first})
    assert found == [log for receipt in readings for log in receipt["logs"]]
    assert [log["logIndex"] for log in found] == ["0x0", "0x1", "0x0"]
    assert all(sorted(log) == FIELDS for log in found)
    assert found[0]["topics"][0] == READ
    block = rpc("eth_getBlockByNumber", first)
    assert int(block["logsBloom"], 16) & int(readings[0]["logsBloom"], 16) == int(
        readings[0]["logsBloom"], 16
    )
    assert rpc("eth_getLogs", {"blockHash": block["hash"]}) == found[:2]


def test_a_filter_picks_by_address_and_topics(rpc: Any, readings: list[dict[str, Any]]) -> None:
    """Lists are alternatives, null is anything, and all positions must be there."""
    reader = readings[0]["to"]
    first = readings[0]["blockNumber"]
    sender, second = readings[0]["logs"][0]["topics"][1], "0x" + "00" * 31 + "02"

    def count(**fields: Any) -> int:
        return len(rpc("eth_getLogs", {"fromBlock": first, "toBlock": "latest", **fields}))

    assert count() == count(address=reader) == count(address=[reader, "0x" + "00" * 20]) == 3
    assert count(address="0x" + "00" * 20) == 0
    assert count(topics=[]) == count(topics=[READ]) == count(topics=[None, sender]) == 3
    assert count(topics=[[OTHER, READ]]) == count(topics=[[None]]) == count(topics=[[]]) == 3
    assert count(topics=[OTHER]) == count(topics=[READ, OTHER]) == 0
    assert count(topics=[READ, None, second]) == count(topics=[None, None, [second, OTHER]]) == 1
    assert count(topics=[READ, None, None]) == 3
    assert count(topics=[READ, None, None, None]) == 0
    assert count(fromBlock="latest") == 1


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"blockHash": OTHER, "fromBlock": "0x0"}, "cannot specify both BlockHash and FromBlock"),
        ({"fromBlock": "0x1", "toBlock": "0x0"}, "filter.fromBlock is 1, above filter.toBlock 0"),
        ({"fromBlock": "0x0", "toBlock": "0xfff"}, "extends beyond current head block"),
        ({"address": ["0x1"]}, 'filter.address[0] is "0x1", must be 20 bytes'),
        ({"address": {}}, "filter.address is an object"),
        ({"topics": OTHER}, "filter.topics is"),
        ({"topics": [None] * 5}, "filter.topics has 5 items, at most 4"),
        ({"topics": [[1]]}, "filter.topics[0][0] is 1, must be 32 bytes"),
        ({"topics": [[OTHER] * 1001]}, "at most 1000"),
        ([], "filter is a list, must be an object"),
    ],
)
def test_a_filter_that_does_not_read_is_refused(rpc: Any, query: object, message: str) -> None:
    """geth's rules, with the place and the form."""
    code, text = rpc.fail("eth_getLogs", query)
    assert code == -32602
    assert message in text


def test_events_of_an_unknown_block_are_an_error(rpc: Any) -> None:
    """Not an empty list: an indexer must notice."""
    assert rpc.fail("eth_getLogs", {"blockHash": OTHER})[0] == -32000
