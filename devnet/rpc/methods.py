"""The table of all methods of one node; a namespace is a module with its own part of it."""

from collections.abc import Callable
from functools import partial

from devnet.node import Node
from devnet.rpc import (
    consensus,
    eth_blocks,
    eth_fees,
    eth_logs,
    eth_node,
    eth_send,
    eth_state,
    evm,
    inference,
    net,
)
from devnet.rpc.dispatch import Json, Method

_MODULES = (
    consensus,
    eth_blocks,
    eth_fees,
    eth_logs,
    eth_node,
    eth_send,
    eth_state,
    evm,
    inference,
    net,
)


def build_methods(node: Node) -> dict[str, Method]:
    """Every method by name, bound to a node."""
    methods: dict[str, Method] = {
        name: partial(method, node)
        for module in _MODULES
        for name, method in module.METHODS.items()
    }
    methods["rpc_modules"] = _build_modules(sorted(methods))
    return methods


def _build_modules(names: list[str]) -> Callable[[], Json]:
    namespaces = sorted({name.partition("_")[0] for name in (*names, "rpc_modules")})
    return lambda: dict.fromkeys(namespaces, "1.0")
