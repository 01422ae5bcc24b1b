"""eth: filters, which a client polls; subscriptions need a WebSocket or IPC."""

from collections.abc import Mapping
from typing import NoReturn

from devnet.errors import MethodNotFound
from devnet.node import Node
from devnet.rpc.dispatch import Json, Method
from devnet.rpc.eth_logs import decode_live_query, get_logs
from devnet.rpc.feeds import Logs, NewBlocks, PendingTransactions
from devnet.rpc.filters import Filters
from devnet.rpc.lane import Routed, quick
from devnet.rpc.quantity import decode_flag, decode_object, decode_quantity


def build_filter_methods(filters: Filters) -> Mapping[str, Method | Routed]:
    """The methods of one node's filters; each takes the node first, as all methods do."""

    def new_filter(node: Node, query: object) -> Json:
        return filters.add(Logs(decode_live_query(query)), decode_object(query, "filter"))

    def new_block_filter(node: Node) -> Json:
        return filters.add(NewBlocks())

    def new_pending_transaction_filter(node: Node, full: object = False) -> Json:
        return filters.add(PendingTransactions(decode_flag(full, "full")))

    def get_filter_changes(node: Node, filter_id: object) -> Json:
        return filters.take(_decode_id(filter_id))

    def get_filter_logs(node: Node, filter_id: object) -> Json:
        return get_logs(node, filters.get_query(_decode_id(filter_id)))

    def uninstall_filter(node: Node, filter_id: object) -> Json:
        return filters.remove(_decode_id(filter_id))

    return {
        "eth_newFilter": new_filter,
        "eth_newBlockFilter": new_block_filter,
        "eth_newPendingTransactionFilter": new_pending_transaction_filter,
        "eth_getFilterChanges": get_filter_changes,
        "eth_getFilterLogs": get_filter_logs,
        "eth_uninstallFilter": uninstall_filter,
        "eth_subscribe": quick(subscribe),
        "eth_unsubscribe": quick(unsubscribe),
    }


def subscribe(node: Node, subscription: object, option: object = None) -> NoReturn:
    """Answered on connections that can send on their own; see `subscriptions.py`."""
    raise MethodNotFound("notifications not supported; connect by WebSocket or IPC")


def unsubscribe(node: Node, subscription_id: object) -> NoReturn:
    """As `subscribe`."""
    raise MethodNotFound("notifications not supported; connect by WebSocket or IPC")


def _decode_id(value: object) -> str:
    return hex(decode_quantity(value, "filter"))
