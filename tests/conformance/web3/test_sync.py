"""web3.py's module tests with its blocking client, over HTTP, WebSocket and IPC."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from web3 import Web3
from web3._utils.module_testing.eth_module import EthModuleTest
from web3._utils.module_testing.go_ethereum_debug_module import GoEthereumDebugModuleTest
from web3._utils.module_testing.go_ethereum_txpool_module import GoEthereumTxPoolModuleTest
from web3._utils.module_testing.net_module import NetModuleTest
from web3._utils.module_testing.web3_module import Web3ModuleTest


class TestEth(EthModuleTest):
    pass


class TestNet(NetModuleTest):
    pass


class TestWeb3(Web3ModuleTest):
    def _check_web3_client_version(self, client_version: str) -> None:  # type: ignore[override]
        assert client_version


class TestDebug(GoEthereumDebugModuleTest):
    pass


class TestTxPool(GoEthereumTxPoolModuleTest):
    pass


@pytest.fixture
def skip_if_testrpc() -> Callable[[Web3], None]:
    return lambda _: None


@pytest.fixture
def empty_block(w3: Web3, stage: Any) -> Any:
    return w3.eth.get_block(stage.empty_block)


@pytest.fixture
def block_with_txn(w3: Web3, mined_txn_hash: Any) -> Any:
    return w3.eth.get_block(w3.eth.get_transaction(mined_txn_hash)["blockNumber"])


@pytest.fixture
def block_with_txn_with_log(w3: Web3, txn_hash_with_log: Any) -> Any:
    return w3.eth.get_block(w3.eth.get_transaction(txn_hash_with_log)["blockNumber"])


@pytest.fixture
def emitter_contract(w3: Web3, stage: Any) -> Any:
    return stage.bind(w3, "emitter")


@pytest.fixture
def emitter_contract_address(emitter_contract: Any) -> Any:
    return emitter_contract.address


@pytest.fixture
def math_contract_address(math_contract: Any) -> Any:
    return math_contract.address


@pytest.fixture
def offchain_lookup_contract(w3: Web3, stage: Any) -> Any:
    return stage.bind(w3, "offchain_lookup")


@pytest.fixture
def panic_errors_contract(w3: Web3, stage: Any) -> Any:
    return stage.bind(w3, "panic_errors")


@pytest.fixture
def revert_contract(w3: Web3, stage: Any) -> Any:
    return stage.bind(w3, "revert")


@pytest.fixture
def storage_contract(w3: Web3, stage: Any) -> Any:
    return stage.bind(w3, "storage")
