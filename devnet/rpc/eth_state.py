"""eth: accounts, calls and estimates on the state after a block."""

from collections.abc import Mapping
from typing import Any

from devnet.chain.call import execute_call
from devnet.chain.estimation import estimate_gas as estimate
from devnet.errors import InvalidParams
from devnet.node import Node
from devnet.rpc.block_reference import get_block, is_pending
from devnet.rpc.dispatch import Json, Method
from devnet.rpc.quantity import (
    decode_address,
    decode_list,
    decode_object,
    decode_word,
    encode_bytes,
    encode_quantity,
    encode_word,
)
from devnet.rpc.setting import decode_call, decode_setting

MAX_STORAGE_VALUES = 1_024  # slots in one request, as in geth


def get_balance(node: Node, address: object, block: object = None) -> Json:
    account = decode_address(address, "address")
    return encode_quantity(_open_state(node, block).get_balance(account))


def get_code(node: Node, address: object, block: object = None) -> Json:
    account = decode_address(address, "address")
    return encode_bytes(_open_state(node, block).get_code(account))


def get_storage_at(node: Node, address: object, slot: object, block: object = None) -> Json:
    account, key = decode_address(address, "address"), decode_word(slot, "slot")
    return encode_word(_open_state(node, block).get_storage(account, key))


def get_storage_values(node: Node, requests: object, block: object = None) -> Json:
    """Words of several accounts at once, by address."""
    fields = decode_object(requests, "requests")
    wanted = {address: _decode_slots(slots, address) for address, slots in fields.items()}
    count = sum(map(len, wanted.values()))
    if not count:
        raise InvalidParams("empty request")
    if count > MAX_STORAGE_VALUES:
        raise InvalidParams(f"too many slots (max {MAX_STORAGE_VALUES})")
    state = _open_state(node, block)
    return {
        encode_bytes(account): [encode_word(state.get_storage(account, slot)) for slot in slots]
        for address, slots in wanted.items()
        for account in (decode_address(address, "requests"),)
    }


def get_transaction_count(node: Node, address: object, block: object = None) -> Json:
    account = decode_address(address, "address")
    if is_pending(block):
        return encode_quantity(node.get_pending_nonce(account))
    return encode_quantity(_open_state(node, block).get_nonce(account))


def get_account_info(node: Node, address: object, block: object = None) -> Json:
    """Balance, nonce and code at once, as Anvil answers."""
    account, state = decode_address(address, "address"), _open_state(node, block)
    return {
        "balance": encode_quantity(state.get_balance(account)),
        "nonce": encode_quantity(state.get_nonce(account)),
        "code": encode_bytes(state.get_code(account)),
    }


def call(
    node: Node,
    transaction: object,
    block: object = None,
    state_overrides: object = None,
    block_overrides: object = None,
) -> Json:
    setting = decode_setting(node, block, state_overrides, block_overrides)
    message = decode_call(node, transaction, setting)
    result = execute_call(setting.world, setting.header, setting.ancestors, message)
    return encode_bytes(result.output)


def estimate_gas(
    node: Node,
    transaction: object,
    block: object = None,
    state_overrides: object = None,
    block_overrides: object = None,
) -> Json:
    setting = decode_setting(node, block, state_overrides, block_overrides)
    message = decode_call(node, transaction, setting)
    return encode_quantity(estimate(setting.world, setting.header, setting.ancestors, message))


METHODS: Mapping[str, Method] = {
    "eth_getBalance": get_balance,
    "eth_getCode": get_code,
    "eth_getStorageAt": get_storage_at,
    "eth_getStorageValues": get_storage_values,
    "eth_getTransactionCount": get_transaction_count,
    "eth_getAccountInfo": get_account_info,
    "eth_call": call,
    "eth_estimateGas": estimate_gas,
}


def _open_state(node: Node, block: object) -> Any:
    if is_pending(block):
        draft = node.draft()
        return draft.world.open(draft.block.header.state_root, draft.block.header)
    return node.open_state(get_block(node, block).header.number)


def _decode_slots(value: object, address: str) -> list[int]:
    name = f"requests.{address[:42]}"
    slots = decode_list(value, name, MAX_STORAGE_VALUES)
    return [decode_word(slot, f"{name}[{i}]") for i, slot in enumerate(slots)]
