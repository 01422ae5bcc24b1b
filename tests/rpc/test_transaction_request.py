"""Transaction objects in calls: what their fields mean, and from which fork on they are known."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.conftest import Driver

SENDER, TO = "0x" + "0c" * 20, "0x" + "11" * 20
GAS_PRICE = ("GASPRICE", 0, "MSTORE", 32, 0, "RETURN")
DELEGATION = {
    "chainId": "0x0",
    "address": TO,
    "nonce": "0x0",
    "yParity": "0x0",
    "r": "0x0",
    "s": "0x0",
}
CALLS = ["eth_call", "eth_estimateGas", "eth_createAccessList"]


@pytest.mark.parametrize(
    ("fields", "over_base_fee"),
    [
        ({}, None),
        ({"gasPrice": "0x0"}, None),
        ({"gasPrice": hex(3 * 10**9)}, "price"),
        ({"maxFeePerGas": hex(3 * 10**9)}, 0),
        ({"maxFeePerGas": hex(3 * 10**9), "maxPriorityFeePerGas": "0x7"}, 7),
        ({"maxFeePerGas": hex(3 * 10**9), "maxPriorityFeePerGas": "0x7", "type": "0x0"}, 7),
        ({"maxFeePerGas": hex(3 * 10**9), "type": "0x7f"}, 0),
    ],
)
def test_fee_fields_give_the_price_and_the_type_is_ignored(
    rpc: Any, assemble: Callable[..., bytes], fields: dict[str, str], over_base_fee: Any
) -> None:
    """Base fee plus tip, the gas price, or nothing; asked of the contract itself."""
    code = "0x" + assemble(*GAS_PRICE).hex()
    message = {"from": rpc.accounts[0], "to": TO, "gas": hex(100_000), **fields}
    found = int(rpc("eth_call", message, "latest", {TO: {"code": code}}), 16)
    base_fee = int(rpc("eth_getBlockByNumber", "latest")["baseFeePerGas"], 16)
    wanted = {None: 0, "price": 3 * 10**9}.get(over_base_fee)
    assert found == (base_fee + over_base_fee if wanted is None else wanted)


@pytest.mark.parametrize("method", CALLS)
@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (
            {"gasPrice": "0x1", "maxFeePerGas": "0x1"},
            "both gasPrice and (maxFeePerGas or maxPriorityFeePerGas) specified",
        ),
        (
            {"maxFeePerGas": hex(3 * 10**9), "maxPriorityFeePerGas": hex(4 * 10**9)},
            "max priority fee per gas higher than max fee per gas: address 0x0c0c",
        ),
        ({"maxFeePerGas": "0x1"}, "max fee per gas less than block base fee: address 0x0c0c"),
        ({"gasPrice": "0x1"}, "max fee per gas less than block base fee"),
    ],
)
def test_prices_that_contradict_each_other_or_the_block_are_refused(
    rpc: Any, method: str, fields: dict[str, str], message: str
) -> None:
    """With geth's code and words, whatever the type is said to be."""
    code, text = rpc.fail(method, {"from": SENDER, "to": TO, **fields})
    assert code == -32000
    assert message.lower() in text.lower()


@pytest.mark.parametrize("method", CALLS)
@pytest.mark.parametrize(
    ("hardfork", "fields", "message"),
    [
        ("istanbul", {"accessList": []}, "transaction type not supported: access list tx"),
        ("berlin", {"maxFeePerGas": "0x0"}, "not valid before London is active"),
        ("berlin", {"maxPriorityFeePerGas": "0x1"}, "not valid before London is active"),
        ("shanghai", {"maxFeePerBlobGas": "0x1"}, "transaction type not supported: blob tx"),
        ("shanghai", {"blobVersionedHashes": []}, "transaction type not supported: blob tx"),
        ("cancun", {"authorizationList": [DELEGATION]}, "not supported: setcode tx"),
    ],
)
def test_fields_of_later_forks_are_refused(
    rpc: Any,
    start: Callable[..., Driver],
    method: str,
    hardfork: str,
    fields: dict[str, Any],
    message: str,
) -> None:
    """Even where they are empty or zero."""
    old = type(rpc)(start(validators=1, hardfork=hardfork).node)
    code, text = old.fail(method, {"from": SENDER, "to": TO, **fields})
    assert code == -32000
    assert message in text


@pytest.mark.parametrize(
    ("hardfork", "fields"),
    [
        ("berlin", {"accessList": []}),
        ("berlin", {"type": "0x4", "gasPrice": "0x0"}),
        ("london", {"maxFeePerGas": "0x0", "maxPriorityFeePerGas": "0x0"}),
        ("cancun", {"maxFeePerBlobGas": "0x1"}),
        ("prague", {"authorizationList": [DELEGATION]}),
    ],
)
def test_fields_are_known_from_their_fork_on(
    rpc: Any, start: Callable[..., Driver], hardfork: str, fields: dict[str, Any]
) -> None:
    """The first fork that has them takes them."""
    node = start(validators=1, hardfork=hardfork).node
    for method in CALLS:
        assert type(rpc)(node)(method, {"from": SENDER, "to": TO, **fields})
