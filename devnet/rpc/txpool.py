"""txpool: what waits, by sender and nonce.

Pending is what a block could hold as soon as its price is met; queued is what an earlier nonce is
missing for.
"""

from collections.abc import Callable, Mapping

from eth_utils.address import to_checksum_address

from devnet.chain.pool.pool import Standing
from devnet.chain.transaction import Transaction
from devnet.node import Node
from devnet.rpc.dispatch import Json, Method
from devnet.rpc.lane import Routed
from devnet.rpc.quantity import decode_address, encode_quantity
from devnet.rpc.views import show_waiting

Show = Callable[[Transaction], Json]


def get_status(node: Node) -> Json:
    standing = _split(node)
    return {
        "pending": encode_quantity(sum(map(len, standing.pending.values()))),
        "queued": encode_quantity(sum(map(len, standing.queued.values()))),
    }


def get_content(node: Node) -> Json:
    return _show(_split(node), show_waiting)


def get_content_from(node: Node, address: object) -> Json:
    sender, standing = decode_address(address, "address"), _split(node)
    return {
        "pending": _list(standing.pending.get(sender, ()), show_waiting),
        "queued": _list(standing.queued.get(sender, ()), show_waiting),
    }


def inspect(node: Node) -> Json:
    return _show(_split(node), _summarize)


METHODS: Mapping[str, Method | Routed] = {
    "txpool_status": get_status,
    "txpool_content": get_content,
    "txpool_contentFrom": get_content_from,
    "txpool_inspect": inspect,
}


def _split(node: Node) -> Standing:
    return node.pool.split(node.open_state().get_nonce)


def _show(standing: Standing, show: Show) -> Json:
    return {
        "pending": _group(standing.pending, show),
        "queued": _group(standing.queued, show),
    }


def _group(senders: Mapping[bytes, tuple[Transaction, ...]], show: Show) -> dict[str, Json]:
    return {to_checksum_address(sender): _list(own, show) for sender, own in senders.items()}


def _list(transactions: tuple[Transaction, ...], show: Show) -> dict[str, Json]:
    return {str(transaction.nonce): show(transaction) for transaction in transactions}


def _summarize(transaction: Transaction) -> str:
    evm = transaction.evm
    to = to_checksum_address(evm.to) if evm.to else "contract creation"
    return f"{to}: {evm.value} wei + {evm.gas} gas × {evm.max_fee_per_gas} wei"
