"""trace: transactions and calls run again, with frames, state changes and instructions.

| trace type  | member      | is                                                   |
|-------------|-------------|------------------------------------------------------|
| `trace`     | `trace`     | all frames                                           |
| `stateDiff` | `stateDiff` | accounts that are different after                    |
| `vmTrace`   | `vmTrace`   | every instruction                                    |
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from devnet.chain.call import Call, CallResult, try_call
from devnet.chain.intrinsic import SET_CODE_TYPE
from devnet.chain.message import Delegation
from devnet.chain.prepared import carry_on
from devnet.chain.sidecar import BLOB_TYPE
from devnet.chain.tracing.budget import Budget
from devnet.chain.tracing.call_tracer import CallTracer
from devnet.chain.tracing.event import Tracer
from devnet.chain.tracing.flat import build_parity_rule, flatten
from devnet.chain.tracing.mux import MuxTracer
from devnet.chain.tracing.prestate import PrestateTracer
from devnet.chain.tracing.vm_tracer import VmTracer
from devnet.chain.transaction import decode_transaction
from devnet.errors import InvalidParams
from devnet.node import Node
from devnet.rpc.block_reference import find_block, get_block
from devnet.rpc.dispatch import Json, Method
from devnet.rpc.interfaces import get_interfaces
from devnet.rpc.parity_views import show_flat_trace, show_state_diff, show_vm_trace
from devnet.rpc.quantity import (
    decode_bytes,
    decode_hash,
    decode_list,
    decode_text,
    encode_bytes,
)
from devnet.rpc.replays import trace_block, trace_place
from devnet.rpc.setting import Setting, build_setting, decode_call, decode_setting

MAX_CALLS = 1_000  # in one `trace_callMany`
_KINDS = ("trace", "stateDiff", "vmTrace")


@dataclass(frozen=True, slots=True)
class Watch:
    """The tracers behind one answer."""

    kinds: frozenset[str]
    calls: CallTracer
    prestate: PrestateTracer
    vm: VmTracer

    @property
    def tracer(self) -> Tracer:
        tracers: list[Tracer] = [self.calls]
        if "stateDiff" in self.kinds:
            tracers.append(self.prestate)
        if "vmTrace" in self.kinds:
            tracers.append(self.vm)
        return MuxTracer(tracers)


def replay_transaction(node: Node, transaction_hash: object, kinds: object) -> Json:
    watch = _build_watch(_decode_kinds(kinds), Budget())
    place = node.history.find_transaction(decode_hash(transaction_hash, "transactionHash"))
    if place is None:
        return None
    trace_place(node, place, watch.tracer)
    return _show(node, watch, place.receipt.output)


def replay_block_transactions(node: Node, block: object, kinds: object) -> Json:
    wanted, found = _decode_kinds(kinds), find_block(node, block)
    if found is None:
        return None
    budget = Budget()
    watches = [_build_watch(wanted, budget) for _ in found.transactions]
    if watches:
        trace_block(node, found, [watch.tracer for watch in watches])
    return [
        _show(node, watch, receipt.output) | {"transactionHash": encode_bytes(transaction.hash)}
        for watch, receipt, transaction in zip(
            watches, found.receipts, found.transactions, strict=True
        )
    ]


def trace_call(
    node: Node,
    transaction: object,
    kinds: object,
    block: object = None,
    state_overrides: object = None,
    block_overrides: object = None,
) -> Json:
    setting = decode_setting(node, block, state_overrides, block_overrides)
    return _trace_call(node, setting, decode_call(node, transaction, setting), kinds, Budget())


def trace_many_calls(node: Node, calls: object, block: object = None) -> Json:
    """Calls one after another, each on the state that the one before it left."""
    setting = decode_setting(node, block)
    setting, budget = replace(setting, world=carry_on(setting.world)), Budget()
    shown: list[Json] = []
    for i, pair in enumerate(decode_list(calls, "calls", MAX_CALLS)):
        items = decode_list(pair, f"calls[{i}]", 2)
        if len(items) != 2:
            raise InvalidParams(f"calls[{i}] has {len(items)} items, must have a call and types")
        call = decode_call(node, items[0], setting)
        shown.append(_trace_call(node, setting, call, items[1], budget))
    return shown


def trace_raw_transaction(
    node: Node, transaction: object, kinds: object, block: object = None
) -> Json:
    """A signed transaction, tried as a call: its nonce and signature are not looked at."""
    signed = decode_transaction(decode_bytes(transaction, "transaction"), node.next_rules.fork)
    setting, evm = build_setting(node, get_block(node, block)), signed.evm
    has_blobs = signed.type_id == BLOB_TYPE
    base_fee = setting.header.base_fee_per_gas
    call = Call(
        sender=signed.sender,
        to=bytes(evm.to) or None,
        value=evm.value,
        data=bytes(evm.data),
        gas=evm.gas,
        max_fee=max(evm.max_fee_per_gas, base_fee),
        tip=evm.max_priority_fee_per_gas,
        access_list=tuple(evm.access_list) if signed.type_id else (),
        delegations=tuple(_read_delegations(evm)) if signed.type_id == SET_CODE_TYPE else (),
        blob_hashes=tuple(evm.blob_versioned_hashes) if has_blobs else (),
        max_blob_fee=evm.max_fee_per_blob_gas if has_blobs else 0,
    )
    return _trace_call(node, setting, call, kinds, Budget())


METHODS: Mapping[str, Method] = {
    "trace_replayTransaction": replay_transaction,
    "trace_replayBlockTransactions": replay_block_transactions,
    "trace_call": trace_call,
    "trace_callMany": trace_many_calls,
    "trace_rawTransaction": trace_raw_transaction,
}


def _read_delegations(evm: Any) -> Iterator[Delegation]:
    for item in evm.authorization_list:
        signature = (item.y_parity, item.r, item.s)
        yield Delegation(item.chain_id, item.address, item.nonce, *signature)


def _trace_call(node: Node, setting: Setting, call: Call, kinds: object, budget: Budget) -> Json:
    watch = _build_watch(_decode_kinds(kinds), budget)
    result: CallResult = try_call(
        setting.world, setting.header, setting.ancestors, call, watch.tracer
    )
    return _show(node, watch, result.output)


def _decode_kinds(value: object) -> Sequence[str]:
    items = decode_list(value, "traceTypes", len(_KINDS))
    kinds = [decode_text(item, f"traceTypes[{i}]") for i, item in enumerate(items)]
    for kind in kinds:
        if kind not in _KINDS:
            raise InvalidParams(f"no trace type '{kind[:64]}'; there are {', '.join(_KINDS)}")
    return kinds


def _build_watch(kinds: Sequence[str], budget: Budget) -> Watch:
    prestate = PrestateTracer(budget=budget)
    return Watch(frozenset(kinds), CallTracer(budget), prestate, VmTracer(budget))


def _show(node: Node, watch: Watch, output: bytes) -> dict[str, Json]:
    traces: list[Json] = []
    if "trace" in watch.kinds:
        interfaces = get_interfaces(node)
        shown = flatten(watch.calls.top, build_parity_rule(interfaces))
        traces = [show_flat_trace(trace, interfaces) for trace in shown]
    return {
        "output": encode_bytes(output),
        "stateDiff": show_state_diff(watch.prestate) if "stateDiff" in watch.kinds else None,
        "trace": traces,
        "vmTrace": show_vm_trace(watch.vm.top) if "vmTrace" in watch.kinds else None,
    }
