"""Storage of one block's state, for what the precompiles keep there."""

from typing import Any


class StateReader:
    """What `precompiles.interface.StorageReader` asks for, on a state of the chain."""

    def __init__(self, state: Any) -> None:
        self._state = state

    def load(self, address: bytes, slot: int) -> int:
        value: int = self._state.get_storage(address, slot)
        return value
