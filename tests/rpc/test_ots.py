"""ots and erigon: what Otterscan asks, in the forms in which it asks."""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain
from typing import Any

import pytest

UNKNOWN = "0x" + "ab" * 32
NOBODY = "0x" + "7b" * 20
NOPE = bytes.fromhex("08c379a0") + (32).to_bytes(32) + (4).to_bytes(32) + b"nope".ljust(32, b"\0")


@pytest.fixture
def factory(rpc: Any, assemble: Callable[..., bytes], wrap: Callable[..., bytes]) -> str:
    """A contract that makes another by CREATE2, pays it, and makes one that fails."""
    initcode = bytes.fromhex("6001600053600a6000f3")  # ten bytes of code
    code = assemble(initcode.ljust(32, b"\0"), 0, "MSTORE", "NUMBER", len(initcode), 0, 3)
    code += assemble("CREATE2", "POP", b"\xfe", 0, "MSTORE8", 1, 0, 0, "CREATE", "POP")
    receipt = rpc.send(data="0x" + wrap(code).hex(), value="0x0")
    address: str = receipt["contractAddress"]
    return address


@pytest.fixture
def reverter(rpc: Any, assemble: Callable[..., bytes], wrap: Callable[..., bytes]) -> str:
    """A contract that reverts with a reason."""
    words = [NOPE[at : at + 32].ljust(32, b"\0") for at in range(0, len(NOPE), 32)]
    code = b"".join(assemble(word, 32 * n, "MSTORE") for n, word in enumerate(words))
    address: str = rpc.deploy(wrap(code + assemble(len(NOPE), 0, "REVERT")))
    return address


def test_the_probes_of_otterscan_are_answered(rpc: Any) -> None:
    """Level 8 and a header by a JSON number, which is how it finds out what a node can do."""
    rpc("evm_mine")
    assert rpc("ots_getApiLevel") == 8
    header = rpc("erigon_getHeaderByNumber", 1)
    assert header["hash"] == rpc("eth_getBlockByNumber", "0x1", False)["hash"]
    assert "transactions" not in header
    assert rpc("erigon_getHeaderByNumber", 99) is None


def test_code_is_there_from_the_block_of_its_creation(rpc: Any, factory: str) -> None:
    """By number, hex or not, and by tag."""
    number = int(rpc("eth_blockNumber"), 16)
    assert rpc("ots_hasCode", factory, "latest") is True
    assert rpc("ots_hasCode", factory, number) is True
    assert rpc("ots_hasCode", factory, number - 1) is False
    assert rpc("ots_hasCode", NOBODY, "latest") is False
    assert rpc.fail("ots_hasCode", factory, hex(number + 9))[0] == -32000


def test_details_are_a_block_without_its_list_and_with_its_fees(rpc: Any) -> None:
    """By number and by hash; null for a block that is not there."""
    receipt = rpc.send(to=NOBODY, value="0x1")
    details = rpc("ots_getBlockDetails", int(receipt["blockNumber"], 16))
    block = rpc("eth_getBlockByNumber", receipt["blockNumber"], False)
    assert details.keys() == {"block", "issuance", "totalFees"}
    assert "transactions" not in details["block"]
    assert details["block"]["transactionCount"] == 1
    assert details["block"]["logsBloom"] is None
    shared = details["block"].keys() & block.keys() - {"logsBloom"}
    assert all(details["block"][field] == block[field] for field in shared)
    assert {"size", "stateRoot", "sha3Uncles", "miner", "gasUsed"} <= shared
    fee = int(receipt["gasUsed"], 16) * int(receipt["effectiveGasPrice"], 16)
    assert details["totalFees"] == hex(fee)
    none = {"blockReward": "0x0", "uncleReward": "0x0", "issuance": "0x0"}
    assert details["issuance"] == none
    assert rpc("ots_getBlockDetailsByHash", block["hash"]) == details
    assert rpc("ots_getBlockDetails", 99) is None
    assert rpc("ots_getBlockDetailsByHash", UNKNOWN) is None


def test_a_blocks_transactions_come_in_pages(rpc: Any) -> None:
    """Selector instead of data, receipts without logs, the count of all."""
    rpc.node.automine = False
    for account in rpc.accounts[:5]:
        data = {"data": "0x" + "0a" * 40, "gas": "0x186a0"}
        rpc("eth_sendTransaction", {"from": account, "to": NOBODY, **data})
    rpc("evm_mine")
    number = int(rpc("eth_blockNumber"), 16)
    seen = []
    for page in range(3):
        answer = rpc("ots_getBlockTransactions", number, page, 2)
        shown = answer["fullblock"]["transactions"]
        hashes = [each["hash"] for each in shown]
        assert [receipt["transactionHash"] for receipt in answer["receipts"]] == hashes
        assert {each["input"] for each in shown} == {"0x0a0a0a0a"}
        assert {(r["logs"], r["logsBloom"]) for r in answer["receipts"]} == {(None, None)}
        assert answer["fullblock"]["transactionCount"] == 5
        seen += hashes
    assert rpc("ots_getBlockTransactions", number, 3, 2)["receipts"] == []
    assert seen == rpc("eth_getBlockByNumber", hex(number), False)["transactions"]
    assert rpc("ots_getBlockTransactions", 99, 0, 5) is None


