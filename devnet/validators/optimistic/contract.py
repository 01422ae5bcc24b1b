"""The optimistic contract from outside: calls to it, what it answers, what it has logged."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from typing import Any

from eth_abi.abi import decode, encode
from eth_typing import ABIEvent, ABIFunction
from eth_utils.abi import (
    event_abi_to_log_topic,
    filter_abi_by_type,
    function_abi_to_4byte_selector,
    get_abi_input_types,
    get_abi_output_types,
)
from eth_utils.address import to_canonical_address

from contracts import load
from devnet.chain.block import Execution, Log
from devnet.consensus.optimistic import OPTIMISTIC
from precompiles.tensor import DType, Tensor

Ask = Callable[[bytes], bytes]  # a call of the contract on the head's state
Known = tuple[int, Sequence[Tensor], Sequence[bytes]]  # source, tensors, siblings


class Status(IntEnum):
    """Where a request stands, numbered as in `IOptimisticInference.sol`."""

    UNKNOWN = 0
    OPEN = 1
    POSTED = 2
    DISPUTED = 3
    FINAL = 4
    EXPIRED = 5


class Verdict(IntEnum):
    """Whom a judged operator, or silence, proves right; numbered likewise."""

    EXECUTOR = 0
    CHALLENGER = 1
    NEITHER = 2


@dataclass(frozen=True, slots=True)
class Request:
    """As the contract stores it; blocks by number, amounts in wei."""

    requester: bytes
    opened_at: int
    callback_gas: int
    executor: bytes
    posted_at: int
    attempt: int
    status: Status
    fee: int
    deadline: int
    operators: int
    model: bytes
    input_digest: bytes
    output_digest: bytes
    root: bytes


@dataclass(frozen=True, slots=True)
class Dispute:
    """As the contract stores it while it is under way."""

    challenger: bytes
    level: int
    index: int
    executor_moves: bool
    deadline: int
    challenger_root: bytes
    executor_node: bytes
    challenger_node: bytes
    left: bytes
    right: bytes


@dataclass(frozen=True, slots=True)
class Entry:
    """One event of the contract."""

    block: int
    transaction_hash: bytes
    name: str
    values: Mapping[str, Any]


def encode_call(function: str, *arguments: object) -> bytes:
    """Call data by the interface."""
    element = _read_functions()[function]
    return function_abi_to_4byte_selector(element) + encode(get_abi_input_types(element), arguments)


def list_tensors(tensors: Iterable[Tensor]) -> list[tuple[int, tuple[int, ...], bytes]]:
    """A `Tensor[]` argument."""
    return [(int(tensor.dtype), tensor.shape, tensor.data) for tensor in tensors]


def list_known(known: Iterable[Known]) -> list[tuple[object, ...]]:
    """A `Known[]` argument."""
    return [(source, list_tensors(tensors), siblings) for source, tensors, siblings in known]


def read_tensors(values: Iterable[tuple[int, Sequence[int], bytes]]) -> tuple[Tensor, ...]:
    """A decoded `Tensor[]` of an event, which may be none of ours.

    Raises: ValueError for a type that no model has.
    """
    return tuple(Tensor(DType(dtype), tuple(shape), data) for dtype, shape, data in values)


def read_request(ask: Ask, number: int) -> Request:
    """A request by its id."""
    fields = list(_ask(ask, "requestOf", number)[0])
    for place in (0, 3):
        fields[place] = to_canonical_address(fields[place])
    fields[6] = Status(fields[6])
    return Request(*fields)


def read_dispute(ask: Ask, number: int) -> Dispute:
    """The dispute about a request."""
    fields = list(_ask(ask, "disputeOf", number)[0])
    return Dispute(to_canonical_address(fields[0]), *fields[1:])


def read_executor(ask: Ask, number: int) -> bytes:
    """Whose turn it is in the block that `ask` calls from."""
    return to_canonical_address(_ask(ask, "executorOf", number)[0])


def read_committee(ask: Ask, number: int) -> tuple[bytes, ...]:
    """Who has to run a post again."""
    return tuple(map(to_canonical_address, _ask(ask, "committeeOf", number)[0]))


def list_entries(block: Execution) -> Iterator[Entry]:
    """What the contract has logged in a block, in order."""
    events = _read_events()
    for transaction, receipt in zip(block.transactions, block.receipts, strict=True):
        for log in receipt.logs:
            if log.address == OPTIMISTIC and log.topics[0] in events:
                values = _decode(events[log.topics[0]], log)
                name = events[log.topics[0]]["name"]
                yield Entry(block.header.number, transaction.hash, name, values)


def _ask(ask: Ask, function: str, *arguments: object) -> tuple[Any, ...]:
    answer = ask(encode_call(function, *arguments))
    return decode(get_abi_output_types(_read_functions()[function]), answer)


def _decode(event: ABIEvent, log: Log) -> Mapping[str, Any]:
    indexed = [item for item in event["inputs"] if item.get("indexed")]
    others = {
        item["name"]: kind
        for item, kind in zip(event["inputs"], get_abi_input_types(event), strict=True)
        if not item.get("indexed")
    }
    topics = zip(indexed, log.topics[1:], strict=True)
    found = {item["name"]: decode([item["type"]], topic)[0] for item, topic in topics}
    found |= dict(zip(others, decode(list(others.values()), log.data), strict=True))
    addresses = [item["name"] for item in event["inputs"] if item["type"] == "address"]
    return {**found, **{name: to_canonical_address(found[name]) for name in addresses}}


@cache
def _read_functions() -> Mapping[str, ABIFunction]:
    functions = filter_abi_by_type("function", load("IOptimisticInference").abi)
    return {function["name"]: function for function in functions}


@cache
def _read_events() -> Mapping[bytes, ABIEvent]:
    events = filter_abi_by_type("event", load("IOptimisticInference").abi)
    return {event_abi_to_log_topic(event): event for event in events}
