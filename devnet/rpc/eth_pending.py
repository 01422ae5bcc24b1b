"""eth: transactions that wait, and transactions by who sent them as their how-manieth."""

from collections.abc import Mapping

from devnet.chain.history import Place
from devnet.node import Node
from devnet.rpc.dispatch import Json, Method
from devnet.rpc.quantity import decode_address, decode_number
from devnet.rpc.views import show_transaction, show_waiting


def list_pending(node: Node) -> Json:
    return [show_waiting(transaction) for transaction in node.pool.all()]


def get_transaction_by_sender_and_nonce(node: Node, address: object, nonce: object) -> Json:
    """One in a block or in the pool, or null."""
    sender, wanted = decode_address(address, "address"), decode_number(nonce, "nonce")
    place = find_by_nonce(node, sender, wanted)
    if place is not None:
        return show_transaction(place)
    waiting = node.pool.find(sender, wanted)
    return None if waiting is None else show_waiting(waiting)


METHODS: Mapping[str, Method] = {
    "eth_pendingTransactions": list_pending,
    "eth_getTransactionBySenderAndNonce": get_transaction_by_sender_and_nonce,
}


def find_by_nonce(node: Node, sender: bytes, nonce: int) -> Place | None:
    """The transaction of this nonce in a block, by bisection over the account's nonces."""
    low, high = 0, node.head.header.number
    if node.open_state(high).get_nonce(sender) <= nonce:
        return None
    while low < high:
        middle = (low + high) // 2
        used = node.open_state(middle).get_nonce(sender) > nonce
        low, high = (low, middle) if used else (middle + 1, high)
    block = node.history.get_block(low)
    for index, transaction in enumerate(block.transactions):
        if transaction.sender == sender and transaction.nonce == nonce:
            return Place(block, index)
    return None
