"""Accounts that a chain of ours has from its first block on: contracts with storage, balances."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Predeploy:
    """One account."""

    address: bytes
    balance_wei: int = 0  # on top of what is there
    code: bytes = b""
    storage: Mapping[int, int] = field(default_factory=dict)  # word by slot


def place_predeploys(state: Any, predeploys: Iterable[Predeploy]) -> None:
    """Write them into a state."""
    for account in predeploys:
        balance = state.get_balance(account.address)
        state.set_balance(account.address, balance + account.balance_wei)
        if account.code:
            state.set_code(account.address, account.code)
            state.set_nonce(account.address, 1)
        for slot, word in account.storage.items():
            state.set_storage(account.address, slot, word)
