"""evm: snapshots, mining, automine, as Anvil and Hardhat answer."""

from typing import Any

import pytest

TO = "0x" + "11" * 20


def test_a_snapshot_is_gone_back_to_once(rpc: Any) -> None:
    """True, then false; later snapshots are gone with it."""
    height = rpc("eth_blockNumber")
    first, second = rpc("evm_snapshot"), rpc("evm_snapshot")
    sent = rpc.send(to=TO, value="0x1")["transactionHash"]
    assert rpc("evm_revert", first) is True
    assert rpc("eth_blockNumber") == height
    assert rpc("eth_getTransactionByHash", sent) is None
    assert rpc("eth_getBalance", TO) == "0x0"
    for used in (first, second, "0xffff", 10**6):
        assert rpc("evm_revert", used) is False


def test_blocks_are_mined_on_request(rpc: Any) -> None:
    """One, or as many as asked; empty ones too, one second apart."""
    before = rpc("eth_getBlockByNumber", "latest")
    assert rpc("evm_mine") == "0x0"
    assert rpc("evm_mine", {"blocks": 3}) == rpc("evm_mine", {"blocks": "0x1"}) == "0x0"
    after = rpc("eth_getBlockByNumber", "latest")
    assert int(after["number"], 16) == int(before["number"], 16) + 5
    assert int(after["timestamp"], 16) == int(before["timestamp"], 16) + 5


def test_without_automine_transactions_wait(rpc: Any) -> None:
    """Switched on again, they are mined."""
    assert rpc("eth_mining") is True
    assert rpc("evm_setAutomine", False) is True
    sent = rpc("eth_sendTransaction", {"to": TO})
    assert rpc("eth_getTransactionReceipt", sent) is None
    assert rpc("eth_mining") is False
    rpc("evm_setAutomine", True)
    assert rpc("eth_getTransactionReceipt", sent)["status"] == "0x1"


@pytest.mark.parametrize(
    ("method", "params", "message"),
    [
        ("evm_mine", [{"timestamp": 5}], "timestamp is not supported"),
        ("evm_mine", [{"blocks": 0}], "options.blocks is 0, must be 1 to 10000"),
        ("evm_mine", [{"blocks": 10**9}], "must be 1 to 10000"),
        ("evm_mine", [5], "options is 5, must be an object"),
        ("evm_setAutomine", ["yes"], 'automine is "yes", must be true or false'),
        ("evm_revert", ["one"], 'snapshot is "one"'),
    ],
)
def test_what_cannot_be_done_is_refused(
    rpc: Any, method: str, params: list[Any], message: str
) -> None:
    """With the parameter and what it must be."""
    code, text = rpc.fail(method, *params)
    assert code == -32602
    assert message in text
