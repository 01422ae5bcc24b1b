"""The traps of building blocks by hand on py-evm: each is still there, and we do not fall in.

| # | py-evm                                                      | here                           |
|---|-------------------------------------------------------------|--------------------------------|
| 1 | takes fee and nonce before it finds the gas below intrinsic | refused, state as before       |
| 2 | finds the floor of EIP-7623 unpaid while it finalises       | refused, state as before       |
| 3 | takes a tip above the maximum fee, a balance that covers    | refused                        |
|   | less than that fee, a sender with code                      |                                |
| 4 | mines a creation that cannot pay its words (EIP-3860)       | refused                        |
| 5 | deploys no system contracts; keeps warm what was warm       | genesis has them; cold again   |
| 6 | makes an account where a system write finds none            | the same, and the same root    |
| 7 | a path of one byte takes no RLP prefix                      | `test_proof`, `test_trie`      |
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import eth.consensus  # noqa: F401  # py-evm has an import cycle that only this order resolves
import pytest
from eth.exceptions import VMError
from eth.vm.forks.cancun.constants import BEACON_ROOTS_ADDRESS
from eth.vm.forks.prague.constants import HISTORY_STORAGE_ADDRESS
from eth.vm.forks.prague.transactions import PragueTransactionBuilder
from eth_utils.exceptions import ValidationError

from devnet.chain.header import EMPTY_TRIE_ROOT, Header
from devnet.chain.transaction import Transaction
from devnet.chain.world import World
from devnet.errors import BadTransaction, InsufficientFunds, IntrinsicGasTooLow
from precompiles.digest import compute_keccak

if TYPE_CHECKING:
    from benches.stock import StockWorld

    from tests.chain.conftest import Bench

TARGET = b"\xdd" * 20
WORDS = bytes(32) * 1_000  # of code that costs 2,000 gas to bring


@dataclass(frozen=True)
class Trap:
    """A transaction that may not be in a block."""

    fields: dict[str, Any]
    upstream: type[Exception] | None  # what py-evm raises, None if it takes it
    marks: bool  # whether the state has changed by then
    refusal: type[BadTransaction]
    balance: int | None = None  # wei that the sender is left with first
    code: bytes = b""  # of the sender


PRICE = {"maxFeePerGas": 10**9, "maxPriorityFeePerGas": 0}
TRAPS = {
    "1 gas below intrinsic": Trap(
        {"to": TARGET, "gas": 20_999}, ValidationError, True, IntrinsicGasTooLow
    ),
    "2 floor not covered": Trap(
        {"to": TARGET, "data": b"\1" * 1_000, "gas": 40_000, **PRICE},
        ValidationError, True, IntrinsicGasTooLow, 40_000 * 10**9,
    ),
    "3 tip above maximum": Trap(
        {"to": TARGET, "maxFeePerGas": 10**9, "maxPriorityFeePerGas": 10**9 + 1},
        None, True, BadTransaction,
    ),
    "3 balance below maximum": Trap(
        {"to": TARGET, "value": 1, **PRICE, "maxFeePerGas": 10**12, "gas": 21_000},
        None, True, InsufficientFunds, 21_000 * 10**12,
    ),
    "3 sender with code": Trap({"to": TARGET}, None, True, BadTransaction, code=b"\0"),
    "4 creation short of its words": Trap(
        {"data": WORDS, "gas": 53_000 + 4 * len(WORDS)}, None, True, IntrinsicGasTooLow
    ),
}  # fmt: skip


def build(bench: Bench, fields: dict[str, Any]) -> Transaction:
    """The transaction as if decoding had not looked at it."""
    raw = bench.sign(nonce=0, **fields)
    evm = PragueTransactionBuilder.decode(raw)
    return Transaction(raw, compute_keccak(raw), evm.sender, evm)


def prepare(bench: Bench, trap: Trap) -> None:
    """Give the sender the trap's balance and code."""
    state = bench.open()
    sender = bench.accounts[0].address
    if trap.balance is not None:
        state.set_balance(sender, trap.balance)
    if trap.code:
        state.set_code(sender, trap.code)
    state.persist()
    bench.head = bench.genesis = replace(bench.head, state_root=state.state_root)


@pytest.mark.parametrize("name", TRAPS)
def test_trap_is_there_and_costs_nothing(name: str, bench: Bench) -> None:
    """py-evm alone changes the state; a block with it is the block without it."""
    trap = TRAPS[name]
    prepare(bench, trap)
    transaction = build(bench, trap.fields)

    state = bench.world.open(bench.head.state_root, bench.template())
    error: Exception | None = None
    try:
        state.apply_transaction(transaction.evm)
    except (ValidationError, VMError) as raised:
        error = raised
    assert (None if error is None else type(error)) is trap.upstream
    assert (state.make_state_root() != bench.head.state_root) is trap.marks

    with pytest.raises(trap.refusal):
        bench.execute([transaction])
    left: list[Exception] = []
    block = bench.execute([transaction], lambda _, reason: left.append(reason))
    assert [type(reason) for reason in left] == [trap.refusal]
    assert block.hash == bench.execute([]).hash


def test_opening_deploys_nothing_and_genesis_has_it(bench: Bench, world: World) -> None:
    """Trap 5: the code of EIP-4788 and EIP-2935 comes from genesis alone."""
    for address in (BEACON_ROOTS_ADDRESS, HISTORY_STORAGE_ADDRESS):
        assert world.open_empty(bench.template()).get_code(address) == b""
        assert bench.open().get_code(address)
    assert world.open_empty(bench.template()).make_state_root() == EMPTY_TRIE_ROOT


def test_next_transaction_starts_cold(bench: Bench, assemble: Callable[..., bytes]) -> None:
    """Trap 5: the same transaction costs the same twice in a block."""
    state = bench.open()
    state.set_code(TARGET, assemble(0, "SLOAD", "POP", b"\xee" * 20, "BALANCE"))
    state.persist()
    bench.head = replace(bench.head, state_root=state.state_root)
    one, two = bench.run(bench.sign(to=TARGET), bench.sign(to=TARGET)).receipts
    assert one.gas_used == two.gas_used


def test_system_write_without_its_contract_makes_the_account_of_py_evm(
    world: World, make_stock: Callable[[], StockWorld], header: Header
) -> None:
    """Trap 6: raw writes need no code, no transaction and no warmth."""
    states = world.open_empty(header), make_stock().open_empty(header)
    for state in states:
        state.set_storage(BEACON_ROOTS_ADDRESS, 1, 0)
        state.set_storage(HISTORY_STORAGE_ADDRESS, 1, 5)
        assert not state.is_storage_warm(HISTORY_STORAGE_ADDRESS, 1)
        state.persist()
        assert state.account_exists(HISTORY_STORAGE_ADDRESS)
        assert not state.account_exists(BEACON_ROOTS_ADDRESS)
    assert states[0].state_root == states[1].state_root != EMPTY_TRIE_ROOT
