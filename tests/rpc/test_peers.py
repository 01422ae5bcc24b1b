"""Which methods other nodes answer and whether we do: the table in the README."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from devnet.rpc.methods import build_methods

ROOT = Path(__file__).parents[2]
README = ROOT / "devnet" / "rpc" / "README.md"
NODES = ("anvil", "hardhat", "geth", "devnet")
COMMON = ("eth", "net", "web3", "rpc", "txpool", "debug", "trace", "ots")
WALLETS = """
web3_clientVersion web3_sha3 net_version net_listening net_peerCount rpc_modules eth_chainId
eth_syncing eth_protocolVersion eth_accounts eth_requestAccounts eth_coinbase eth_mining
eth_hashrate eth_blockNumber eth_gasPrice eth_maxPriorityFeePerGas eth_feeHistory eth_blobBaseFee
eth_baseFee eth_getBalance eth_getCode eth_getStorageAt eth_getTransactionCount eth_getProof
eth_getBlockByHash eth_getBlockByNumber eth_getHeaderByHash eth_getHeaderByNumber
eth_getBlockReceipts eth_getBlockTransactionCountByHash eth_getBlockTransactionCountByNumber
eth_getUncleCountByBlockHash eth_getUncleCountByBlockNumber eth_getUncleByBlockHashAndIndex
eth_getUncleByBlockNumberAndIndex eth_getTransactionByHash eth_getTransactionByBlockHashAndIndex
eth_getTransactionByBlockNumberAndIndex eth_getRawTransactionByHash
eth_getRawTransactionByBlockHashAndIndex eth_getRawTransactionByBlockNumberAndIndex
eth_getTransactionReceipt eth_call eth_estimateGas eth_createAccessList eth_sendTransaction
eth_sendRawTransaction eth_signTransaction eth_fillTransaction eth_sign personal_sign
eth_signTypedData eth_signTypedData_v3 eth_signTypedData_v4 eth_pendingTransactions eth_newFilter
eth_newBlockFilter eth_newPendingTransactionFilter eth_getFilterChanges eth_getFilterLogs
eth_uninstallFilter eth_getLogs eth_subscribe eth_unsubscribe eth_config
"""  # what wallets and libraries cannot do without
TOOLS = """
txpool_status txpool_content txpool_contentFrom txpool_inspect debug_traceTransaction
debug_traceCall debug_traceBlock debug_traceBlockByNumber debug_traceBlockByHash debug_getRawBlock
debug_getRawHeader debug_getRawReceipts debug_getRawTransaction eth_simulateV1 trace_block
trace_transaction trace_call trace_filter trace_replayTransaction ots_getApiLevel
ots_getBlockDetails ots_getBlockDetailsByHash ots_getBlockTransactions ots_getContractCreator
ots_getInternalOperations ots_getTransactionBySenderAndNonce ots_getTransactionError ots_hasCode
ots_searchTransactionsAfter ots_searchTransactionsBefore ots_traceTransaction
erigon_getHeaderByNumber eth_sendRawTransactionSync testing_buildBlockV1 eth_getStorageValues
eth_capabilities
"""  # what explorers, indexers and debuggers use


@pytest.fixture(scope="module")
def table() -> dict[str, set[str]]:
    """Methods by the nodes that the README ticks."""
    found: dict[str, set[str]] = {node: set() for node in NODES}
    for line in README.read_text("utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| ") and len(cells) == 2 + len(NODES) and cells[0] != "namespace":
            names = re.findall(r"`(\w+)`", cells[-1])
            assert all(name.startswith(cells[0] + "_") for name in names)
            for node, tick in zip(NODES, cells[1:-1], strict=True):
                found[node].update(names if tick == "✓" else [])
    return found


def test_the_readme_holds_the_table_as_generated() -> None:
    """`scripts/write_method_table --check` finds no difference."""
    script = ROOT / "scripts" / "write_method_table"
    done = subprocess.run([sys.executable, script, "--check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_what_is_ticked_is_answered_and_nothing_else(rpc: Any, table: dict[str, set[str]]) -> None:
    """A name of a peer that we do not answer is no method here, and says so."""
    assert table["devnet"] == set(build_methods(rpc.node))
    missing = set().union(*table.values()) - table["devnet"]
    assert missing
    for name in sorted(missing):
        code, message = rpc.fail(name)
        assert code == -32601
        assert message.startswith(f"the method {name} does not exist/is not available")


def test_what_geth_anvil_and_hardhat_share_is_answered(table: dict[str, set[str]]) -> None:
    """In the namespaces that all the world uses."""
    shared = table["geth"] & table["anvil"] & table["hardhat"]
    assert len(shared) > 30
    assert {name for name in shared if name.partition("_")[0] in COMMON} <= table["devnet"]


@pytest.mark.parametrize("names", [WALLETS, TOOLS], ids=["wallets", "tools"])
def test_what_clients_cannot_do_without_is_answered(names: str, table: dict[str, set[str]]) -> None:
    """Some of it no peer has, all of it somebody asks for."""
    assert set(names.split()) <= table["devnet"]
