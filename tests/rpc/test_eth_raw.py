"""eth and debug: headers, blocks, receipts and transactions as bytes; hashes are the oracle."""

from __future__ import annotations

from typing import Any

import pytest
import rlp

from precompiles.digest import compute_keccak

TO, UNKNOWN = "0x" + "11" * 20, "0x" + "12" * 32


def unhex(text: str) -> bytes:
    return bytes.fromhex(text[2:])


def digest(text: str) -> str:
    """Hash of bytes in hex."""
    return "0x" + compute_keccak(unhex(text)).hex()


@pytest.fixture
def sent(rpc: Any) -> dict[str, Any]:
    """Receipt of a transaction, in a block with nothing else."""
    receipt: dict[str, Any] = rpc.send(to=TO, value="0x1")
    return receipt


def test_bytes_hash_to_what_they_are_called(rpc: Any, sent: dict[str, Any]) -> None:
    """Header and transaction, however they are asked for."""
    number, block_hash = sent["blockNumber"], sent["blockHash"]
    for block in (number, block_hash, "latest", {"blockHash": block_hash}):
        assert digest(rpc("debug_getRawHeader", block)) == block_hash
    raw = rpc("eth_getRawTransactionByHash", sent["transactionHash"])
    assert digest(raw) == sent["transactionHash"]
    assert rpc("debug_getRawTransaction", sent["transactionHash"]) == raw
    assert rpc("eth_getRawTransactionByBlockNumberAndIndex", number, "0x0") == raw
    assert rpc("eth_getRawTransactionByBlockHashAndIndex", block_hash, "0x0") == raw
    assert rpc("debug_getRawTransactions", number) == [raw]


def test_a_block_is_its_header_its_transactions_and_the_rest(
    rpc: Any, sent: dict[str, Any]
) -> None:
    """As RLP; its length is the size that the block is said to have."""
    raw = unhex(rpc("debug_getRawBlock", sent["blockNumber"]))
    header, transactions, uncles, withdrawals = rlp.decode(raw)
    assert rlp.encode(header) == unhex(rpc("debug_getRawHeader", sent["blockNumber"]))
    assert transactions == [unhex(rpc("debug_getRawTransaction", sent["transactionHash"]))]
    assert (uncles, withdrawals) == ([], [])
    assert int(rpc("eth_getBlockByHash", sent["blockHash"])["size"], 16) == len(raw)


def test_a_receipt_is_status_gas_bloom_and_events(rpc: Any, sent: dict[str, Any]) -> None:
    """With its type before it (EIP-2718)."""
    (raw,) = rpc("debug_getRawReceipts", sent["blockHash"])
    status, gas, bloom, events = rlp.decode(unhex(raw)[1:])
    assert (unhex(raw)[0], status, events) == (2, b"\x01", [])
    assert int.from_bytes(gas) == int(sent["cumulativeGasUsed"], 16)
    assert bloom == unhex(sent["logsBloom"])


def test_what_waits_has_bytes_too(rpc: Any) -> None:
    """Before it is in a block."""
    rpc("evm_setAutomine", False)
    waiting = rpc("eth_sendTransaction", {"to": TO})
    assert digest(rpc("eth_getRawTransactionByHash", waiting)) == waiting
    assert digest(rpc("debug_getRawTransaction", waiting)) == waiting


def test_a_header_is_a_block_without_its_content(rpc: Any, sent: dict[str, Any]) -> None:
    """By number and by hash."""
    block = rpc("eth_getBlockByHash", sent["blockHash"])
    wanted = {
        key: value
        for key, value in block.items()
        if key not in ("transactions", "uncles", "withdrawals", "size")
    }
    assert rpc("eth_getHeaderByNumber", sent["blockNumber"]) == wanted
    assert rpc("eth_getHeaderByHash", sent["blockHash"]) == wanted


def test_there_are_no_uncles(rpc: Any, sent: dict[str, Any]) -> None:
    """Zero of them, and null for each."""
    for kind, block in (("Number", sent["blockNumber"]), ("Hash", sent["blockHash"])):
        assert rpc(f"eth_getUncleCountByBlock{kind}", block) == "0x0"
        assert rpc(f"eth_getUncleByBlock{kind}AndIndex", block, "0x0") is None


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("eth_getHeaderByNumber", ["0xffff"]),
        ("eth_getHeaderByHash", [UNKNOWN]),
        ("eth_getUncleCountByBlockNumber", ["0xffff"]),
        ("eth_getUncleCountByBlockHash", [UNKNOWN]),
        ("eth_getRawTransactionByHash", [UNKNOWN]),
        ("eth_getRawTransactionByBlockNumberAndIndex", ["0xffff", "0x0"]),
        ("eth_getRawTransactionByBlockNumberAndIndex", ["0x0", "0x5"]),
        ("eth_getRawTransactionByBlockHashAndIndex", [UNKNOWN, "0x0"]),
        ("debug_getRawTransaction", [UNKNOWN]),
    ],
)
def test_what_is_not_there_is_null(rpc: Any, method: str, params: list[str]) -> None:
    """As in geth."""
    assert rpc(method, *params) is None


@pytest.mark.parametrize("method", ["getRawHeader", "getRawBlock", "getRawReceipts"])
def test_bytes_of_a_block_that_is_not_there_are_an_error(rpc: Any, method: str) -> None:
    """Code -32000; what does not read is -32602."""
    assert rpc.fail(f"debug_{method}", "0xffff")[0] == -32000
    assert rpc.fail(f"debug_{method}", UNKNOWN)[0] == -32000
    assert rpc.fail(f"debug_{method}", "2")[0] == -32602
