"""web3.py's module tests with its asynchronous client, over HTTP, WebSocket and IPC."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import pytest_asyncio
from web3 import AsyncWeb3
from web3._utils.module_testing.eth_module import AsyncEthModuleTest
from web3._utils.module_testing.go_ethereum_debug_module import GoEthereumAsyncDebugModuleTest
from web3._utils.module_testing.go_ethereum_txpool_module import GoEthereumAsyncTxPoolModuleTest
from web3._utils.module_testing.net_module import AsyncNetModuleTest
from web3._utils.module_testing.web3_module import AsyncWeb3ModuleTest


class TestEth(AsyncEthModuleTest):
    pass


class TestNet(AsyncNetModuleTest):
    pass


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # not awaited there
class TestWeb3(AsyncWeb3ModuleTest):
    def _check_web3_client_version(self, client_version: str) -> None:  # type: ignore[override]
        assert client_version


class TestDebug(GoEthereumAsyncDebugModuleTest):
    pass


class TestTxPool(GoEthereumAsyncTxPoolModuleTest):
    pass


@pytest.fixture
def async_skip_if_testrpc() -> Callable[[AsyncWeb3[Any]], None]:
    return lambda _: None


@pytest.fixture
def async_keyfile_account_address(keyfile_account_address: str) -> str:
    return keyfile_account_address


@pytest.fixture
def async_keyfile_account_address_dual_type(keyfile_account_address: str) -> str:
    return keyfile_account_address


@pytest_asyncio.fixture
async def async_empty_block(async_w3: Any, stage: Any) -> Any:
    return await async_w3.eth.get_block(stage.empty_block)


@pytest_asyncio.fixture
async def async_block_with_txn(async_w3: Any, mined_txn_hash: Any) -> Any:
    transaction = await async_w3.eth.get_transaction(mined_txn_hash)
    return await async_w3.eth.get_block(transaction["blockNumber"])


@pytest_asyncio.fixture
async def async_block_with_txn_with_log(async_w3: Any, txn_hash_with_log: Any) -> Any:
    transaction = await async_w3.eth.get_transaction(txn_hash_with_log)
    return await async_w3.eth.get_block(transaction["blockNumber"])


@pytest.fixture
def async_emitter_contract(async_w3: Any, stage: Any) -> Any:
    return stage.bind(async_w3, "emitter")


@pytest.fixture
def async_emitter_contract_address(async_emitter_contract: Any) -> Any:
    return async_emitter_contract.address


@pytest.fixture
def async_math_contract(async_w3: Any, stage: Any) -> Any:
    return stage.bind(async_w3, "math")


@pytest.fixture
def async_math_contract_address(async_math_contract: Any) -> Any:
    return async_math_contract.address


@pytest.fixture
def async_offchain_lookup_contract(async_w3: Any, stage: Any) -> Any:
    return stage.bind(async_w3, "offchain_lookup")


@pytest.fixture
def async_panic_errors_contract(async_w3: Any, stage: Any) -> Any:
    return stage.bind(async_w3, "panic_errors")


@pytest.fixture
def async_revert_contract(async_w3: Any, stage: Any) -> Any:
    return stage.bind(async_w3, "revert")


@pytest.fixture
def async_storage_contract(async_w3: Any, stage: Any) -> Any:
    return stage.bind(async_w3, "storage")
