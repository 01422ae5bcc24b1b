"""How long `eth_blockNumber` takes while a call of five seconds runs, and while none does.

On connections that stay open: HTTP beside the call's, and the same WebSocket and IPC socket.
"""

import asyncio
import statistics
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from benches.connections import CONNECTIONS, Ask
from devnet.config import Config
from devnet.node import Node
from devnet.rpc.serving import serve_node
from devnet.rpc.transport.server import Listen

_LOOP = "0x60038060095f395ff35b5f56"  # deploys JUMPDEST PUSH0 JUMP
_LONG_S = 5.0
_PAUSE_S = 0.01  # seconds between two questions
_LATE_MS = 50.0


def measure() -> Sequence[Mapping[str, object]]:
    """One row for each kind of connection."""
    return asyncio.run(_measure_all())


async def _measure_all() -> list[Mapping[str, object]]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "node.ipc"
        stop, opened = asyncio.Event(), asyncio.Queue[int]()
        listen = Listen(port=0, ipc=path)
        serving = asyncio.create_task(serve_node(Node(Config()), listen, opened.put_nowait, stop))
        host = f"127.0.0.1:{await opened.get()}"
        rows = []
        for name, open_ in CONNECTIONS.items():
            async with open_(host, path) as ask:
                rows.append(await _measure_one(name, ask))
        stop.set()
        await serving
    return rows


async def _measure_one(name: str, ask: Ask) -> Mapping[str, object]:
    call = await _deploy(ask)
    idle = [await _time(ask) for _ in range(100)]
    began = time.perf_counter()
    long = asyncio.ensure_future(ask("eth_call", call))
    busy: list[float] = []
    while not long.done():
        busy.append(await _time(ask))
        await asyncio.sleep(_PAUSE_S)
    return {
        "connection": name,
        "call s": time.perf_counter() - began,
        "answers beside it": len(busy),
        "idle ms": statistics.median(idle),
        "median ms": statistics.median(busy),
        "99 % ms": statistics.quantiles(busy, n=100)[98],
        "worst ms": max(busy),
        f"above {_LATE_MS:.0f} ms": sum(wait > _LATE_MS for wait in busy),
    }


async def _time(ask: Ask) -> float:
    """Milliseconds of one answer."""
    began = time.perf_counter()
    await ask("eth_blockNumber")
    return 1_000 * (time.perf_counter() - began)


async def _deploy(ask: Ask) -> dict[str, str]:
    """A call that burns its gas in a loop for about five seconds."""
    sent = (await ask("eth_sendTransaction", {"data": _LOOP, "gas": hex(200_000)}))["result"]
    address = (await ask("eth_getTransactionReceipt", sent))["result"]["contractAddress"]
    began = time.perf_counter()
    await ask("eth_call", {"to": address, "gas": hex(1_000_000)})
    gas = int(_LONG_S * 1_000_000 / (time.perf_counter() - began))
    return {"to": address, "gas": hex(gas)}
