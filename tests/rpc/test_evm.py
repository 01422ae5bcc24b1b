"""evm: snapshots, mining, automine, as Anvil and Hardhat answer."""

from typing import Any

import pytest

import devnet.rpc.evm as evm_module

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


def test_snapshots_have_a_number(rpc: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """One more is refused with the remedy, which makes room."""
    monkeypatch.setattr(evm_module, "MAX_SNAPSHOTS", rpc.node.snapshot_count + 2)
    first = rpc("evm_snapshot")
    rpc("evm_snapshot")
    code, message = rpc.fail("evm_snapshot")
    assert (code, "evm_revert to one" in message) == (-32005, True)
    assert rpc("evm_revert", first) is True
    assert isinstance(rpc("evm_snapshot"), str)


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


def read_time(rpc: Any) -> int:
    """Timestamp of the head."""
    return int(rpc("eth_getBlockByNumber", "latest")["timestamp"], 16)


def test_time_is_moved_for_the_next_block(rpc: Any) -> None:
    """By seconds that add up, to a moment, or with the block; then it goes on as before."""
    start = read_time(rpc)
    before = rpc("evm_increaseTime", 0)
    assert rpc("evm_increaseTime", 100) == before + 100
    assert rpc("evm_increaseTime", hex(50)) == before + 150
    rpc("evm_mine")
    assert read_time(rpc) == start + 151
    rpc("evm_mine")
    assert read_time(rpc) == start + 152
    assert rpc("evm_setNextBlockTimestamp", start + 500) is None
    rpc("evm_mine", {"blocks": 2})
    assert read_time(rpc) == start + 501
    assert rpc("evm_setTime", start + 600) == 98
    rpc.send(to=TO)
    assert read_time(rpc) == start + 600
    rpc("evm_mine", start + 700)
    assert read_time(rpc) == start + 700
    rpc("evm_mine", {"timestamp": hex(start + 800), "blocks": 3})
    assert read_time(rpc) == start + 802


def test_a_revert_takes_back_what_was_asked_of_time(rpc: Any) -> None:
    """With the blocks."""
    start, snapshot = read_time(rpc), rpc("evm_snapshot")
    rpc("evm_increaseTime", 1_000)
    rpc("evm_revert", snapshot)
    rpc("evm_mine")
    assert read_time(rpc) == start + 1


def test_time_never_goes_back(rpc: Any) -> None:
    """Nor stands still: a block must be later than its parent."""
    start = read_time(rpc)
    for method in ("evm_setNextBlockTimestamp", "evm_setTime", "evm_mine"):
        code, message = rpc.fail(method, start)
        assert (code, message) == (-32000, f"timestamp {start} is not after the head's {start}")
    assert "too far away" in rpc.fail("evm_increaseTime", 2**63)[1]


def test_without_a_server_an_interval_only_ends_automine(rpc: Any) -> None:
    """Nobody is there who runs a clock; blocks are mined by hand."""
    assert rpc("evm_setIntervalMining", 12) is None
    assert (rpc("anvil_getIntervalMining"), rpc("eth_mining")) == (12, False)
    rpc("anvil_setIntervalMining", 0)
    assert (rpc("anvil_getIntervalMining"), rpc("eth_mining")) == (None, False)


@pytest.mark.parametrize(
    ("method", "params", "message"),
    [
        ("evm_mine", [{"blocks": 0}], "options.blocks is 0, must be 1 to 10000"),
        ("evm_mine", [{"blocks": 10**9}], "must be 1 to 10000"),
        ("evm_mine", [[5]], "options is a list, must be an object"),
        ("evm_mine", ["soon"], 'options.timestamp is "soon"'),
        ("evm_setIntervalMining", [-1], "interval is -1"),
        ("evm_setIntervalMining", [1e9], "seconds from 0 to 86400"),
        ("evm_increaseTime", [-1], "seconds is -1"),
        ("evm_increaseTime", [1.5], "seconds is 1.5"),
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
