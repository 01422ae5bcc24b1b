"""Order on one connection: an answer comes before what it let begin."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import aiohttp

from devnet.config import Config
from devnet.node import Node


def test_news_wait_for_the_answer_that_names_their_subscription(launch: Callable[..., Any]) -> None:
    """Also where it is one of a batch, and another body is answered first."""
    server = launch(Node(Config()))
    batch = [
        {"jsonrpc": "2.0", "id": 1, "method": "eth_subscribe", "params": ["newHeads"]},
        {"jsonrpc": "2.0", "id": 2, "method": "evm_mine", "params": [{"blocks": 20}]},
    ]
    other = {"jsonrpc": "2.0", "id": 3, "method": "eth_chainId", "params": []}

    async def run() -> list[Any]:
        url = f"ws://{server.host}"
        async with aiohttp.ClientSession() as session, session.ws_connect(url) as socket:
            async with asyncio.timeout(20):
                await socket.send_str(json.dumps(batch))
                await socket.send_str(json.dumps(other))
                return [json.loads(await socket.receive_str()) for _ in range(22)]

    heard = asyncio.run(run())
    answered = next(place for place, found in enumerate(heard) if isinstance(found, list))
    assert not any("method" in found for found in heard[:answered])
    assert sum("method" in found for found in heard[answered + 1 :]) == 20
