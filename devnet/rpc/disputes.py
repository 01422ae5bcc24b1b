"""inference_requests and inference_disputes: what goes on under the optimistic rule.

Blocks are JSON numbers; hashes, addresses and amounts of wei are hex.
"""

from collections.abc import Mapping

from devnet.errors import ConfigError, UnknownInference
from devnet.node import Node
from devnet.rpc.dispatch import Json, Method
from devnet.rpc.quantity import decode_number, encode_bytes, encode_quantity
from devnet.validators.optimistic.docket import Conflict, Docket, Matter, Move


def list_requests(node: Node) -> Json:
    """Every request, oldest first, and where it stands."""
    return [_show_matter(matter) for matter in _get_docket(node).matters.values()]


def list_disputes(node: Node, request: object = None) -> Json:
    """Disputes about one request, or all of them."""
    matters = _get_docket(node).matters
    if request is not None:
        number = decode_number(request, "request")
        if number not in matters:
            raise UnknownInference(f"no request {number}: there are {len(matters)}")
        matters = {number: matters[number]}
    return [_show(matter, conflict) for matter in matters.values() for conflict in matter.conflicts]


METHODS: Mapping[str, Method] = {
    "inference_requests": list_requests,
    "inference_disputes": list_disputes,
}


def _get_docket(node: Node) -> Docket:
    if not node.config.is_optimistic:
        raise ConfigError("this chain has no disputes; start with 'devnet up --rule optimistic'")
    return node.docket


def _show_matter(matter: Matter) -> dict[str, Json]:
    return {
        "request": matter.number,
        "block": matter.asked_at,
        "requester": encode_bytes(matter.requester),
        "model": encode_bytes(matter.model),
        "status": matter.status.name.lower(),
        "attempt": matter.attempt,
        "executor": encode_bytes(matter.executor) if matter.executor else None,
        "traceRoot": encode_bytes(matter.root) if matter.root else None,
        "disputes": len(matter.conflicts),
    }


def _show(matter: Matter, conflict: Conflict) -> dict[str, Json]:
    return {
        "request": matter.number,
        "model": encode_bytes(matter.model),
        "attempt": conflict.attempt,
        "block": conflict.opened_at,
        "executor": encode_bytes(conflict.executor),
        "challenger": encode_bytes(conflict.challenger),
        "executorRoot": encode_bytes(conflict.executor_root),
        "challengerRoot": encode_bytes(conflict.challenger_root),
        "rounds": conflict.rounds,
        "moves": [_show_move(move) for move in conflict.moves],
        "operator": conflict.operator,
        "leaf": encode_bytes(conflict.leaf) if conflict.leaf else None,
        "verdict": None if conflict.verdict is None else conflict.verdict.name.lower(),
        "closedAt": conflict.closed_at or None,
        "slashed": _show_amounts(conflict.slashed),
        "rewarded": _show_amounts(conflict.rewarded),
    }


def _show_move(move: Move) -> dict[str, Json]:
    return {
        "block": move.block,
        "party": encode_bytes(move.party),
        "level": move.level,
        "index": move.index,
        "left": encode_bytes(move.left),
        "right": encode_bytes(move.right),
    }


def _show_amounts(amounts: tuple[tuple[bytes, int], ...]) -> list[Json]:
    return [{"address": encode_bytes(a), "amount": encode_quantity(wei)} for a, wei in amounts]
