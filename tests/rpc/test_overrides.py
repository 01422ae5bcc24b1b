"""State and block overrides: asked of code that looks, by every method that tries a call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import rlp

from precompiles.digest import compute_keccak

LOOKER, OTHER = "0x" + "1a" * 20, "0x" + "2b" * 20
SHA256 = "0x" + "00" * 19 + "02"
RETURN = (0, "MSTORE", 32, 0, "RETURN")
OTHER_BYTES = bytes.fromhex(OTHER[2:])


def word(value: int) -> str:
    return "0x" + value.to_bytes(32).hex()


@pytest.fixture
def look(rpc: Any, assemble: Callable[..., bytes]) -> Callable[..., int]:
    """What code sees with overrides: `look(*code, accounts={...}, block={...})`."""

    def ask(*code: Any, accounts: Any = None, block: Any = None, at: str = "latest") -> int:
        placed = {LOOKER: {"code": "0x" + assemble(*code, *RETURN).hex()}}
        for address, account in (accounts or {}).items():
            placed[address] = placed.get(address, {}) | account
        return int(rpc("eth_call", {"to": LOOKER}, at, placed, block or {}), 16)

    return ask


@pytest.mark.parametrize(
    ("code", "account", "wanted"),
    [
        ((OTHER_BYTES, "BALANCE"), {"balance": "0x7b"}, 0x7B),
        ((OTHER_BYTES, "EXTCODESIZE"), {"code": "0x010203"}, 3),
        ((OTHER_BYTES, "EXTCODESIZE"), {"code": "0x"}, 0),
        ((0, 0, 0, 0, 0, OTHER_BYTES, "GAS", "CALL"), {"code": "0xfe"}, 0),
        ((0, 0, 0, 0, 0, OTHER_BYTES, "GAS", "CALL"), {"code": "0x00"}, 1),
    ],
)
def test_an_account_is_what_it_is_said_to_be(
    look: Callable[..., int], code: Any, account: dict[str, str], wanted: int
) -> None:
    """Balance and code."""
    assert look(*code, accounts={OTHER: account}) == wanted


def test_a_nonce_decides_where_a_contract_is_created(look: Callable[..., int]) -> None:
    """Address by the Yellow Paper's formula from the overridden nonce."""
    found = look(0, 0, 0, "CREATE", accounts={LOOKER: {"nonce": "0x99"}})
    created = compute_keccak(rlp.encode([bytes.fromhex(LOOKER[2:]), 0x99]))[12:]
    assert found == int.from_bytes(created)


def test_state_is_all_of_the_storage_and_state_diff_a_part(
    rpc: Any, assemble: Callable[..., bytes]
) -> None:
    """Slot 0 holds 5 and slot 1 holds 6; slot 1 is overridden."""
    runtime = assemble(0, "SLOAD", 1, "SLOAD", 100, "MUL", "ADD", *RETURN)
    store = assemble(5, 0, "SSTORE", 6, 1, "SSTORE")
    copy = (len(runtime), "DUP1", len(store) + 9, 0, "CODECOPY", 0, "RETURN")
    keeper = rpc.deploy(store + assemble(*copy) + runtime)
    seen = {}
    for key in ("state", "stateDiff"):
        accounts = {keeper: {key: {word(1): word(9)}}}
        seen[key] = int(rpc("eth_call", {"to": keeper}, "latest", accounts), 16)
    assert seen == {"state": 900, "stateDiff": 905}
    assert int(rpc("eth_call", {"to": keeper}), 16) == 605


def test_a_precompile_answers_where_it_was_moved(rpc: Any) -> None:
    """And code stands where it was; the state is not changed by it."""
    plain = rpc("eth_call", {"to": SHA256, "data": "0x1234"})
    moved = {SHA256: {"code": "0x602a5f5260205ff3", "movePrecompileToAddress": OTHER}}
    assert rpc("eth_call", {"to": OTHER, "data": "0x1234"}, "latest", moved) == plain
    assert rpc("eth_call", {"to": SHA256, "data": "0x1234"}, "latest", moved) == word(42)
    assert rpc("eth_call", {"to": OTHER, "data": "0x1234"}) == "0x"
    unmoved = {SHA256: {"code": "0x602a5f5260205ff3"}}
    assert rpc("eth_call", {"to": SHA256, "data": "0x1234"}, "latest", unmoved) == word(42)


@pytest.mark.parametrize(
    ("instruction", "key", "given", "wanted"),
    [
        ("NUMBER", "number", "0x77", 0x77),
        ("TIMESTAMP", "time", "0x88888888", 0x88888888),
        ("TIMESTAMP", "timestamp", "0x88888888", 0x88888888),
        ("GASLIMIT", "gasLimit", "0x99999", 0x99999),
        ("COINBASE", "feeRecipient", OTHER, int(OTHER, 16)),
        ("COINBASE", "coinbase", OTHER, int(OTHER, 16)),
        ("PREVRANDAO", "prevRandao", word(7), 7),
        ("PREVRANDAO", "random", word(7), 7),
        ("BLOBBASEFEE", "blobBaseFee", "0xaaaa", 0xAAAA),
    ],
)
def test_a_block_is_what_it_is_said_to_be(
    look: Callable[..., int], instruction: str, key: str, given: str, wanted: int
) -> None:
    """Each field under geth's name and the older one."""
    assert look(instruction, block={key: given}) == wanted


