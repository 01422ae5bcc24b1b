"""eth_createAccessList: the list names what is touched, and paying for it is what it says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

CONTRACT, OTHER, IDENTITY = "0x" + "c1" * 20, "0x" + "d2" * 20, "0x" + "00" * 19 + "04"
SLOTS = [("0x" + slot.to_bytes(32).hex()) for slot in range(4)]


@pytest.fixture
def toucher(rpc: Any, assemble: Callable[..., bytes], wrap: Callable[[bytes], bytes]) -> str:
    """Reads slots 3 and 1, writes slot 2, asks the balance of OTHER and calls IDENTITY."""
    code = assemble(
        *(3, "SLOAD", "POP", 1, "SLOAD", "POP", 9, 2, "SSTORE"),
        *(bytes.fromhex(OTHER[2:]), "BALANCE", "POP", "ADDRESS", "BALANCE", "POP"),
        *(0, 0, 0, 0, 4, "GAS", "STATICCALL", "POP"),
    )
    address: str = rpc.deploy(wrap(code))
    return address


def test_slots_and_accounts_that_are_touched_are_listed(rpc: Any, toucher: str) -> None:
    """In ascending order; sender, recipient without slots and precompiles are left out."""
    found = rpc("eth_createAccessList", {"from": rpc.accounts[0], "to": toucher})
    listed = {entry["address"]: entry["storageKeys"] for entry in found["accessList"]}
    assert listed == {toucher: [SLOTS[1], SLOTS[2], SLOTS[3]], OTHER: []}
    plain = rpc("eth_createAccessList", {"from": rpc.accounts[0], "to": OTHER, "value": "0x1"})
    assert plain == {"accessList": [], "gasUsed": hex(21_000)}


def test_the_gas_is_what_a_transaction_with_the_list_uses(rpc: Any, toucher: str) -> None:
    """To the unit."""
    message = {"from": rpc.accounts[0], "to": toucher, "gas": hex(200_000)}
    found = rpc("eth_createAccessList", message)
    receipt = rpc.send(**message, accessList=found["accessList"])
    assert (receipt["status"], receipt["gasUsed"]) == ("0x1", found["gasUsed"])


def test_a_call_that_fails_has_a_list_and_says_so(rpc: Any, assemble: Callable[..., bytes]) -> None:
    """The slot was read before the revert."""
    code = "0x" + assemble(1, "SLOAD", 0, 0, "REVERT").hex()
    found = rpc("eth_createAccessList", {"to": CONTRACT}, "latest", {CONTRACT: {"code": code}})
    assert found["accessList"] == [{"address": CONTRACT, "storageKeys": [SLOTS[1]]}]
    assert found["error"] == "execution reverted"


def test_what_is_overridden_is_seen(rpc: Any, assemble: Callable[..., bytes]) -> None:
    """A slot that the state names, an address that the block names."""
    code = "0x" + assemble(0, "SLOAD", "SLOAD", "POP", "COINBASE", "BALANCE", "POP").hex()
    account = {"code": code, "stateDiff": {SLOTS[0]: SLOTS[3]}}
    message, block = {"to": CONTRACT}, {"feeRecipient": OTHER}
    found = rpc("eth_createAccessList", message, "latest", {CONTRACT: account}, block)
    assert found["accessList"] == [
        {"address": CONTRACT, "storageKeys": [SLOTS[0], SLOTS[3]]},
        {"address": OTHER, "storageKeys": []},
    ]


def test_a_contract_that_never_settles_gets_an_answer(
    rpc: Any, assemble: Callable[..., bytes]
) -> None:
    """Which slot it reads depends on its gas, and that on the list."""
    code = "0x" + assemble("GAS", "SLOAD", "POP").hex()
    message = {"to": CONTRACT, "gas": hex(100_000)}
    found = rpc("eth_createAccessList", message, "latest", {CONTRACT: {"code": code}})
    assert len(found["accessList"][0]["storageKeys"]) > 1
