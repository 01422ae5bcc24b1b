"""The table of all methods of one node; a namespace is a module with its own part of it."""

from collections.abc import Callable
from functools import partial
from inspect import signature

from devnet.clock import read_clock
from devnet.node import Node
from devnet.rpc import (
    consensus,
    debug,
    debug_state,
    disputes,
    eth_access_list,
    eth_blocks,
    eth_conditional,
    eth_config,
    eth_fees,
    eth_logs,
    eth_node,
    eth_pending,
    eth_proof,
    eth_raw,
    eth_send,
    eth_simulate,
    eth_state,
    evidence,
    evm,
    inference,
    net,
    ots,
    signing,
    testing,
    trace,
    trace_opcodes,
    trace_replay,
    txpool,
)
from devnet.rpc.address_index import AddressIndex
from devnet.rpc.dispatch import Json, Method
from devnet.rpc.eth_filters import build_filter_methods
from devnet.rpc.filters import Filters
from devnet.rpc.gate import Gate
from devnet.rpc.lane import Lane, Routed, quick, route
from devnet.rpc.ots_search import build_search_methods

_MODULES = (
    consensus,
    debug,
    debug_state,
    disputes,
    eth_access_list,
    eth_blocks,
    eth_conditional,
    eth_config,
    eth_fees,
    eth_logs,
    eth_node,
    eth_pending,
    eth_proof,
    eth_raw,
    eth_send,
    eth_simulate,
    eth_state,
    evidence,
    evm,
    inference,
    net,
    ots,
    signing,
    testing,
    trace,
    trace_opcodes,
    trace_replay,
    txpool,
)


def build_methods(
    node: Node, gate: Gate | None = None, filters: Filters | None = None
) -> dict[str, Routed]:
    """Every method by name, bound to a node.

    Args:
        gate: between threads; without one all calls must come from one thread.
    """
    polled = Filters(node, read_clock) if filters is None else filters
    unbound: dict[str, Method | Routed] = {
        **{name: method for module in _MODULES for name, method in module.METHODS.items()},
        **build_filter_methods(polled),
        **build_search_methods(AddressIndex()),
    }
    methods = {name: _bind(route(method), node, gate) for name, method in unbound.items()}
    methods["rpc_modules"] = quick(_build_modules(sorted(methods)))
    return methods


def _bind(routed: Routed, node: Node, gate: Gate | None) -> Routed:
    method = routed.method
    if gate is None:
        return Routed(partial(method, node), routed.lane)

    def read(*params: object) -> Json:
        return method(gate.view, *params)

    def write(*params: object) -> Json:
        return gate.write(method, *params)

    bound = write if routed.lane is Lane.WRITE else read
    bound.__signature__ = signature(partial(method, node))  # type: ignore[attr-defined]
    return Routed(bound, routed.lane)


def _build_modules(names: list[str]) -> Callable[[], Json]:
    namespaces = sorted({name.partition("_")[0] for name in (*names, "rpc_modules")})
    return lambda: dict.fromkeys(namespaces, "1.0")
