"""Prestate tracer: accounts and words as they were before a transaction, or what it changed.

Which ones: sender, recipient, proposer, EIP-7702 authorities, what instructions touch, and where
the code of a delegated account stands. Source: geth's `prestateTracer`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from devnet.chain.tracing.budget import FRAME_BYTES, Budget
from devnet.chain.tracing.event import Begin, Enter, Touch, Tracer
from devnet.chain.tracing.touching import CALLS, SELFDESTRUCT

_DELEGATION = b"\xef\x01\x00"  # EIP-7702; an address follows


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

    def __init__(
        self,
        wants_code: bool = True,
        wants_storage: bool = True,
        budget: Budget | None = None,
    ) -> None:
        self._budget = budget or Budget()
        self._wants_code = wants_code
        self._wants_storage = wants_storage
        self._pre: dict[bytes, AccountState] = {}
        self._post: dict[bytes, AccountState] = {}
        self._deleted: set[bytes] = set()
        self._state: Any = None

    def on_begin(self, event: Begin) -> None:
        target = event.to or event.created
        for address in (event.sender, target, event.coinbase, *event.authorities):
            self._look_up(event.state, address)
        self._state = event.state

    def on_enter(self, event: Enter) -> None:
        if event.depth == 0:  # authorizations of the transaction itself are in force now
            self._look_up_delegate(self._state, event.target)

    def on_touch(self, event: Touch) -> None:
        self._look_up(event.state, event.address)
        if event.code in CALLS:
            self._look_up_delegate(event.state, event.address)
        if event.slot is not None and self._wants_storage:
            words = self._pre[event.address].storage
            if event.slot not in words:
                words[event.slot] = event.state.get_storage(event.address, event.slot)
        if event.code == SELFDESTRUCT:
            self._deleted.add(event.contract)

    def on_end(self, state: Any) -> None:
        for address, before in self._pre.items():
            self._post[address] = AccountState(
                balance=state.get_balance(address),
                nonce=state.get_nonce(address),
                code=state.get_code(address) if self._wants_code else None,
                storage={slot: state.get_storage(address, slot) for slot in before.storage},
                is_empty=state.account_is_empty(address),
            )
        self._deleted = {a for a in self._deleted if not state.account_exists(a)}
        self._state = None

    def list_pairs(self) -> Iterator[tuple[bytes, AccountState, AccountState]]:
        """Every account that was touched, before and after the transaction."""
        for address, before in self._pre.items():
            yield address, before, self._post[address]

    def build_prestate(self, with_empty: bool = False) -> Mapping[bytes, AccountState]:
        """Everything that was touched, as it was; what was empty only if asked for."""
        return {
            address: before
            for address, before in self._pre.items()
            if with_empty or not before.is_empty
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
        return {address: account for address, account in pre.items() if not account.is_empty}, post

    def _is_changed(self, address: bytes, slot: int, word: int) -> bool:
        return self._post[address].storage[slot] != word

    def _look_up(self, state: Any, address: bytes) -> None:
        if address not in self._pre:
            balance, nonce = state.get_balance(address), state.get_nonce(address)
            code = state.get_code(address)
            self._budget.spend(FRAME_BYTES + len(code))
            self._pre[address] = AccountState(
                balance=balance,
                nonce=nonce,
                code=code if self._wants_code else None,
                is_empty=not (balance or nonce or code),
            )

    def _look_up_delegate(self, state: Any, address: bytes) -> None:
        code = state.get_code(address)
        if code.startswith(_DELEGATION):
            self._look_up(state, code[len(_DELEGATION) :])


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
