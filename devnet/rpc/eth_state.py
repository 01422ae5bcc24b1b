"""eth: accounts, calls and estimates on the state after a block."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from devnet.chain.call import Call
from devnet.errors import InvalidParams
from devnet.node import Node
from devnet.rpc.block_reference import get_block
from devnet.rpc.dispatch import Json, Method
from devnet.rpc.quantity import (
    decode_address,
    decode_word,
    encode_bytes,
    encode_quantity,
    encode_word,
)
from devnet.rpc.transaction_request import decode_transaction_request


def get_balance(node: Node, address: object, block: object = None) -> Json:
    account = decode_address(address, "address")
    return encode_quantity(_open_state(node, block).get_balance(account))


def get_code(node: Node, address: object, block: object = None) -> Json:
    account = decode_address(address, "address")
    return encode_bytes(_open_state(node, block).get_code(account))


def get_storage_at(node: Node, address: object, slot: object, block: object = None) -> Json:
    account, key = decode_address(address, "address"), decode_word(slot, "slot")
    return encode_word(_open_state(node, block).get_storage(account, key))


def get_transaction_count(node: Node, address: object, block: object = None) -> Json:
    account = decode_address(address, "address")
    if block == "pending":
        return encode_quantity(node.get_pending_nonce(account))
    return encode_quantity(_open_state(node, block).get_nonce(account))


def call(node: Node, transaction: object, block: object = None, overrides: object = None) -> Json:
    number, message = _decode_call(node, transaction, block, overrides)
    return encode_bytes(node.call(message, number).output)


def estimate_gas(
    node: Node, transaction: object, block: object = None, overrides: object = None
) -> Json:
    number, message = _decode_call(node, transaction, block, overrides)
    return encode_quantity(node.estimate_gas(_cap_gas(node, message, number), number))


METHODS: Mapping[str, Method] = {
    "eth_getBalance": get_balance,
    "eth_getCode": get_code,
    "eth_getStorageAt": get_storage_at,
    "eth_getTransactionCount": get_transaction_count,
    "eth_call": call,
    "eth_estimateGas": estimate_gas,
}


def _open_state(node: Node, block: object) -> Any:
    return node.open_state(get_block(node, block).header.number)


def _decode_call(
    node: Node, transaction: object, block: object, overrides: object
) -> tuple[int, Call]:
    request = decode_transaction_request(transaction, node.config.chain_id)
    header = get_block(node, block).header
    if overrides:
        raise InvalidParams("state overrides are not supported")
    return header.number, request.build_call(header.base_fee_per_gas)


def _cap_gas(node: Node, message: Call, number: int) -> Call:
    """Whoever names a price tries with as much gas as the sender can pay."""
    if message.gas is not None or not message.gas_price:
        return message
    balance = node.open_state(number).get_balance(message.sender)
    affordable = max(balance - message.value, 0) // message.gas_price
    return replace(message, gas=affordable)
