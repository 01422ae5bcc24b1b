"""What may not be in a block is refused before it touches state, naming both values."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
import rlp
from hypothesis import given, settings
from hypothesis import strategies as st

from devnet.chain.intrinsic import compute_floor_gas, compute_intrinsic_gas
from devnet.chain.transaction import Transaction, decode_transaction
from devnet.errors import (
    BadTransaction,
    BlockFull,
    ChainError,
    FeeTooLow,
    InsufficientFunds,
    IntrinsicGasTooLow,
    NonceTooHigh,
    NonceTooLow,
)

if TYPE_CHECKING:
    from tests.chain.conftest import Bench

FRESH = bytes.fromhex("f5" * 20)
FUNDS = 10_000 * 10**18
LARGE = b"\x00" * 49_153
SLOT = [{"address": "0x" + "a1" * 20, "storageKeys": ["0x" + "00" * 32]}]
DELEGATE = b"\xef\x01\x00" + FRESH
LIMIT = 20_000_000  # gas of a block
CAP = 1 << 24  # gas of a transaction, EIP-7825

# name, fields of a transaction by account 1, which has nonce 1 and code; error; values in its text
REFUSED: list[tuple[str, dict[str, Any], type[ChainError], tuple[object, ...]]] = [
    ("nonce too low", {"nonce": 0}, NonceTooLow, (1, 0)),
    ("nonce too high", {"nonce": 5}, NonceTooHigh, (1, 5)),
    ("fee below base fee", {"maxFeePerGas": 5, "maxPriorityFeePerGas": 0}, FeeTooLow,
     (5, 875_000_000)),
    ("price below base fee", {"gasPrice": 5}, FeeTooLow, (5, 875_000_000)),
    ("tip above fee", {"maxFeePerGas": 10**9, "maxPriorityFeePerGas": 10**9 + 1}, BadTransaction,
     (10**9, 10**9 + 1)),
    ("one wei short", {"value": FUNDS - 10**15 + 1}, InsufficientFunds, (FUNDS, FUNDS + 1)),
    ("value alone too much", {"value": 2**255}, InsufficientFunds, (FUNDS, 2**255 + 10**15)),
    ("another chain", {"chainId": 1}, BadTransaction, (1, 31337)),
    ("above the block limit", {"gas": LIMIT + 1}, BadTransaction, (LIMIT + 1, LIMIT)),
    ("above the cap, EIP-7825", {"gas": CAP + 1}, BadTransaction, (CAP + 1, CAP)),
    ("does not fit", {"gas": CAP}, BlockFull, (CAP, CAP - 1)),
    ("below intrinsic", {"gas": 20_999}, IntrinsicGasTooLow, (20_999, 21_000)),
    ("below intrinsic, legacy", {"gas": 20_999, "gasPrice": 10**10}, IntrinsicGasTooLow,
     (20_999, 21_000)),
    ("access list not paid", {"gas": 25_299, "accessList": SLOT}, IntrinsicGasTooLow,
     (25_299, 25_300)),
    ("floor not paid, EIP-7623", {"gas": 24_999, "data": b"\x01" * 100}, IntrinsicGasTooLow,
     (24_999, 25_000)),
    ("creation not paid, EIP-3860", {"to": b"", "gas": 53_133, "data": b"\x00" * 33},
     IntrinsicGasTooLow, (53_133, 53_136)),
    ("creation code too long", {"to": b"", "gas": 10**6, "data": LARGE}, BadTransaction,
     (49_153, 49_152)),
]  # fmt: skip


def sign_valid(bench: Bench, count: int) -> list[Transaction]:
    """Transactions of account 0 that use 100,000 gas in all if there are two."""
    return [decode_transaction(bench.sign(to=FRESH, value=n + 1)) for n in range(count)]


@pytest.fixture
def delegated(make_bench: Callable[..., Bench], bench: Bench) -> Bench:
    """A world in which account 1 has nonce 1 and delegated code."""
    return make_bench({bench.accounts[1].address: DELEGATE})


@pytest.mark.parametrize(("fields", "error", "values"), [row[1:] for row in REFUSED],
                         ids=[row[0] for row in REFUSED])  # fmt: skip
def test_refusal_names_both_values_and_leaves_no_trace(
    delegated: Bench,
    assemble: Callable[..., bytes],
    fields: dict[str, Any],
    error: type[ChainError],
    values: tuple[object, ...],
) -> None:
    """A validator raises; a proposer leaves it out and its block is as if it had not been there."""
    bench = delegated
    spare = CAP - 1 if error is BlockFull else LIMIT - 100_000
    burn = decode_transaction(bench.sign(data=b"\xfe", gas=LIMIT - spare))
    after = decode_transaction(bench.sign(to=FRESH, value=1))
    raw = bench.sign(1, **{"to": FRESH, "nonce": 1, **fields})
    with pytest.raises(error) as refusal:
        bench.execute([burn, decode_transaction(raw), after], gas_limit=LIMIT)
    assert type(refusal.value) is error
    for value in values:
        assert str(value) in str(refusal.value)
    if error is IntrinsicGasTooLow:
        return  # refused from the bytes alone: it never comes to a block

    bad = decode_transaction(raw)
    left: list[tuple[bytes, type[Exception]]] = []

    def note(transaction: Transaction, reason: Exception) -> None:
        left.append((transaction.hash, type(reason)))

    block = bench.execute([burn, bad, after], note, gas_limit=LIMIT)
    assert left == [(bad.hash, error)]
    assert block.hash == bench.execute([burn, after], gas_limit=LIMIT).hash


def test_contract_cannot_send(bench: Bench, make_bench: Callable[..., Bench]) -> None:
    """EIP-3607: an account with code has no key; a delegation (EIP-7702) is no such code."""
    sender = bench.accounts[1].address
    raw = bench.sign(1, nonce=1, to=FRESH)
    with pytest.raises(BadTransaction, match=rf"0x{sender.hex()} is a contract \(EIP-3607\)"):
        make_bench({sender: b"\x00"}).run(raw)
    assert make_bench({sender: DELEGATE}).run(raw).receipts[0].succeeded


def test_limits_themselves_are_allowed(delegated: Bench) -> None:
    """The exact intrinsic gas, floor, balance, fee and creation size all pass."""
    bench = delegated
    base_fee = bench.template().base_fee_per_gas
    cases: list[dict[str, Any]] = [
        {"gas": 21_000},
        {"gas": 25_300, "accessList": SLOT},
        {"gas": 25_000, "data": b"\x01" * 100},
        {"gas": 53_136, "to": b"", "data": b"\x00" * 33},
        {"gas": 550_000, "to": b"", "data": LARGE[1:]},
        {"maxFeePerGas": base_fee, "maxPriorityFeePerGas": base_fee},
        {"value": FUNDS - 10**15},
        {"gas": CAP},
    ]
    for fields in cases:
        raw = bench.sign(1, **{"to": FRESH, "nonce": 1, **fields})
        assert bench.execute([decode_transaction(raw)]).receipts[0].succeeded


def test_floor_is_charged_after_the_refund(bench: Bench) -> None:
    """EIP-7623: bytes alone cost ten per token when execution costs less, and gas used says so."""
    data = bytes(100) + b"\x01" * 100
    receipt = bench.run(bench.sign(to=FRESH, data=data)).receipts[0]
    assert receipt.gas_used == compute_floor_gas(data) == 21_000 + 10 * (100 + 400)


def test_set_code_needs_authorisations_and_a_target(bench: Bench) -> None:
    """EIP-7702: an empty list and a creation are refused from the bytes alone."""
    authorisation = [31337, FRESH, 0, 0, 1, 1]
    for to, authorisations in ((FRESH, []), (b"", [authorisation])):
        fields = [31337, 0, 0, 10**10, 10**6, to, 0, b"", [], authorisations, 0, 1, 1]
        with pytest.raises(BadTransaction):
            bench.run(b"\x04" + rlp.encode(fields))


def test_warm_addresses_and_slots_do_not_carry_over(
    make_bench: Callable[..., Bench], assemble: Callable[..., bytes]
) -> None:
    """EIP-2929: each transaction starts cold, after a good one, a failed one and a refused one."""
    toucher = assemble(0, "SLOAD", "POP", FRESH, "BALANCE", "POP", "GAS", 1, "SSTORE")
    bench = make_bench({bytes([0xA1]) * 20: toucher})
    bad = decode_transaction(bench.sign(3, to=bytes([0xA1]) * 20, nonce=9, accessList=SLOT))
    good = [bench.sign(account, to=bytes([0xA1]) * 20) for account in (0, 1, 2)]
    first, second, third = (decode_transaction(raw) for raw in good)
    block = bench.execute([first, bad, second, third], lambda *_: None)
    gas = [receipt.gas_used for receipt in block.receipts]
    assert gas[1] == gas[2]
    assert gas[0] - gas[1] == 20_000 - 100  # the first sets slot 1, the others store the same


@settings(max_examples=50)
@given(
    data=st.binary(max_size=100),
    creates=st.booleans(),
    slots=st.lists(st.integers(0, 3), max_size=3),
)
def test_intrinsic_gas_is_that_of_py_evm_plus_the_creation_words(
    data: bytes, creates: bool, slots: list[int]
) -> None:
    """py-evm charges EIP-3860's words while executing; all else is equal."""
    address = b"" if creates else FRESH
    access = [[FRESH, [bytes(32)] * count] for count in slots]
    raw = b"\x02" + rlp.encode([31337, 0, 0, 1, 10**6, address, 0, data, access, 0, 1, 1])
    evm = decode_transaction(raw).evm
    words = 2 * -(-len(data) // 32) if creates else 0
    assert compute_intrinsic_gas(evm) == evm.intrinsic_gas + words
