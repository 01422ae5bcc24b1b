"""eth: events by block range or block hash, address and topics."""

from collections.abc import Mapping
from itertools import islice

from devnet.chain.history import LogQuery
from devnet.errors import InvalidParams, LimitExceeded, UnknownBlock
from devnet.node import Node
from devnet.rpc.block_reference import decode_block_number, find_block_by_hash
from devnet.rpc.dispatch import Json, Method
from devnet.rpc.limits import MAX_LOG_BLOCKS, MAX_LOGS
from devnet.rpc.quantity import (
    decode_address,
    decode_hash,
    decode_list,
    decode_number,
    decode_object,
)
from devnet.rpc.views import show_log

MAX_TOPICS = 4  # of one event
MAX_CHOICES = 1_000  # addresses, or values of one topic
_OPEN_TAGS = ("latest", "pending", "safe", "finalized")
_NO_LAST = 2**64


def get_logs(node: Node, query: object) -> Json:
    fields = decode_object(query, "filter")
    first, last = _decode_range(node, fields)
    if last - first >= MAX_LOG_BLOCKS:
        raise LimitExceeded(
            f"{last - first + 1} blocks in one query, at most {MAX_LOG_BLOCKS}; split the range"
        )
    matching = node.history.find_logs(_decode_query(fields, first, last))
    found = [show_log(place) for place in islice(matching, MAX_LOGS + 1)]
    if len(found) > MAX_LOGS:
        raise LimitExceeded(f"more than {MAX_LOGS} events match; narrow the range or the topics")
    return found


def decode_live_query(query: object) -> LogQuery:
    """Which events of blocks to come: bounds that are tags bound nothing. Raises: InvalidParams."""
    fields = decode_object(query, "filter")
    if "blockHash" in fields:
        raise InvalidParams("filter.blockHash names a block that is there; use eth_getLogs")
    first = _decode_bound(fields, "fromBlock", 0)
    last = _decode_bound(fields, "toBlock", _NO_LAST)
    if first > last:
        raise InvalidParams(f"filter.fromBlock is {first}, above filter.toBlock {last}")
    return _decode_query(fields, first, last)


METHODS: Mapping[str, Method] = {"eth_getLogs": get_logs}


def _decode_query(fields: Mapping[str, object], first: int, last: int) -> LogQuery:
    return LogQuery(
        first,
        last,
        addresses=_decode_addresses(fields.get("address")),
        topics=_decode_topics(fields.get("topics", [])),
    )


def _decode_bound(fields: Mapping[str, object], name: str, otherwise: int) -> int:
    value = fields.get(name)
    if value is None or value in _OPEN_TAGS:
        return otherwise
    return 0 if value == "earliest" else decode_number(value, f"filter.{name}")


def _decode_range(node: Node, fields: Mapping[str, object]) -> tuple[int, int]:
    if "blockHash" in fields:
        if "fromBlock" in fields or "toBlock" in fields:
            raise InvalidParams(
                "cannot specify both BlockHash and FromBlock/ToBlock, choose one or the other"
            )
        block = find_block_by_hash(node, fields["blockHash"])
        if block is None:
            raise UnknownBlock(f"unknown block {fields['blockHash']}; the head is {_head(node)}")
        return block.header.number, block.header.number
    first = decode_block_number(node, fields.get("fromBlock"), "filter.fromBlock")
    last = decode_block_number(node, fields.get("toBlock"), "filter.toBlock")
    if first > last:
        raise InvalidParams(
            f"invalid block range params: filter.fromBlock is {first}, above filter.toBlock {last}"
        )
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
