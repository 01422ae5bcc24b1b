"""eth: what gas costs."""

from typing import Any

import pytest

GWEI = 10**9
TO = "0x" + "11" * 20


def test_the_gas_price_is_the_next_base_fee_and_the_tip(rpc: Any) -> None:
    """A transaction at that price is mined."""
    price = rpc("eth_gasPrice")
    assert int(price, 16) == rpc.node.next_base_fee + int(rpc("eth_maxPriorityFeePerGas"), 16)
    assert rpc.send(to=TO, gasPrice=price)["status"] == "0x1"
    assert rpc("eth_blobBaseFee") == "0x1"


def test_the_history_ends_with_the_next_base_fee(rpc: Any) -> None:
    """One more base fee than blocks; blocks before the first are left out."""
    for _ in range(3):
        rpc.send(to=TO)
    head = int(rpc("eth_blockNumber"), 16)
    history = rpc("eth_feeHistory", "0x2", "latest", [])
    fees = [rpc("eth_getBlockByNumber", hex(n))["baseFeePerGas"] for n in (head - 1, head)]
    assert history["oldestBlock"] == hex(head - 1)
    assert history["baseFeePerGas"] == [*fees, hex(rpc.node.next_base_fee)]
    assert history["gasUsedRatio"] == [21_000 / 30_000_000] * 2
    assert len(history["baseFeePerBlobGas"]) == 3
    assert "reward" not in history
    assert len(rpc("eth_feeHistory", 9_999, "latest")["gasUsedRatio"]) == head + 1
    assert rpc("eth_feeHistory", "0x1", "0x0")["baseFeePerGas"][0] == hex(GWEI)
    assert rpc("eth_feeHistory", "0x0", "latest")["gasUsedRatio"] == []


def test_rewards_are_the_tips_at_percentiles_of_the_gas(rpc: Any) -> None:
    """Three transfers of equal gas with tips 1, 2 and 3 gwei; an empty block rewards nobody."""
    rpc("evm_setAutomine", False)
    for account, tip in enumerate((3, 1, 2)):
        fees = {"maxPriorityFeePerGas": hex(tip * GWEI), "maxFeePerGas": hex(9 * GWEI)}
        rpc("eth_sendTransaction", {"from": rpc.accounts[account], "to": TO, **fees})
    rpc("evm_mine", {"blocks": 2})
    history = rpc("eth_feeHistory", "0x2", "latest", [0, 33, 34, 50, 66.6, 67, 100])
    tips = [[int(tip, 16) // GWEI for tip in block] for block in history["reward"]]
    assert tips == [[1, 1, 2, 2, 2, 3, 3], [0] * 7]


@pytest.mark.parametrize(
    ("params", "message"),
    [
        (["0x1", "latest", [50, 10]], "rewardPercentiles[1] is 10, below the one before"),
        (["0x1", "latest", [101]], "rewardPercentiles[0] is 101, must be a number from 0 to 100"),
        (["0x1", "latest", ["5"]], "rewardPercentiles[0]"),
        (["0x1", "latest", [0] * 101], "at most 100"),
        (["one", "latest"], "blockCount is"),
        (["0x1", "0xffff"], "no block 0xffff"),
    ],
)
def test_a_history_that_cannot_be_is_refused(rpc: Any, params: list[Any], message: str) -> None:
    """Percentiles are numbers in order; the newest block exists."""
    assert message in rpc.fail("eth_feeHistory", *params)[1]
