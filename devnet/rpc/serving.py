"""Puts a node behind a server: methods, subscriptions, uploads, metrics, blocks at intervals."""

import asyncio
import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial

from devnet.clock import Clock, read_clock
from devnet.errors import InvalidParams
from devnet.nesting import is_too_deep
from devnet.node import Node
from devnet.processes.federation import Federation
from devnet.rpc.dispatch import Dispatcher, describe_error
from devnet.rpc.filters import Filters
from devnet.rpc.gate import Gate
from devnet.rpc.inference import add_model_file
from devnet.rpc.limits import SWITCH_S
from devnet.rpc.methods import build_methods
from devnet.rpc.metrics import Metrics
from devnet.rpc.pulse import Pulse
from devnet.rpc.quantity import decode_object
from devnet.rpc.subscriptions import Hub
from devnet.rpc.ticker import Ticker
from devnet.rpc.transport.server import Endpoints, Listen, Ready, run, stop_on_signals
from devnet.rpc.transport.service import Service
from precompiles.models.limits import MAX_MODEL_BYTES

_OK, _REFUSED = 200, 400


def serve(node: Node, listen: Listen, on_ready: Ready) -> None:
    """Answer until SIGINT or SIGTERM.

    Args:
        on_ready: called with the port once everything is open.
    Raises: ConfigError if an address cannot be listened on.
    """

    async def serve_until_signal() -> None:
        stop = asyncio.Event()
        stop_on_signals(stop)
        await serve_node(node, listen, on_ready, stop)

    asyncio.run(serve_until_signal())


async def serve_node(
    node: Node, listen: Listen, on_ready: Ready, stop: asyncio.Event, clock: Clock = read_clock
) -> None:
    """Answer until `stop` is set. Raises: ConfigError if an address cannot be listened on."""
    before = node.observers.copy()
    gate = Gate(node)
    metrics = Metrics(gate)
    hub = Hub(gate)
    filters = Filters(node, clock)
    service = Service(Dispatcher(build_methods(node, gate, filters)), metrics.count_call, clock)

    def upload(file: bytes, query: Mapping[str, str]) -> tuple[int, bytes]:
        try:
            added = gate.write(add_model_file, file, read_upload_options(query))
        except Exception as error:
            return _REFUSED, json.dumps({"error": describe_error(error)}).encode()
        return _OK, json.dumps(added).encode()

    async def mine() -> None:
        if not stop.is_set():
            await service.write(partial(gate.write, Node.mine))

    def show_metrics() -> str:
        return metrics.show({"subscriptions": len(hub), "filters": len(filters)})

    endpoints = Endpoints(service, hub.connect, upload, MAX_MODEL_BYTES, show_metrics)

    async def follow() -> None:
        await service.write(partial(gate.write, Node.follow))

    ticker = Ticker(node, mine)
    pulse = Pulse(follow) if isinstance(node.cluster, Federation) else None
    try:
        with _switch_often():
            await run(endpoints, listen, on_ready, stop)
    finally:
        ticker.stop()
        if pulse is not None:
            pulse.stop()
        node.observers[:] = before


def read_upload_options(query: Mapping[str, str]) -> dict[str, object]:
    """What `inference_addModel` takes beside the model: `?alias=x`, or `?options={...}` as JSON.

    Raises: InvalidParams.
    """
    text = query.get("options", "{}")
    try:
        options = {} if is_too_deep(text) else json.loads(text)
    except ValueError as broken:
        raise InvalidParams(f"options is no JSON object: {broken}") from broken
    named = {name: value for name, value in query.items() if name != "options"}
    return {**decode_object(options, "options"), **named}


@contextmanager
def _switch_often() -> Iterator[None]:
    """A busy thread gives way sooner, so that short requests do not wait for long calls."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_S)
    try:
        yield
    finally:
        sys.setswitchinterval(before)
