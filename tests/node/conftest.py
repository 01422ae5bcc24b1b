"""Nodes with a data directory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.conftest import Driver

Open = Callable[..., "Driver"]


@pytest.fixture
def reopen(start: type[Driver], tmp_path: Path) -> Iterator[Open]:
    """Opens a node on the test's folder, and closes the one that was open before.

    `reopen()` takes the stored configuration, `reopen(seed=1)` gives one.
    """
    from devnet.config import Config, Host
    from devnet.node import Node

    opened: list[Node] = []

    def open_driver(origin: Any = None, **options: Any) -> Driver:
        while opened:
            opened.pop().close()
        config = Config(**options) if options else None
        node = Node(config, Host(data_dir=tmp_path / "data"), origin)
        opened.append(node)
        return start(node=node)

    yield open_driver
    while opened:
        opened.pop().close()