def test_the_base_fee_counts_for_calls_with_a_price(
    rpc: Any, assemble: Callable[..., bytes]
) -> None:
    """It is what BASEFEE shows, and what a price is held against; without a price it is zero."""
    accounts = {LOOKER: {"code": "0x" + assemble("BASEFEE", *RETURN).hex()}}
    paying = {"from": rpc.accounts[0], "to": LOOKER, "gas": hex(50_000), "gasPrice": hex(10**10)}
    block = {"baseFeePerGas": hex(10**10)}
    assert int(rpc("eth_call", paying, "latest", accounts, block), 16) == 10**10
    assert int(rpc("eth_call", {"to": LOOKER}, "latest", accounts, block), 16) == 0
    code, message = rpc.fail("eth_call", paying, "latest", accounts, {"baseFee": hex(10**11)})
    assert (code, "less than block base fee" in message) == (-32000, True)


def test_a_block_with_another_number_sees_other_hashes(rpc: Any, look: Callable[..., int]) -> None:
    """BLOCKHASH of decided blocks stays; between them and the number there is nothing."""
    rpc("evm_mine", {"blocks": 4})
    hashes = {n: int(rpc("eth_getBlockByNumber", hex(n))["hash"], 16) for n in range(5)}
    ahead, back = {"number": hex(6)}, {"number": hex(3)}
    assert [look(n, "BLOCKHASH", block=ahead) for n in (3, 5)] == [hashes[3], 0]
    assert [look(n, "BLOCKHASH", block=back) for n in (2, 3)] == [hashes[2], 0]


def test_every_way_to_try_a_call_takes_overrides(rpc: Any, assemble: Callable[..., bytes]) -> None:
    """Of state and block: the code stores the block's number, and costs what that costs."""
    code = "0x" + assemble("NUMBER", "SLOAD", "POP", "NUMBER", *RETURN).hex()
    message, accounts, block = {"to": LOOKER}, {LOOKER: {"code": code}}, {"number": "0x1234"}
    assert rpc("eth_call", message, "latest", accounts, block) == word(0x1234)
    gas = rpc("eth_estimateGas", message, "latest", accounts, block)
    assert int(gas, 16) > 21_000 + 2_100 == 23_100
    (listed,) = rpc("eth_createAccessList", message, "latest", accounts, block)["accessList"]
    assert listed == {"address": LOOKER, "storageKeys": [word(0x1234)]}
    config = {"stateOverrides": accounts, "blockOverrides": block}
    assert rpc("debug_traceCall", message, "latest", config)["returnValue"] == word(0x1234)
    traced = rpc("trace_call", message, ["trace"], "latest", accounts, block)
    assert traced["output"] == word(0x1234)
    plan = {"stateOverrides": accounts, "blockOverrides": block, "calls": [message]}
    blocks = rpc("eth_simulateV1", {"blockStateCalls": [plan | {"blockOverrides": {}}]})
    assert int(blocks[0]["calls"][0]["returnData"], 16) == int(blocks[0]["number"], 16)


@pytest.mark.parametrize(
    ("accounts", "block", "code", "message"),
    [
        ({OTHER: {"state": {}, "stateDiff": {}}}, None, -32000, "both 'state' and 'stateDiff'"),
        ({OTHER: {"movePrecompileToAddress": LOOKER}}, None, -32000, "is not a precompile"),
        (
            {SHA256: {"movePrecompileToAddress": OTHER}, OTHER: {"nonce": "0x1"}},
            *(None, -32000, "already"),
        ),
        ({OTHER: {"balance": "12"}}, None, -32602, ".balance is"),
        ({OTHER: {"stateDiff": {"0x": "0x0"}}}, None, -32602, "stateDiff is"),
        ({"0x12": {}}, None, -32602, 'stateOverrides is "0x12"'),
        (None, {"number": "latest"}, -32602, "blockOverrides.number is"),
        (None, {"withdrawals": []}, -32602, '"withdrawals" is not supported for this RPC method'),
        (None, {"beaconRoot": word(1)}, -32602, '"beaconRoot" is not supported'),
    ],
)
def test_overrides_that_contradict_or_do_not_read_are_refused(
    rpc: Any, accounts: Any, block: Any, code: int, message: str
) -> None:
    """With the field and what it must be."""
    found = rpc.fail("eth_call", {"to": LOOKER}, "latest", accounts, block)
    assert (found[0], message in found[1]) == (code, True), found
