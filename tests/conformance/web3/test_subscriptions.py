"""web3.py's tests of providers that keep a connection: subscriptions over WebSocket and IPC.

They wait for new blocks without sending anything: the node makes some by itself. A test that waits
for what does not come waits for ever.
"""

from __future__ import annotations

from typing import Any

import pytest
from web3._utils.module_testing.persistent_connection_provider import (
    PersistentConnectionProviderTest,
)

from tests.conformance.web3.conftest import SLOW_IPC

pytestmark = pytest.mark.timeout(60)


class TestPersistentConnection(PersistentConnectionProviderTest):
    pass


@pytest.fixture(scope="module", params=["ws", SLOW_IPC])
def transport(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def flags() -> tuple[str, ...]:
    return ("--block-time", "0.5")


@pytest.fixture
def async_emitter_contract(async_w3: Any, stage: Any) -> Any:
    return stage.bind(async_w3, "emitter")
