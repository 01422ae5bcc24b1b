"""eth: which addresses and slots a call should name (EIP-2930)."""

from collections.abc import Mapping
from dataclasses import replace

from eth_typing import Address

from devnet.chain.call import REFUSALS, Call, CallResult, try_call
from devnet.chain.forks.fork import Fork
from devnet.chain.signing import AccessList
from devnet.chain.tracing.access_list import AccessListTracer
from devnet.errors import UnsupportedTransaction
from devnet.node import Node
from devnet.rpc.dispatch import Json, Method
from devnet.rpc.quantity import encode_bytes, encode_quantity, encode_word
from devnet.rpc.setting import Setting, decode_call, decode_setting

_MAX_ROUNDS = 16  # a contract may act on what its gas tells it, and never settle


def create_access_list(
    node: Node,
    transaction: object,
    block: object = None,
    state_overrides: object = None,
    block_overrides: object = None,
) -> Json:
    """The list with which the call names all it touches; a call that fails has one too.

    Raises: UnsupportedTransaction in a block before there were such lists.
    """
    setting = decode_setting(node, block, state_overrides, block_overrides)
    if setting.world.schedule.find_fork(setting.header) < Fork.BERLIN:
        raise UnsupportedTransaction("transaction type not supported: access list tx")
    call = decode_call(node, transaction, setting)
    listed: AccessList = call.access_list
    for _ in range(_MAX_ROUNDS):
        result, found = _run(setting, replace(call, access_list=listed))
        if found == listed:
            break
        listed = found
    shown: dict[str, Json] = {
        "accessList": [
            {"address": encode_bytes(address), "storageKeys": [encode_word(s) for s in slots]}
            for address, slots in listed
        ],
        "gasUsed": encode_quantity(result.gas_used),
    }
    if result.failure is not None:
        shown["error"] = str(result.failure)
    return shown


METHODS: Mapping[str, Method] = {"eth_createAccessList": create_access_list}


def _run(setting: Setting, call: Call) -> tuple[CallResult, AccessList]:
    state = setting.world.open(setting.header.state_root, setting.header)
    precompiles = state.computation_class.get_precompiles()
    tracer = AccessListTracer(precompiles, call.access_list)
    try:
        result = try_call(setting.world, setting.header, setting.ancestors, call, tracer)
    except REFUSALS as refused:
        raise type(refused)(f"failed to apply transaction: err: {refused}") from refused
    return result, tuple((Address(address), slots) for address, slots in tracer.build())
