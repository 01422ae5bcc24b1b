"""Puts our account database under py-evm's state classes, by a fresh subclass.

Checkpoints are positions in one undo log, transient storage included; py-evm keeps one for each
kind of state. What it would do at opening (system contracts) has no effect and is left out.
"""

from typing import Any

from eth_utils.logging import get_extended_debug_logger

from devnet.chain.state.database import AccountDatabase


class DatabaseState:
    """What of py-evm's `BaseState` depends on how state is kept."""

    _account_db: AccountDatabase
    logger = get_extended_debug_logger("eth.vm.state")  # py-evm's looks one up at every use

    def __init__(self, database: AccountDatabase, context: Any) -> None:
        self._db = None
        self.execution_context = context
        self._account_db = database

    def snapshot(self) -> int:
        return self._account_db.record()

    def revert(self, snapshot: int) -> None:
        self._account_db.discard(snapshot)

    def commit(self, snapshot: int) -> None:
        self._account_db.commit(snapshot)

    def has_code_or_nonce(self, address: bytes) -> bool:
        """What py-evm asks before a creation; storage alone is a collision, too."""
        return self._account_db.is_occupied(address)

    def get_transient_storage(self, address: bytes, slot: int) -> bytes:
        return self._account_db.get_transient_storage(address, slot)

    def set_transient_storage(self, address: bytes, slot: int, value: bytes) -> None:
        self._account_db.set_transient_storage(address, slot, value)

    def clear_transient_storage(self) -> None:
        self._account_db.clear_transient_storage()


def bind_database(state_class: type[Any]) -> type[Any]:
    """A state class over our database; it is opened with one and an execution context."""
    return type(state_class.__name__, (DatabaseState, state_class), {})
