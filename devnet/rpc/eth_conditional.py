"""eth: a transaction that is taken only while the chain is as its sender believes (ERC-7796).

| condition                               | holds                                                |
|-----------------------------------------|------------------------------------------------------|
| `blockNumberMin` `blockNumberMax`       | for the head                                         |
| `timestampMin` `timestampMax`           | for the head                                         |
| `knownAccounts`: address to a root      | its storage has this root                            |
| `knownAccounts`: address to slots       | each slot has this word                              |
"""

from collections.abc import Iterator, Mapping

from devnet.errors import ConditionFailed, InvalidParams, LimitExceeded
from devnet.node import Node
from devnet.rpc.dispatch import Json
from devnet.rpc.lane import Routed, write
from devnet.rpc.quantity import (
    decode_address,
    decode_bytes,
    decode_hash,
    decode_object,
    decode_uint64,
    decode_word,
    encode_bytes,
)

MAX_CONDITIONS = 1_000  # slots and roots of one transaction


def send_conditional(node: Node, transaction: object, conditions: object) -> Json:
    """Raises: ConditionFailed, and what sending raises."""
    raw = decode_bytes(transaction, "transaction")
    fields = decode_object(conditions, "conditions")
    _check_head(node, fields)
    known = decode_object(fields.get("knownAccounts", {}), "conditions.knownAccounts")
    if sum(len(v) if isinstance(v, dict) else 1 for v in known.values()) > MAX_CONDITIONS:
        raise LimitExceeded(f"conditions.knownAccounts has more than {MAX_CONDITIONS} conditions")
    for where in _find_changed(node, known):
        raise ConditionFailed(f"{where} is not as conditions.knownAccounts says")
    return encode_bytes(node.send_raw(raw))


METHODS: Mapping[str, Routed] = {"eth_sendRawTransactionConditional": write(send_conditional)}


def _check_head(node: Node, fields: Mapping[str, object]) -> None:
    header = node.head.header
    for name, value in (("blockNumber", header.number), ("timestamp", header.timestamp)):
        low, high = (
            decode_uint64(fields[key], f"conditions.{key}") if key in fields else None
            for key in (f"{name}Min", f"{name}Max")
        )
        if low is not None and high is not None and low > high:
            raise InvalidParams(f"conditions.{name}Min is {low}, above conditions.{name}Max {high}")
        if low is not None and value < low:
            raise ConditionFailed(f"{name} of the head is {value}, must be at least {low}")
        if high is not None and value > high:
            raise ConditionFailed(f"{name} of the head is {value}, must be at most {high}")


def _find_changed(node: Node, known: Mapping[str, object]) -> Iterator[str]:
    state, world = node.open_state(), node.cluster.world
    for key, wanted in known.items():
        address, name = decode_address(key, "conditions.knownAccounts"), f"knownAccounts.{key[:42]}"
        if isinstance(wanted, dict):
            for slot, word in wanted.items():
                position = decode_word(slot, name)
                if state.get_storage(address, position) != decode_word(word, f"{name}.{slot[:66]}"):
                    yield f"{key}, slot {position:#x},"
            continue
        proof = world.prove(node.head.header.state_root, address)
        if proof.account.storage.root != decode_hash(wanted, name):
            yield f"storage of {key}"
