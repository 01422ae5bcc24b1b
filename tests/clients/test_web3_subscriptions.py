"""web3.py over WebSocket hears what happens: heads, logs, transactions, inferences, commits."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from web3 import AsyncWeb3, WebSocketProvider

from contracts import load
from precompiles.models.samples import read_digits

FEEDS = ("newHeads", "logs", "newPendingTransactions", "inferences", "commits")
DIGIT = 6
pytestmark = pytest.mark.timeout(60)


@pytest_asyncio.fixture
async def w3(served: Any) -> AsyncIterator[AsyncWeb3[Any]]:
    """A client that keeps its connection."""
    async with AsyncWeb3(WebSocketProvider(served.url.replace("http", "ws"))) as w3:
        yield w3


@pytest_asyncio.fixture
async def reader(w3: AsyncWeb3[Any], served: Any) -> Any:
    """A DigitReader."""
    artifact = load("DigitReader")
    factory = w3.eth.contract(abi=artifact.abi, bytecode=artifact.bytecode)
    made = factory.constructor(bytes.fromhex(served.model_id[2:]))
    sent = await made.transact({"from": (await w3.eth.accounts)[-1]})
    receipt = await w3.eth.wait_for_transaction_receipt(sent)
    return w3.eth.contract(address=receipt["contractAddress"], abi=artifact.abi)


@pytest.mark.asyncio
async def test_every_feed_tells_of_one_transaction(w3: Any, reader: Any, served: Any) -> None:
    """Its hash, its block, its event, its inference and the signatures on its block."""
    names = {}
    for feed in FEEDS:
        option = {"address": reader.address} if feed == "logs" else None
        names[await w3.eth.subscribe(feed, option)] = feed
    read = reader.functions.read(read_digits()[0][DIGIT].tobytes())
    sent = await read.transact({"from": (await w3.eth.accounts)[-1]})
    told: dict[str, Any] = {}
    async for message in w3.socket.process_subscriptions():
        told[names[message["subscription"]]] = message["result"]
        if len(told) == len(FEEDS):
            break
    assert all([await w3.eth.unsubscribe(name) for name in names])

    receipt = await w3.eth.get_transaction_receipt(sent)
    assert told["newPendingTransactions"] == sent
    assert told["newHeads"]["hash"] == told["logs"]["blockHash"] == receipt["blockHash"]
    assert told["newHeads"]["number"] == receipt["blockNumber"]
    event = reader.events.DigitRead().process_log(told["logs"])
    assert event["args"]["digit"] == read_digits()[1][DIGIT]
    (inference,) = served.ask("inference_receipts", sent.to_0x_hex())
    assert dict(told["inferences"]) == {**inference, "removed": False}
    commit = served.ask("consensus_commit", hex(receipt["blockNumber"]))
    assert w3.to_json(told["commits"]) == w3.to_json(commit)
    assert len(told["commits"]["votes"]) >= 3
