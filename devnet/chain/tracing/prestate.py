"""Prestate tracer: accounts and words as they were before a transaction, or what it changed.

Which ones: sender, recipient, proposer, EIP-7702 authorities, and what instructions touch.
Source: geth's `prestateTracer`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from devnet.chain.tracing.event import Begin, Touch, Tracer
from devnet.chain.tracing.touching import CREATE, CREATE2, SELFDESTRUCT


@dataclass(slots=True)
class AccountState:
    """What a trace says of an account; None where it says nothing."""

    balance: int | None = None
    nonce: int | None = None
    code: bytes | None = None
    storage: dict[int, int] = field(default_factory=dict)
    is_empty: bool = False  # no balance, nonce or code


class PrestateTracer(Tracer):
    """Collects the state before; `build_diff` compares it with the state after."""

    wants_touches = True

    def __init__(self) -> None:
        self._pre: dict[bytes, AccountState] = {}
        self._post: dict[bytes, AccountState] = {}
        self._created: set[bytes] = set()
        self._deleted: set[bytes] = set()

    def on_begin(self, event: Begin) -> None:
        if event.to is None:
            self._created.add(event.created)
        accounts = (event.sender, event.to or event.created, event.coinbase)
        for address in (*accounts, *event.authorities):
            self._look_up(event.state, address)

    def on_touch(self, event: Touch) -> None:
        self._look_up(event.state, event.address)
        if event.slot is not None:
            words = self._pre[event.address].storage
            if event.slot not in words:
                words[event.slot] = event.state.get_storage(event.address, event.slot)
        if event.code in (CREATE, CREATE2):
            self._created.add(event.address)
        if event.code == SELFDESTRUCT:
            self._deleted.add(event.contract)

    def on_end(self, state: Any) -> None:
        for address, before in self._pre.items():
            self._post[address] = AccountState(
                balance=state.get_balance(address),
                nonce=state.get_nonce(address),
                code=state.get_code(address),
                storage={slot: state.get_storage(address, slot) for slot in before.storage},
                is_empty=state.account_is_empty(address),
            )
        self._deleted = {a for a in self._deleted if not state.account_exists(a)}

    def list_pairs(self) -> Iterator[tuple[bytes, AccountState, AccountState]]:
        """Every account that was touched, before and after the transaction."""
        for address, before in self._pre.items():
            yield address, before, self._post[address]

    def build_prestate(self) -> Mapping[bytes, AccountState]:
        """Everything that was touched, as it was; contracts that came to be are left out."""
        return {
            address: before
            for address, before in self._pre.items()
            if not (address in self._created and before.is_empty)
        }

    def build_diff(
        self,
    ) -> tuple[Mapping[bytes, AccountState], Mapping[bytes, AccountState]]:
        """Accounts that changed before, and what of them is different after."""
        pre: dict[bytes, AccountState] = {}
        post: dict[bytes, AccountState] = {}
        for address, before in self._pre.items():
            if address in self._deleted:
                before.storage = {slot: word for slot, word in before.storage.items() if word}
                pre[address] = before
                continue
            after = _compare(before, self._post[address])
            if after is None:
                continue
            changed = {s: w for s, w in before.storage.items() if self._is_changed(address, s, w)}
            pre[address] = AccountState(
                before.balance,
                before.nonce,
                before.code,
                {slot: word for slot, word in changed.items() if word},
                before.is_empty,
            )
            post[address] = after
        for address in self._created:
            if address in pre and pre[address].is_empty:
                del pre[address]
        return pre, post

    def _is_changed(self, address: bytes, slot: int, word: int) -> bool:
        return self._post[address].storage[slot] != word

    def _look_up(self, state: Any, address: bytes) -> None:
        if address not in self._pre:
            account = AccountState(
                balance=state.get_balance(address),
                nonce=state.get_nonce(address),
                code=state.get_code(address),
            )
            account.is_empty = not (account.balance or account.nonce or account.code)
            self._pre[address] = account


def _compare(before: AccountState, after: AccountState) -> AccountState | None:
    """What is different after, or nothing if nothing is."""
    storage = {slot: word for slot, word in after.storage.items() if word != before.storage[slot]}
    found = AccountState(
        balance=after.balance if after.balance != before.balance else None,
        nonce=after.nonce if after.nonce != before.nonce else None,
        code=after.code if after.code != before.code else None,
        storage={slot: word for slot, word in storage.items() if word},
    )
    fields = (found.balance, found.nonce, found.code)
    return None if not storage and all(field is None for field in fields) else found
