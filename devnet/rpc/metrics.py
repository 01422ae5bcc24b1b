"""What a monitor asks about a running node, in Prometheus's text format.

Counters only grow: a block that is undone was still made. Chain counters are written by the thread
that changes the node, request counters by the event loop.
"""

from collections.abc import Iterator, Mapping
from typing import TypeAlias

from devnet.events import BlockAdded, Event
from devnet.node import Node
from devnet.rpc.gate import Gate

Samples: TypeAlias = Mapping[str, float]  # by labels, "" for none
_PREFIX = "devnet_"


class Metrics:
    """Counts as things happen."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._chain = dict.fromkeys(("blocks", "transactions", "inferences", "gas", "rounds"), 0)
        self._calls: dict[str, float] = {}
        self._errors: dict[str, float] = {}
        self._seconds: dict[str, float] = {}
        gate.node.observers.append(self._observe)

    def count_call(self, method: str, seconds: float, failed: bool) -> None:
        """One request; no method if it named none of ours."""
        label = f'{{method="{method or "unknown"}"}}'
        self._calls[label] = self._calls.get(label, 0) + 1
        self._seconds[label] = self._seconds.get(label, 0) + seconds
        if failed:
            self._errors[label] = self._errors.get(label, 0) + 1

    def show(self, gauges: Mapping[str, int]) -> str:
        """All of them as text.

        Args:
            gauges: what the server knows of its clients, by name.
        """
        view = self._gate.view
        lines: list[str] = []
        for name, what in _COUNTED.items():
            lines += _show(f"{name}_total", "counter", what, {"": self._chain[name]})
        for name, what, samples in (
            ("rpc_calls", "Requests.", self._calls),
            ("rpc_errors", "Requests answered with an error.", self._errors),
            ("rpc_seconds", "Seconds from a request to its answer, queueing included.",
             self._seconds),
        ):  # fmt: skip
            lines += _show(f"{name}_total", "counter", what, samples)
        for name, value in (*_describe_node(view), *gauges.items()):
            lines += _show(name, "gauge", _GAUGES[name], {"": value})
        return "\n".join(lines) + "\n"

    def _observe(self, event: Event) -> None:
        if isinstance(event, BlockAdded):
            block = event.block
            self._chain["blocks"] += 1
            self._chain["transactions"] += len(block.transactions)
            self._chain["inferences"] += len(block.inferences)
            self._chain["gas"] += block.header.gas_used
            self._chain["rounds"] += event.certificate.round + 1


_COUNTED = {
    "blocks": "Blocks decided.",
    "transactions": "Transactions in them.",
    "inferences": "Model calls in them.",
    "gas": "Gas used by them.",
    "rounds": "Rounds of consensus they took.",
}
_GAUGES = {
    "height": "Number of the latest block.",
    "pool": "Transactions that wait for a block.",
    "halted": "1 while the validators do not agree on a next block.",
    "subscriptions": "Subscriptions of all connections.",
    "filters": "Filters that are polled.",
}


def _describe_node(node: Node) -> Iterator[tuple[str, int]]:
    yield "height", node.head.header.number
    yield "pool", len(node.pool)
    yield "halted", int(bool(node.cluster.waiting))


def _show(name: str, kind: str, what: str, samples: Samples) -> Iterator[str]:
    yield f"# HELP {_PREFIX}{name} {what}"
    yield f"# TYPE {_PREFIX}{name} {kind}"
    for labels, value in sorted(samples.items()):
        yield f"{_PREFIX}{name}{labels} {value:.6f}".rstrip("0").rstrip(".")
