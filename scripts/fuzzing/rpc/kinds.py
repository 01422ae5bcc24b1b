"""What a parameter of a JSON-RPC method may be: one word for each name that methods give it.

Names, order and which may be left out are read from the methods themselves, so that a new method
is fuzzed as soon as it is there; a name nobody knows is refused with what to do.
"""

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto

from devnet.rpc.lane import Routed


class Kind(Enum):
    """How a value is made."""

    ACCESS = auto()  # words of several accounts: address to slots
    ADDRESS = auto()
    ATTRIBUTES = auto()  # of a block to build
    BEHAVIOR = auto()
    BLOCK = auto()  # number, tag or EIP-1898 object
    BLOCK_OVERRIDES = auto()
    BYTES = auto()
    CODE_KEY = auto()  # of code in geth's database
    CONDITIONS = auto()  # under which a transaction is taken
    COUNT = auto()  # a small number, JSON or hex
    EVENTS = auto()  # a filter of events
    FEED = auto()  # what a subscription is for
    FEED_OPTION = auto()
    FILTER_ID = auto()
    FLAG = auto()
    GAS = auto()
    GROUPS = auto()  # of validators that a partition keeps apart
    GAS_PRICE = auto()
    HASH = auto()  # of a block or a transaction
    INDEX = auto()
    INDICES = auto()
    KEYS = auto()  # storage slots
    MINING = auto()
    MODEL = auto()
    MODEL_BYTES = auto()
    MODEL_OPTIONS = auto()
    NUMBER = auto()  # of a block
    PERCENTILES = auto()
    RAW_BLOCK = auto()
    RAW_TRANSACTION = auto()
    RAW_TRANSACTIONS = auto()
    SECONDS = auto()
    SHAPES = auto()
    SIMULATION = auto()
    SLOT = auto()
    SNAPSHOT = auto()
    STATE_OVERRIDES = auto()
    SUBSCRIPTION_ID = auto()
    TENSORS = auto()
    TEXT = auto()
    TIMESTAMP = auto()
    TRACER = auto()
    TRACED_CALLS = auto()  # and what is wanted of each
    TRACES = auto()  # a filter of call frames
    TRACE_KINDS = auto()
    TRANSACTION = auto()  # an object
    TRIGGER = auto()
    TYPED_DATA = auto()
    VALIDATOR = auto()
    WAITING = auto()  # a transaction in the pool, as an object


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter."""

    name: str
    kind: Kind
    required: bool


_KINDS: Mapping[str, Kind] = {
    "_": Kind.FLAG,  # taken for other clients' sake and not looked at
    "address": Kind.ADDRESS,
    "attributes": Kind.ATTRIBUTES,
    "automine": Kind.FLAG,
    "behavior": Kind.BEHAVIOR,
    "block": Kind.BLOCK,
    "block_hash": Kind.HASH,
    "groups": Kind.GROUPS,
    "block_overrides": Kind.BLOCK_OVERRIDES,
    "calls": Kind.TRACED_CALLS,
    "conditions": Kind.CONDITIONS,
    "code_hash": Kind.HASH,
    "config": Kind.TRACER,
    "count": Kind.COUNT,
    "data": Kind.BYTES,
    "end": Kind.NUMBER,
    "endpoint": Kind.TEXT,
    "extra_data": Kind.BYTES,
    "filter_id": Kind.FILTER_ID,
    "full": Kind.FLAG,
    "gas_limit": Kind.GAS,
    "gas_price": Kind.GAS_PRICE,
    "index": Kind.INDEX,
    "indices": Kind.INDICES,
    "inputs": Kind.TENSORS,
    "interval": Kind.SECONDS,
    "key": Kind.BYTES,
    "keys": Kind.KEYS,
    "kinds": Kind.TRACE_KINDS,
    "model": Kind.MODEL,
    "name": Kind.TEXT,
    "newest": Kind.BLOCK,
    "nonce": Kind.INDEX,
    "option": Kind.FEED_OPTION,
    "options": Kind.MINING,
    "page": Kind.COUNT,
    "parent_hash": Kind.HASH,
    "password": Kind.TEXT,
    "payload": Kind.SIMULATION,
    "percentiles": Kind.PERCENTILES,
    "query": Kind.EVENTS,
    "request": Kind.COUNT,
    "requests": Kind.ACCESS,
    "seconds": Kind.SECONDS,
    "shapes": Kind.SHAPES,
    "size": Kind.COUNT,
    "slot": Kind.SLOT,
    "snapshot": Kind.SNAPSHOT,
    "start": Kind.NUMBER,
    "state_overrides": Kind.STATE_OVERRIDES,
    "subscription": Kind.FEED,
    "subscription_id": Kind.SUBSCRIPTION_ID,
    "timeout": Kind.COUNT,
    "timestamp": Kind.TIMESTAMP,
    "transaction": Kind.TRANSACTION,
    "transaction_hash": Kind.HASH,
    "transactions": Kind.RAW_TRANSACTIONS,
    "trigger": Kind.TRIGGER,
    "typed_data": Kind.TYPED_DATA,
    "validator": Kind.VALIDATOR,
}
_EXCEPTIONS: Mapping[tuple[str, str], Kind] = {
    ("consensus_evidence", "first"): Kind.NUMBER,
    ("consensus_evidence", "last"): Kind.NUMBER,
    ("consensus_join", "key"): Kind.TEXT,
    ("debug_dbGet", "key"): Kind.CODE_KEY,
    ("debug_getModifiedAccountsByHash", "end"): Kind.HASH,
    ("debug_getModifiedAccountsByHash", "start"): Kind.HASH,
    ("debug_storageRangeAt", "start"): Kind.SLOT,
    ("debug_traceBlock", "block"): Kind.RAW_BLOCK,
    ("eth_resend", "transaction"): Kind.WAITING,
    ("eth_sendRawTransaction", "transaction"): Kind.RAW_TRANSACTION,
    ("eth_sendRawTransactionConditional", "transaction"): Kind.RAW_TRANSACTION,
    ("eth_sendRawTransactionSync", "transaction"): Kind.RAW_TRANSACTION,
    ("inference_addModel", "data"): Kind.MODEL_BYTES,
    ("inference_addModel", "options"): Kind.MODEL_OPTIONS,
    ("ots_searchTransactionsAfter", "block"): Kind.NUMBER,
    ("ots_searchTransactionsBefore", "block"): Kind.NUMBER,
    ("trace_filter", "query"): Kind.TRACES,
    ("trace_rawTransaction", "transaction"): Kind.RAW_TRANSACTION,
}


def read_schema(methods: Mapping[str, Routed]) -> dict[str, tuple[Parameter, ...]]:
    """Parameters of every method by its name, in alphabetical order.

    Raises: LookupError for a parameter whose kind is not known.
    """
    return {name: tuple(_read(name, methods[name])) for name in sorted(methods)}


def _read(method: str, routed: Routed) -> list[Parameter]:
    found = []
    for parameter in inspect.signature(routed.method).parameters.values():
        kind = _EXCEPTIONS.get((method, parameter.name), _KINDS.get(parameter.name))
        if kind is None:
            raise LookupError(
                f"{method} takes '{parameter.name}': say in scripts/fuzzing/rpc/kinds.py what it is"
            )
        required = parameter.default is parameter.empty
        found.append(Parameter(parameter.name, kind, required))
    return found
