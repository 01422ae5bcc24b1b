"""eth: whole blocks of calls on top of a block, tried and forgotten."""

from collections.abc import Mapping

from devnet.chain.block import Log
from devnet.chain.call import MAX_CALL_GAS
from devnet.chain.history import LogPlace, Place
from devnet.chain.revert import decode_standard
from devnet.chain.simulated_block import CallOutcome, Options, SimulatedBlock
from devnet.chain.simulation import MAX_BLOCKS, Plan, simulate
from devnet.chain.tracing.event import Reason
from devnet.errors import InvalidParams, SimulationRefused
from devnet.node import Node
from devnet.rpc.block_reference import get_block
from devnet.rpc.dispatch import Json, Method
from devnet.rpc.overrides import decode_accounts, decode_block_override
from devnet.rpc.quantity import (
    decode_flag,
    decode_list,
    decode_object,
    encode_bytes,
    encode_quantity,
)
from devnet.rpc.transaction_request import decode_transaction_request
from devnet.rpc.views import show_block, show_log

MAX_CALLS = 5_000  # of one simulated block
_TOO_MUCH = -38026
_REVERTED, _FAILED = 3, -32015  # codes of a call's error


def simulate_v1(node: Node, payload: object, block: object = None) -> Json:
    fields = decode_object(payload, "payload")
    plans = _decode_plans(node, fields.get("blockStateCalls", []))
    options = Options(
        validates=decode_flag(fields.get("validation", False), "payload.validation"),
        traces_transfers=decode_flag(fields.get("traceTransfers", False), "payload.traceTransfers"),
    )
    full = decode_flag(
        fields.get("returnFullTransactions", False), "payload.returnFullTransactions"
    )
    base = get_block(node, block)
    ancestors = node.history.get_ancestors(base.header.number)
    world = node.cluster.world
    simulated = simulate(world, base, ancestors, plans, options, MAX_CALL_GAS)
    return [_show_block(found, full) for found in simulated]


METHODS: Mapping[str, Method] = {"eth_simulateV1": simulate_v1}


def _decode_plans(node: Node, value: object) -> tuple[Plan, ...]:
    if isinstance(value, list) and len(value) > MAX_BLOCKS:
        raise SimulationRefused("too many blocks", _TOO_MUCH)
    items = decode_list(value, "blockStateCalls", MAX_BLOCKS)
    if not items:
        raise InvalidParams("empty input")
    return tuple(
        _decode_plan(node, item, f"blockStateCalls[{index}]") for index, item in enumerate(items)
    )


def _decode_plan(node: Node, value: object, name: str) -> Plan:
    fields = decode_object(value, name)
    calls = decode_list(fields.get("calls", []), f"{name}.calls", MAX_CALLS)
    chain_id = node.config.chain_id
    return Plan(
        block=decode_block_override(
            fields.get("blockOverrides"), f"{name}.blockOverrides", is_simulated=True
        ),
        accounts=decode_accounts(fields.get("stateOverrides"), f"{name}.stateOverrides"),
        calls=tuple(
            decode_transaction_request(call, chain_id, f"{name}.calls[{i}]").build_simulated_call()
            for i, call in enumerate(calls)
        ),
    )


def _show_block(simulated: SimulatedBlock, full: bool) -> Json:
    calls: list[Json] = []
    first = 0
    for index, outcome in enumerate(simulated.outcomes):
        place = Place(simulated.block, index)
        logs = [_show_log(log, place, first + i) for i, log in enumerate(outcome.logs)]
        first += len(logs)
        calls.append(_show_outcome(outcome, logs))
    return show_block(simulated.block, full) | {"calls": calls}


def _show_log(log: Log, place: Place, index: int) -> Json:
    return show_log(LogPlace(log, place, index))


def _show_outcome(outcome: CallOutcome, logs: list[Json]) -> Json:
    failure = outcome.failure
    shown: dict[str, Json] = {
        "returnData": encode_bytes(outcome.output),
        "logs": logs,
        "gasUsed": encode_quantity(outcome.gas_used),
        "maxUsedGas": encode_quantity(outcome.max_used_gas),
        "status": encode_quantity(int(failure is None)),
    }
    if failure is not None and failure.reason is Reason.REVERTED:
        reason = decode_standard(outcome.output)  # geth names no custom error here
        message = "execution reverted" if reason is None else f"execution reverted: {reason}"
        data = encode_bytes(outcome.output)
        shown["error"] = {"message": message, "code": _REVERTED, "data": data}
    elif failure is not None:
        shown["error"] = {"message": str(failure), "code": _FAILED}
    return shown
