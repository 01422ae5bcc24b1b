"""trace: what happened inside transactions, in the shapes that Parity gave them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from devnet.chain.block import Execution
from devnet.chain.forks.reward import compute_rewards
from devnet.chain.history import Place
from devnet.chain.tracing.budget import Budget
from devnet.chain.tracing.call_tracer import CallFrame, CallTracer
from devnet.chain.tracing.event import CallKind
from devnet.chain.tracing.flat import FlatTrace, build_parity_rule, flatten
from devnet.errors import InvalidParams, UnknownBlock
from devnet.node import Node
from devnet.rpc.block_reference import decode_block_number, find_block
from devnet.rpc.dispatch import Json, Method
from devnet.rpc.interfaces import Interfaces, get_interfaces
from devnet.rpc.parity_views import show_placed_trace, show_reward
from devnet.rpc.quantity import (
    build_refusal,
    decode_address,
    decode_hash,
    decode_list,
    decode_number,
    decode_object,
    decode_text,
)
from devnet.rpc.replays import trace_block, trace_place

MAX_FILTER_BLOCKS = 1_000  # that one `trace_filter` replays
MAX_TRACES = 10_000  # in one answer
MAX_ADDRESSES = 1_000
MAX_DEPTH = 1_024  # of a trace address


@dataclass(frozen=True, slots=True)
class Parties:
    """Who calls and who is called; nobody named means anybody."""

    senders: Sequence[bytes]
    targets: Sequence[bytes]
    needs_both: bool

    def match(self, frame: CallFrame) -> bool:
        is_lost = frame.kind.is_creation and frame.failure is not None
        has_target = not is_lost and frame.kind is not CallKind.SELFDESTRUCT
        is_sender = frame.caller in self.senders
        is_target = has_target and frame.target in self.targets
        if self.senders and self.targets:
            return is_sender and is_target if self.needs_both else is_sender or is_target
        return is_sender or is_target or not (self.senders or self.targets)


def trace_one_block(node: Node, block: object) -> Json:
    found = find_block(node, block)
    return None if found is None else list(_trace_block(node, found))


def trace_transaction(node: Node, transaction_hash: object) -> Json:
    wanted = decode_hash(transaction_hash, "transactionHash")
    place = node.history.find_transaction(wanted)
    if place is None:
        return None
    interfaces = get_interfaces(node)
    traces = _trace_place(node, place, interfaces)
    return [show_placed_trace(trace, interfaces, place) for trace in traces]


def get_trace(node: Node, transaction_hash: object, indices: object) -> Json:
    """One frame by its trace address, or null."""
    wanted = decode_hash(transaction_hash, "transactionHash")
    items = decode_list(indices, "indices", MAX_DEPTH)
    address = tuple(decode_number(item, f"indices[{i}]") for i, item in enumerate(items))
    place = node.history.find_transaction(wanted)
    if place is None:
        return None
    interfaces = get_interfaces(node)
    traces = _trace_place(node, place, interfaces)
    found = (trace for trace in traces if trace.address == address)
    return next((show_placed_trace(trace, interfaces, place) for trace in found), None)


def filter_traces(node: Node, query: object) -> Json:
    """Frames of a range of blocks, by who calls and who is called.

    With both named, one of them is enough unless `mode` is "intersection".
    """
    fields = decode_object(query, "filter")
    first = decode_block_number(node, fields.get("fromBlock", "latest"), "filter.fromBlock")
    last = decode_block_number(node, fields.get("toBlock", "latest"), "filter.toBlock")
    head = node.head.header.number
    if first > last:
        raise InvalidParams("invalid block range params")
    if last > head:
        raise UnknownBlock(f"no block {last}; the head is {head}")
    if last - first >= MAX_FILTER_BLOCKS:
        raise InvalidParams(
            f"{last - first + 1} blocks in one filter, at most {MAX_FILTER_BLOCKS}; split the range"
        )
    after = decode_number(fields.get("after", 0), "filter.after")
    count = decode_number(fields.get("count", MAX_TRACES), "filter.count")
    found = _filter(
        node,
        range(max(first, 1), last + 1),
        _decode_parties(fields),
    )
    start = min(after, MAX_TRACES)
    return list(islice(found, start, start + min(count, MAX_TRACES)))


METHODS: Mapping[str, Method] = {
    "trace_block": trace_one_block,
    "trace_transaction": trace_transaction,
    "trace_get": get_trace,
    "trace_filter": filter_traces,
}


def _trace_place(node: Node, place: Place, interfaces: Interfaces) -> Iterator[FlatTrace]:
    tracer = CallTracer()
    trace_place(node, place, tracer)
    return flatten(tracer.top, build_parity_rule(interfaces))


def _walk_block(
    node: Node, block: Execution, interfaces: Interfaces
) -> Iterator[tuple[FlatTrace, Place]]:
    budget = Budget()
    tracers = [CallTracer(budget) for _ in block.transactions]
    if tracers:
        trace_block(node, block, tracers)
    for index, tracer in enumerate(tracers):
        for trace in flatten(tracer.top, build_parity_rule(interfaces)):
            yield trace, Place(block, index)


def _trace_block(node: Node, block: Execution) -> Iterator[Json]:
    interfaces = get_interfaces(node)
    for trace, place in _walk_block(node, block, interfaces):
        yield show_placed_trace(trace, interfaces, place)
    if block.header.number:
        yield from _show_rewards(node, block)


def _show_rewards(node: Node, block: Execution) -> Iterator[Json]:
    fork = node.cluster.world.schedule.find_fork(block.header)
    rewards = tuple(compute_rewards(block.header, block.uncles, fork))
    for index, (author, amount_wei) in enumerate(rewards):
        kind = "block" if index == len(rewards) - 1 else "uncle"
        yield show_reward(block, author, amount_wei, kind)


def _filter(node: Node, numbers: range, parties: Parties) -> Iterator[Json]:
    interfaces = get_interfaces(node)
    for number in numbers:
        for trace, place in _walk_block(node, node.history.get_block(number), interfaces):
            if parties.match(trace.frame):
                yield show_placed_trace(trace, interfaces, place)


def _decode_parties(fields: Mapping[str, object]) -> Parties:
    mode = decode_text(fields.get("mode", "union"), "filter.mode")
    if mode not in ("union", "intersection"):
        raise build_refusal("filter.mode", mode, "union or intersection")
    return Parties(
        _decode_addresses(fields.get("fromAddress", []), "filter.fromAddress"),
        _decode_addresses(fields.get("toAddress", []), "filter.toAddress"),
        mode == "intersection",
    )


def _decode_addresses(value: object, name: str) -> tuple[bytes, ...]:
    items = decode_list(value, name, MAX_ADDRESSES)
    return tuple(decode_address(item, f"{name}[{i}]") for i, item in enumerate(items))
