"""eth and personal: signatures of unlocked accounts over text, bytes and typed data.

Source: EIP-191 for messages, EIP-712 for typed data.
"""

import json
from collections.abc import Mapping

from eth_account import Account
from eth_account.messages import SignableMessage, encode_defunct, encode_typed_data

from devnet.errors import InvalidParams
from devnet.nesting import is_too_deep
from devnet.node import Node
from devnet.rpc.dispatch import Json, Method
from devnet.rpc.filling import find_account
from devnet.rpc.quantity import decode_address, decode_bytes, decode_object, encode_bytes
from devnet.rpc.typed_data import check_arrays

MAX_TYPED_BYTES = 1 << 20  # of typed data given as text


def sign(node: Node, address: object, data: object) -> Json:
    """Sign a message with Ethereum's prefix."""
    message = encode_defunct(primitive=decode_bytes(data, "data"))
    return _sign(node, address, message)


def sign_personal(node: Node, data: object, address: object, password: object = None) -> Json:
    """As `eth_sign`, its parameters the other way round; accounts have no passwords."""
    return sign(node, address, data)


def sign_typed_data(node: Node, address: object, typed_data: object) -> Json:
    """Sign typed data, an object or its JSON text."""
    return _sign(node, address, _encode_typed(typed_data))


METHODS: Mapping[str, Method] = {
    "eth_sign": sign,
    "personal_sign": sign_personal,
    "eth_signTypedData": sign_typed_data,
    "eth_signTypedData_v3": sign_typed_data,
    "eth_signTypedData_v4": sign_typed_data,
}


def _sign(node: Node, address: object, message: SignableMessage) -> Json:
    account = find_account(node, decode_address(address, "address"))
    return encode_bytes(bytes(Account.sign_message(message, account.key).signature))


def _encode_typed(value: object) -> SignableMessage:
    if isinstance(value, str):
        value = _parse(value)
    data = decode_object(value, "typedData")
    for key in ("types", "primaryType", "domain", "message"):
        if key not in data:
            raise InvalidParams(f"typedData.{key} is missing (EIP-712)")
    check_arrays(data)
    try:
        return encode_typed_data(full_message=data)
    except Exception as refused:  # eth_account lets through whatever its input breaks
        raise InvalidParams(f"typedData does not encode (EIP-712): {refused}") from refused


def _parse(text: str) -> object:
    if len(text) > MAX_TYPED_BYTES or is_too_deep(text):
        raise InvalidParams("typedData is too long or too deep")
    try:
        parsed: object = json.loads(text)
    except ValueError as broken:
        raise InvalidParams(f"typedData is not JSON: {broken}") from broken
    return parsed
