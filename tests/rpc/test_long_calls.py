"""A long call stops nobody else: HTTP, WebSocket and IPC, on connections that stay open.

`scripts/bench latency` measures how long the others wait.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from benches.connections import CONNECTIONS

from devnet.config import Config
from devnet.errors import RemoteError
from devnet.node import Node
from devnet.rpc.transport.server import Listen

LOOP = "0x60038060095f395ff35b5f56"  # deploys JUMPDEST PUSH0 JUMP


def deploy_loop(server: Any, seconds: float) -> dict[str, str]:
    """A call that burns its gas in a loop for about so long."""
    sent = server.ask("eth_sendTransaction", {"data": LOOP, "gas": hex(200_000)})
    address = server.ask("eth_getTransactionReceipt", sent)["contractAddress"]
    began = time.perf_counter()
    with pytest.raises(RemoteError, match="out of gas"):
        server.ask("eth_call", {"to": address, "gas": hex(1_000_000)})
    gas = int(seconds * 1_000_000 / (time.perf_counter() - began))
    return {"to": address, "gas": hex(gas)}


@pytest.mark.parametrize("kind", list(CONNECTIONS))
@pytest.mark.parametrize("seconds", [1.0, pytest.param(5.0, marks=pytest.mark.slow)])
def test_a_long_call_delays_nobody(
    launch: Callable[..., Any], tmp_path: Path, kind: str, seconds: float
) -> None:
    """While one runs, the height is answered again and again."""
    path = tmp_path / "node.ipc"
    server = launch(Node(Config()), listen=Listen(port=0, ipc=path))
    call = deploy_loop(server, seconds)

    async def run() -> int:
        async with CONNECTIONS[kind](server.host, path) as ask:
            long = asyncio.ensure_future(ask("eth_call", call))
            answered = 0
            while not long.done():
                assert (await ask("eth_blockNumber"))["result"] == "0x1"
                answered += 1
                await asyncio.sleep(0.02)
            assert "out of gas" in (await long)["error"]["message"]
            return answered

    assert asyncio.run(run()) > 5
