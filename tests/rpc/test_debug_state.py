"""debug: accounts and storage inside a block, and what blocks changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from eth_utils.crypto import keccak

UNKNOWN = "0x" + "ab" * 32


@pytest.fixture
def writer(rpc: Any, assemble: Callable[..., bytes], wrap: Callable[..., bytes]) -> str:
    """A contract that stores its second argument in the slot of the first."""
    code = assemble(32, "CALLDATALOAD", 0, "CALLDATALOAD", "SSTORE")
    address: str = rpc.deploy(wrap(code))
    return address


def _word(number: int) -> str:
    return f"0x{number:064x}"


def _write(rpc: Any, writer: str, *pairs: tuple[int, int]) -> Any:
    """One block in which each pair is written by another account."""
    rpc.node.automine = False
    for account, (slot, value) in zip(rpc.accounts, pairs, strict=False):
        data = _word(slot) + _word(value)[2:]
        rpc("eth_sendTransaction", {"from": account, "to": writer, "data": data, "gas": "0x186a0"})
    rpc("evm_mine")
    rpc.node.automine = True
    return rpc("eth_getBlockByNumber", "latest", False)


def test_an_account_is_as_it_was_after_each_transaction(rpc: Any, writer: str) -> None:
    """Nonces go up one by one; beyond the last there is nothing."""
    block = _write(rpc, writer, (1, 1), (2, 2))
    first, second = rpc.accounts[0], rpc.accounts[1]
    nonces = []
    for index in (0, "0x1"):
        ask = ("debug_accountInfoAt", block["number"], index)
        nonces.append([rpc(*ask, account)["nonce"] for account in (first, second)])
    assert nonces == [["0x2", "0x0"], ["0x2", "0x1"]]
    account = rpc("debug_accountInfoAt", block["number"], 1, writer)
    assert account == {
        "balance": "0x0",
        "nonce": "0x1",
        "code": rpc("eth_getCode", writer, "latest"),
    }
    assert rpc("debug_accountInfoAt", block["number"], 2, writer) is None
    assert rpc.fail("debug_accountInfoAt", "0xfff", 0, writer)[0] == -32000


def test_storage_is_paged_by_the_hash_of_the_slot(rpc: Any, writer: str) -> None:
    """Before the transaction that is named; the next key begins the next page."""
    block = _write(rpc, writer, (1, 11), (2, 22), (3, 33), (4, 44))
    seen: dict[str, Any] = {}
    start: str | None = "0x"
    pages = 0
    while start is not None:
        page = rpc("debug_storageRangeAt", block["hash"], 3, writer, start, 2)
        seen |= page["storage"]
        start, pages = page["nextKey"], pages + 1
    assert pages == 2
    slots = (1, 2, 3)
    wanted = {"0x" + keccak(slot.to_bytes(32)).hex(): slot for slot in slots}
    assert seen == {
        key: {"key": _word(slot), "value": _word(11 * slot)} for key, slot in wanted.items()
    }
    assert list(seen) == sorted(seen)
    nobody = rpc("debug_storageRangeAt", block["hash"], 0, "0x" + "99" * 20, "0x", 9)
    assert nobody == {"storage": {}, "nextKey": None}
    assert rpc.fail("debug_storageRangeAt", block["hash"], 9, writer, "0x", 9)[0] == -32602
    assert rpc.fail("debug_storageRangeAt", UNKNOWN, 0, writer, "0x", 9)[0] == -32000


def test_modified_accounts_are_those_whose_state_is_another(rpc: Any, writer: str) -> None:
    """Of one block, or of all after the first; by number and by hash."""
    block = _write(rpc, writer, (1, 1))
    before = rpc("eth_blockNumber")
    proposer = block["miner"]
    modified = rpc("debug_getModifiedAccountsByNumber", block["number"])
    assert {rpc.accounts[0], writer, proposer} <= set(modified)
    assert rpc.accounts[1] not in modified
    assert rpc("debug_getModifiedAccountsByHash", block["hash"]) == modified
    rpc.send(to="0x" + "55" * 20, value="0x1")
    rpc("evm_mine")
    after = rpc("debug_getModifiedAccountsByNumber", before, "latest")
    assert "0x" + "55" * 20 in after
    assert writer not in after
    order = [keccak(hexstr=address) for address in after]
    assert order == sorted(order)
    for wrong in (("latest", before), ("latest", "latest")):
        assert rpc.fail("debug_getModifiedAccountsByNumber", *wrong)[0] == -32602
    assert rpc.fail("debug_getModifiedAccountsByNumber", "0x0")[0] == -32000
    assert rpc.fail("debug_getModifiedAccountsByHash", UNKNOWN)[0] == -32000


def test_roots_on_the_way_lead_to_the_blocks(rpc: Any, writer: str) -> None:
    """One after each transaction; after the last nothing else happens here."""
    block = _write(rpc, writer, (1, 1), (2, 2))
    roots = rpc("debug_intermediateRoots", block["hash"])
    assert (len(set(roots)), roots[-1]) == (2, block["stateRoot"])
    assert rpc("debug_intermediateRoots", block["hash"], {"tracer": "callTracer"}) == roots
    genesis = rpc("eth_getBlockByNumber", "0x0", False)["hash"]
    assert rpc.fail("debug_intermediateRoots", genesis) == (-32000, "genesis is not traceable")


def test_code_is_found_by_its_hash(rpc: Any, writer: str) -> None:
    """Whoever has it; nothing for a hash of nothing here."""
    code = rpc("eth_getCode", writer, "latest")
    assert rpc("debug_codeByHash", "0x" + keccak(hexstr=code).hex()) == code
    assert rpc("debug_codeByHash", UNKNOWN) == "0x"
    assert rpc("debug_dbGet", "0x63" + keccak(hexstr=code).hex()) == code
    for key in ("0x63" + UNKNOWN[2:], "0x" + keccak(hexstr=code).hex(), "0x"):
        assert rpc.fail("debug_dbGet", key)[0] == -32000
