"""Signatures of unlocked accounts, held against eth_account's own encoding."""

from __future__ import annotations

import json
from typing import Any

import pytest
from eth_account import Account
from eth_account.messages import encode_defunct, encode_typed_data

MAIL: dict[str, Any] = {
    "types": {
        "EIP712Domain": [
            {"name": "name", "type": "string"},
            {"name": "chainId", "type": "uint256"},
            {"name": "verifyingContract", "type": "address"},
            {"name": "salt", "type": "bytes32"},
        ],
        "Person": [{"name": "name", "type": "string"}, {"name": "wallets", "type": "address[]"}],
        "Mail": [
            {"name": "from", "type": "Person"},
            {"name": "to", "type": "Person[2]"},
            {"name": "grid", "type": "int8[2][]"},
            {"name": "contents", "type": "bytes"},
            {"name": "urgent", "type": "bool"},
        ],
    },
    "primaryType": "Mail",
    "domain": {
        "name": "Mail",
        "chainId": 31337,
        "verifyingContract": "0x" + "cc" * 20,
        "salt": "0x" + "07" * 32,
    },
    "message": {
        "from": {"name": "Cow", "wallets": ["0x" + "cd" * 20, "0x" + "de" * 20]},
        "to": [{"name": "Bob", "wallets": []}, {"name": "Eve", "wallets": ["0x" + "bb" * 20]}],
        "grid": [[1, -2], [3, 4]],
        "contents": "0x68656c6c6f",
        "urgent": True,
    },
}
TEXT = "0x48c3b6"


@pytest.mark.parametrize("method", ["eth_signTypedData", "eth_signTypedData_v4"])
@pytest.mark.parametrize("encode", [dict, json.dumps])
def test_typed_data_is_signed_as_eth_account_encodes_it(rpc: Any, method: str, encode: Any) -> None:
    """Structs in arrays, arrays in arrays, a salt; given as an object or as text."""
    signature = rpc(method, rpc.accounts[3], encode(MAIL))
    own = Account.sign_message(encode_typed_data(full_message=MAIL), rpc.node.accounts[3].key)
    assert signature == own.signature.to_0x_hex()


@pytest.mark.parametrize(
    ("kind", "items"), [("Person[2]", MAIL["message"]["to"][:1]), ("Person[2]", {"name": "Bob"})]
)
def test_an_array_of_another_size_than_its_type_is_refused(rpc: Any, kind: str, items: Any) -> None:
    """eth_account itself would sign it."""
    data = MAIL | {"message": MAIL["message"] | {"to": items}}
    code, message = rpc.fail("eth_signTypedData_v4", rpc.accounts[0], data)
    given = len(items) if isinstance(items, list) else 0
    assert code == -32602
    assert f"Expected 2 items for array type {kind}, got {given} items" in message
    data = MAIL | {"message": MAIL["message"] | {"grid": [[1, 2], [3]]}}
    assert "int8[2], got 1 items" in rpc.fail("eth_signTypedData_v4", rpc.accounts[0], data)[1]


@pytest.mark.parametrize("missing", ["types", "primaryType", "domain", "message"])
def test_typed_data_without_a_part_is_refused(rpc: Any, missing: str) -> None:
    """By its name."""
    data = {name: part for name, part in MAIL.items() if name != missing}
    code, message = rpc.fail("eth_signTypedData_v4", rpc.accounts[0], data)
    assert (code, missing in message) == (-32602, True)


def test_messages_are_signed_with_the_prefix_of_eip_191(rpc: Any) -> None:
    """`eth_sign` and `personal_sign` take their parameters in opposite order."""
    message = encode_defunct(hexstr=TEXT)
    own = Account.sign_message(message, rpc.node.accounts[1].key).signature.to_0x_hex()
    assert rpc("eth_sign", rpc.accounts[1], TEXT) == own
    assert rpc("personal_sign", TEXT, rpc.accounts[1]) == own
    assert rpc("personal_sign", TEXT, rpc.accounts[1], "password") == own


def test_nobody_signs_for_an_account_that_is_not_unlocked(rpc: Any) -> None:
    """The error says what to do instead."""
    stranger = "0x" + "11" * 20
    for method, *params in (
        ("eth_sign", stranger, TEXT),
        ("personal_sign", TEXT, stranger),
        ("eth_signTypedData_v4", stranger, MAIL),
    ):
        code, message = rpc.fail(method, *params)
        assert code == -32000
        assert f"unknown account {stranger}" in message