def test_errors_are_what_a_failed_transaction_returned(rpc: Any, reverter: str) -> None:
    """Nothing for one that succeeded, or that failed without a word."""
    fields = {"from": rpc.accounts[0], "gas": "0x186a0"}
    failed = rpc("eth_sendTransaction", {**fields, "to": reverter})
    mute = rpc("eth_sendTransaction", {**fields, "data": "0xfe"})
    fine = rpc.send(to=NOBODY)["transactionHash"]
    assert rpc("ots_getTransactionError", failed) == "0x" + NOPE.hex()
    assert rpc("ots_getTransactionError", mute) == "0x"
    assert rpc("ots_getTransactionError", fine) == "0x"
    assert rpc.fail("ots_getTransactionError", UNKNOWN)[0] == -32000


def test_internal_operations_are_those_that_took_effect(rpc: Any, factory: str) -> None:
    """The creation that failed is none; the call tree has it, with its depth."""
    sent = rpc.send(to=factory, value="0x9", gas="0x7a120")["transactionHash"]
    (made,) = rpc("ots_getInternalOperations", sent)
    assert (made["type"], made["from"], made["value"]) == (3, factory, "0x3")
    tree = rpc("ots_traceTransaction", sent)
    assert [(entry["type"], entry["depth"]) for entry in tree] == [
        ("CALL", 0),
        ("CREATE2", 1),
        ("CREATE", 1),
    ]
    assert tree[1]["to"] == made["to"]
    assert tree[0].keys() == {"type", "depth", "from", "to", "value", "input", "output"}
    assert rpc.fail("ots_getInternalOperations", UNKNOWN)[0] == -32000
    assert rpc.fail("ots_traceTransaction", UNKNOWN)[0] == -32000


def test_the_creator_is_who_made_the_contract_and_where(rpc: Any, factory: str) -> None:
    """An account or a contract; nobody for what was never made, or was there from the start."""
    creation = rpc("ots_getTransactionBySenderAndNonce", rpc.accounts[0], 0)
    found = rpc("ots_getContractCreator", factory)
    assert found == {"hash": creation, "creator": rpc.accounts[0]}
    sent = rpc.send(to=factory, value="0x3", gas="0x7a120")["transactionHash"]
    rpc("evm_mine")
    (made,) = rpc("ots_getInternalOperations", sent)
    assert rpc("ots_getContractCreator", made["to"]) == {"hash": sent, "creator": factory}
    for address in (NOBODY, rpc.accounts[0], "0x" + "f7".rjust(40, "0")):
        assert rpc("ots_getContractCreator", address) is None


def test_a_transaction_is_found_by_sender_and_nonce(rpc: Any) -> None:
    """Its hash, or null."""
    sent = [rpc.send(to=NOBODY)["transactionHash"] for _ in range(3)]
    for nonce, transaction in enumerate(sent):
        for form in (nonce, hex(nonce)):
            ask = ("ots_getTransactionBySenderAndNonce", rpc.accounts[0], form)
            assert rpc(*ask) == transaction
    assert rpc("ots_getTransactionBySenderAndNonce", rpc.accounts[0], 3) is None
    assert rpc("ots_getTransactionBySenderAndNonce", NOBODY, 0) is None


def _list_hashes(page: dict[str, Any]) -> list[str]:
    hashes = [transaction["hash"] for transaction in page["txs"]]
    assert [receipt["transactionHash"] for receipt in page["receipts"]] == hashes
    assert all("timestamp" in receipt for receipt in page["receipts"])
    return hashes


def test_pages_in_both_directions_visit_everything_once(rpc: Any, factory: str) -> None:
    """Newest first; whole blocks stay together, so a page may be longer than asked."""
    sent = []
    for block in range(5):
        rpc.node.automine = False
        for account in rpc.accounts[: 1 + block % 3]:
            fields = {"from": account, "to": NOBODY, "gas": "0x5208"}
            sent.append(rpc("eth_sendTransaction", fields))
        rpc("evm_mine")
        rpc("evm_mine")
    mined = [
        transaction
        for number in range(int(rpc("eth_blockNumber"), 16), 0, -1)
        for transaction in reversed(rpc("eth_getBlockByNumber", hex(number), False)["transactions"])
        if transaction in sent
    ]
    for way, edge, begins, ends in (
        ("Before", -1, "firstPage", "lastPage"),
        ("After", 0, "lastPage", "firstPage"),
    ):
        pages, start = [], 0
        while True:
            page = rpc(f"ots_searchTransactions{way}", NOBODY, start, 2)
            assert page[begins] == (start == 0)
            pages.append(_list_hashes(page))
            if page[ends]:
                break
            start = int(page["txs"][edge]["blockNumber"], 16)
        ordered = pages if way == "Before" else pages[::-1]
        assert list(chain.from_iterable(ordered)) == mined
        assert len(pages) > 2


def test_a_search_finds_who_is_only_called_inside(rpc: Any, factory: str) -> None:
    """Created contracts and senders too; nobody for an address that never took part."""
    sent = rpc.send(to=factory, value="0x3", gas="0x7a120")["transactionHash"]
    (made,) = rpc("ots_getInternalOperations", sent)
    found = rpc("ots_searchTransactionsBefore", made["to"], 0, 5)
    assert (_list_hashes(found), found["firstPage"], found["lastPage"]) == ([sent], True, True)
    mine = _list_hashes(rpc("ots_searchTransactionsAfter", rpc.accounts[0], 0, 9))
    assert mine[0] == sent
    assert len(mine) == 2
    nobody = rpc("ots_searchTransactionsBefore", NOBODY, 0, 5)
    assert nobody == {"txs": [], "receipts": [], "firstPage": True, "lastPage": True}
    assert rpc.fail("ots_searchTransactionsBefore", NOBODY, -1, 5)[0] == -32602
