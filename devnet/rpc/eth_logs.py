"""eth: events by block range or block hash, address and topics."""

from collections.abc import Mapping

from devnet.chain.history import LogQuery
from devnet.errors import InvalidParams, UnknownBlock
from devnet.node import Node
from devnet.rpc.block_reference import decode_block_number, find_block_by_hash
from devnet.rpc.dispatch import Json, Method
from devnet.rpc.quantity import decode_address, decode_hash, decode_list, decode_object
from devnet.rpc.views import show_log

MAX_TOPICS = 4  # of one event
MAX_CHOICES = 1_000  # addresses, or values of one topic


def get_logs(node: Node, query: object) -> Json:
    fields = decode_object(query, "filter")
    first, last = _decode_range(node, fields)
    wanted = LogQuery(
        first,
        last,
        addresses=_decode_addresses(fields.get("address")),
        topics=_decode_topics(fields.get("topics", [])),
    )
    return [show_log(found) for found in node.history.find_logs(wanted)]


METHODS: Mapping[str, Method] = {"eth_getLogs": get_logs}


def _decode_range(node: Node, fields: Mapping[str, object]) -> tuple[int, int]:
    if "blockHash" in fields:
        if "fromBlock" in fields or "toBlock" in fields:
            raise InvalidParams("filter has both blockHash and fromBlock or toBlock; give one")
        block = find_block_by_hash(node, fields["blockHash"])
        if block is None:
            raise UnknownBlock(f"no block {fields['blockHash']}; the head is {_head(node)}")
        return block.header.number, block.header.number
    first = decode_block_number(node, fields.get("fromBlock"), "filter.fromBlock")
    last = decode_block_number(node, fields.get("toBlock"), "filter.toBlock")
    if first > last:
        raise InvalidParams(f"filter.fromBlock is {first}, above filter.toBlock {last}")
    if last > _head(node):
        raise InvalidParams(f"block range extends beyond current head block {_head(node)}")
    return first, last


def _head(node: Node) -> int:
    return node.head.header.number


def _decode_addresses(value: object) -> tuple[bytes, ...]:
    if not isinstance(value, list):
        return () if value is None else (decode_address(value, "filter.address"),)
    items = decode_list(value, "filter.address", MAX_CHOICES)
    return tuple(decode_address(item, f"filter.address[{i}]") for i, item in enumerate(items))


def _decode_topics(value: object) -> tuple[tuple[bytes, ...], ...]:
    items = decode_list(value, "filter.topics", MAX_TOPICS)
    return tuple(_decode_choices(item, f"filter.topics[{i}]") for i, item in enumerate(items))


def _decode_choices(value: object, name: str) -> tuple[bytes, ...]:
    if not isinstance(value, list):
        return () if value is None else (decode_hash(value, name),)
    choices = decode_list(value, name, MAX_CHOICES)
    if None in choices:
        return ()
    return tuple(decode_hash(choice, f"{name}[{i}]") for i, choice in enumerate(choices))
