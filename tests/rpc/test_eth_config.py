"""eth: configuration of forks (EIP-7910) and what the node keeps."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.conftest import Driver

OSAKA_TIME, BPO1_TIME, BPO2_TIME = 2_000, 3_000, 4_000
GENESIS: dict[str, Any] = {
    "config": {
        "chainId": 4242,
        **dict.fromkeys(("homesteadBlock", "eip150Block", "eip155Block", "eip158Block"), 0),
        **dict.fromkeys(("byzantiumBlock", "constantinopleBlock", "petersburgBlock"), 0),
        **dict.fromkeys(("istanbulBlock", "berlinBlock", "londonBlock"), 0),
        "shanghaiTime": 0,
        "cancunTime": 0,
        "pragueTime": 1_500,
        "osakaTime": OSAKA_TIME,
        "bpo1Time": BPO1_TIME,
        "bpo2Time": BPO2_TIME,
        "terminalTotalDifficulty": 0,
        "depositContractAddress": "0x00000000219ab540356cbb839cbe05303d7705fa",
        "blobSchedule": {
            "cancun": {"target": 3, "max": 6, "baseFeeUpdateFraction": 3338477},
            "prague": {"target": 6, "max": 9, "baseFeeUpdateFraction": 5007716},
            "osaka": {"target": 6, "max": 9, "baseFeeUpdateFraction": 5007716},
            "bpo1": {"target": 10, "max": 15, "baseFeeUpdateFraction": 8346193},
            "bpo2": {"target": 14, "max": 21, "baseFeeUpdateFraction": 11684671},
        },
    },
    "difficulty": "0x0",
    "gasLimit": "0x1c9c380",
    "timestamp": hex(1_600),
}


def compute_checksum(genesis_hash: str, *times: int) -> str:
    """EIP-2124, from its text."""
    parts = b"".join(time.to_bytes(8) for time in times)
    return f"0x{zlib.crc32(bytes.fromhex(genesis_hash[2:]) + parts):08x}"


@pytest.fixture(scope="module")
def outlook(start: Callable[..., Driver]) -> Any:
    """A chain in Prague that knows three forks to come."""
    from devnet.chain.forks.system import SYSTEM_CONTRACTS
    from devnet.chain.genesis_file import parse_genesis
    from devnet.chain.origin import Origin

    codes = SYSTEM_CONTRACTS.items()
    alloc = {a.hex(): {"code": "0x" + c.hex(), "balance": "0x0"} for a, (c, _) in codes}
    genesis = parse_genesis(json.dumps(GENESIS | {"alloc": alloc}))
    return start(validators=1, origin=Origin(genesis)).node


def test_now_next_and_last_are_told_apart(rpc: Any, outlook: Any) -> None:
    """With activation time, blob schedule and the checksum of all forks until then."""
    ask = type(rpc)(outlook)
    found, genesis = ask("eth_config"), ask("eth_getBlockByNumber", "0x0")["hash"]
    assert [found[key]["activationTime"] for key in ("current", "next", "last")] == [
        *(1_500, OSAKA_TIME, BPO2_TIME),
    ]
    assert [found[key]["blobSchedule"]["max"] for key in ("current", "next", "last")] == [9, 9, 21]
    assert found["current"]["forkId"] == compute_checksum(genesis)
    assert found["next"]["forkId"] == compute_checksum(genesis, OSAKA_TIME)
    assert found["last"]["forkId"] == compute_checksum(genesis, OSAKA_TIME, BPO1_TIME, BPO2_TIME)
    assert {config["chainId"] for config in found.values()} == {hex(4242)}


def test_precompiles_and_system_contracts_are_those_of_the_fork(rpc: Any, outlook: Any) -> None:
    """P256VERIFY comes with Osaka; the deposit contract is the chain's own; names are in order."""
    found = type(rpc)(outlook)("eth_config")
    current, upcoming = found["current"], found["next"]
    assert current["precompiles"]["BLS12_MAP_FP2_TO_G2"] == "0x" + "00" * 19 + "11"
    new = upcoming["precompiles"].items() - current["precompiles"].items()
    assert new == {("P256VERIFY", "0x" + "00" * 18 + "0100")}
    deposits = current["systemContracts"]["DEPOSIT_CONTRACT_ADDRESS"]
    assert deposits == GENESIS["config"]["depositContractAddress"]
    for named in (current["precompiles"], current["systemContracts"]):
        assert list(named) == sorted(named)


def test_our_precompiles_are_named_where_blocks_have_them(rpc: Any, outlook: Any) -> None:
    """A chain of our own from block 0, an imported one when it is gone on with."""
    assert rpc("eth_config")["current"]["precompiles"]["IInference"] == "0x" + "00" * 19 + "f7"
    imported = type(rpc)(outlook)
    assert "IInference" not in imported("eth_config")["current"]["precompiles"]
    before = outlook.snapshot()
    outlook.mine()
    assert "IInference" in imported("eth_config")["current"]["precompiles"]
    outlook.revert(before)


def test_a_chain_of_one_fork_has_no_next(rpc: Any) -> None:
    """Null, as EIP-7910 says."""
    found = rpc("eth_config")
    assert (found["next"], found["last"]) == (None, None)
    assert found["current"]["activationTime"] == 0


def test_everything_is_kept_since_block_0(rpc: Any) -> None:
    """And the head is named."""
    found = rpc("eth_capabilities")
    head = rpc("eth_getBlockByNumber", "latest")
    assert found.pop("head") == {"number": head["number"], "hash": head["hash"]}
    assert set(found) == {"state", "tx", "logs", "receipts", "blocks", "stateproofs"}
    assert all(kept == {"disabled": False, "oldestBlock": "0x0"} for kept in found.values())
