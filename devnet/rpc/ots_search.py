"""ots: transactions of an address, page by page through the chain; whole blocks stay together."""

from collections.abc import Iterable, Mapping

from devnet.chain.history import Place
from devnet.node import Node
from devnet.rpc.address_index import AddressIndex
from devnet.rpc.dispatch import Json, Method
from devnet.rpc.quantity import decode_address, decode_number, encode_quantity
from devnet.rpc.views import show_receipt, show_transaction

MAX_PAGE = 100  # transactions after which no further block is begun


def build_search_methods(index: AddressIndex) -> Mapping[str, Method]:
    """The two methods, on one index."""

    def search_before(node: Node, address: object, block: object, size: object) -> Json:
        """Backwards from a block, from the head for 0; the newest first."""
        wanted, number, count = _decode(address, block, size)
        head = node.head.header.number
        numbers = range(min(number - 1, head) if number else head, 0, -1)
        places, is_done = _collect(node, index, wanted, numbers, count)
        return _show(places, is_first=number == 0, is_last=is_done)

    def search_after(node: Node, address: object, block: object, size: object) -> Json:
        """Forwards from a block; the newest first, as in the other direction."""
        wanted, number, count = _decode(address, block, size)
        numbers = range(number + 1, node.head.header.number + 1)
        places, is_done = _collect(node, index, wanted, numbers, count)
        places.sort(key=lambda place: (place.block.header.number, place.index), reverse=True)
        return _show(places, is_first=is_done, is_last=number == 0)

    return {
        "ots_searchTransactionsBefore": search_before,
        "ots_searchTransactionsAfter": search_after,
    }


def _decode(address: object, block: object, size: object) -> tuple[bytes, int, int]:
    count = min(decode_number(size, "pageSize"), MAX_PAGE)
    return decode_address(address, "address"), decode_number(block, "block"), count


def _collect(
    node: Node, index: AddressIndex, address: bytes, numbers: Iterable[int], count: int
) -> tuple[list[Place], bool]:
    """Places found, and whether there are no more."""
    places: list[Place] = []
    for number in numbers:
        if len(places) >= count:
            return places, False
        block = node.history.get_block(number)
        found = index.find(node, block, address)
        places += [Place(block, position) for position in reversed(found)]
    return places, True


def _show(places: Iterable[Place], is_first: bool, is_last: bool) -> Json:
    shown = tuple(places)
    return {
        "txs": [show_transaction(place) for place in shown],
        "receipts": [
            show_receipt(place) | {"timestamp": encode_quantity(place.block.header.timestamp)}
            for place in shown
        ],
        "firstPage": is_first,
        "lastPage": is_last,
    }
