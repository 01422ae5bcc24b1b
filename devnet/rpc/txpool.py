"""txpool: what waits, by sender and nonce.

Pending is what a block could hold now; queued is what an earlier nonce is missing for.
"""

from collections.abc import Callable, Iterable, Mapping

from eth_utils.address import to_checksum_address

from devnet.chain.transaction import Transaction
from devnet.node import Node
from devnet.rpc.dispatch import Json, Method
from devnet.rpc.lane import Routed
from devnet.rpc.quantity import decode_address, encode_quantity
from devnet.rpc.views import show_waiting

Show = Callable[[Transaction], Json]


def get_status(node: Node) -> Json:
    pending, queued = _split(node)
    return {
        "pending": encode_quantity(len(pending)),
        "queued": encode_quantity(len(queued)),
    }


def get_content(node: Node) -> Json:
    pending, queued = _split(node)
    return {"pending": _group(pending, show_waiting), "queued": _group(queued, show_waiting)}


def get_content_from(node: Node, address: object) -> Json:
    sender = decode_address(address, "address")
    pending, queued = _split(node)
    return {
        "pending": _list(pending, sender, show_waiting),
        "queued": _list(queued, sender, show_waiting),
    }


def inspect(node: Node) -> Json:
    pending, queued = _split(node)
    return {"pending": _group(pending, _summarize), "queued": _group(queued, _summarize)}


METHODS: Mapping[str, Method | Routed] = {
    "txpool_status": get_status,
    "txpool_content": get_content,
    "txpool_contentFrom": get_content_from,
    "txpool_inspect": inspect,
}


def _split(node: Node) -> tuple[tuple[Transaction, ...], tuple[Transaction, ...]]:
    pending = node.pool.select(node.open_state().get_nonce)
    hashes = {transaction.hash for transaction in pending}
    return pending, tuple(t for t in node.pool.all() if t.hash not in hashes)


def _group(transactions: Iterable[Transaction], show: Show) -> dict[str, Json]:
    waiting = tuple(transactions)
    senders = dict.fromkeys(transaction.sender for transaction in waiting)
    return {to_checksum_address(sender): _list(waiting, sender, show) for sender in senders}


def _list(transactions: Iterable[Transaction], sender: bytes, show: Show) -> dict[str, Json]:
    own = sorted((t.nonce, t.hash, t) for t in transactions if t.sender == sender)
    return {str(nonce): show(transaction) for nonce, _, transaction in own}


def _summarize(transaction: Transaction) -> str:
    evm = transaction.evm
    to = to_checksum_address(evm.to) if evm.to else "contract creation"
    return f"{to}: {evm.value} wei + {evm.gas} gas × {evm.max_fee_per_gas} wei"
