"""What may wait: the rules of the chain and those among what waits, in geth's words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from eth_account import Account

from devnet.chain.pool.admission import admit
from devnet.chain.pool.delegation import recover_authorities
from devnet.chain.pool.pool import Pool
from devnet.chain.transaction import decode_transaction
from devnet.errors import BadTransaction, ChainError, FeeTooLow, InsufficientFunds, NotNow

if TYPE_CHECKING:
    from tests.chain.conftest import Bench

FRESH = bytes.fromhex("f5" * 20)
TARGET = bytes.fromhex("a1" * 20)
FUNDS = 10_000 * 10**18
FEE = 10**10  # wei per gas, as the bench signs
DELEGATED = b"\xef\x01\x00" + TARGET


class Door:
    """A pool in front of a bench's head."""

    def __init__(self, bench: Bench) -> None:
        self.bench, self.pool = bench, Pool()

    def send(self, account: int = 0, at_once: bool = False, **fields: Any) -> None:
        """Sign and try to have it admitted."""
        raw = self.bench.sign(account, **{"to": FRESH, "gas": 21_000, **fields})
        self.send_raw(raw, at_once)

    def send_raw(self, raw: bytes, at_once: bool = False) -> None:
        """Try to have bytes admitted."""
        header = self.bench.template()
        rules = self.bench.world.schedule.find_rules(header)
        admit(self.pool, decode_transaction(raw), self.bench.open(), header, rules, at_once)


@pytest.fixture
def door(bench: Bench) -> Door:
    """At a chain on which nobody has sent."""
    return Door(bench)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"value": FUNDS}, "insufficient funds for gas * price + value: balance"),
        ({"gas": 20_999}, "intrinsic gas too low: have 20999, want 21000"),
        ({"gas": 30_000_001}, "exceeds block gas limit"),
        ({"gas": 2**24 + 1}, "transaction gas limit too high"),
        ({"chainId": 5}, "invalid chain id for signer: have 5 want 31337"),
        ({"nonce": 2**64 - 1}, "nonce has max value: 18446744073709551615"),
        ({"maxPriorityFeePerGas": FEE + 1}, "max priority fee per gas higher than max fee per gas"),
        ({"to": b"", "data": bytes(49_153), "gas": 10**6}, "max initcode size exceeded"),
    ],
)
def test_what_no_block_can_hold_does_not_wait(
    door: Door, fields: dict[str, Any], words: str
) -> None:
    """Refused on arrival, and the pool stays empty."""
    with pytest.raises(ChainError, match=r"^" + words.replace("*", r"\*").replace("+", r"\+")):
        door.send(**{"maxFeePerGas": FEE, "maxPriorityFeePerGas": 1, **fields})
    assert len(door.pool) == 0


def test_used_nonces_and_contracts_are_turned_away(
    door: Door, make_bench: Callable[..., Bench], bench: Bench
) -> None:
    """The account has gone on, or has no key (EIP-3607)."""
    bench.run(bench.sign(to=FRESH))
    with pytest.raises(BadTransaction, match=r"^nonce too low: next nonce 1, tx nonce 0"):
        door.send(nonce=0)
    contract = Door(make_bench({bench.accounts[1].address: b"\x00"}))
    with pytest.raises(BadTransaction, match=r"^sender not an eoa: .*EIP-3607"):
        contract.send(1, nonce=1)


def test_the_same_bytes_are_known(door: Door, bench: Bench) -> None:
    """That is said before anything else."""
    raw = bench.sign(to=FRESH, value=FUNDS - FEE * 100_000)
    door.send_raw(raw)
    with pytest.raises(BadTransaction, match=r"^already known"):
        door.send_raw(raw)


def test_the_price_is_asked_for_only_if_a_block_comes_at_once(door: Door) -> None:
    """Else it waits for a cheaper block."""
    cheap: dict[str, Any] = {"maxFeePerGas": 5, "maxPriorityFeePerGas": 0}
    with pytest.raises(
        FeeTooLow, match=r"^max fee per gas less than block base fee: maxFeePerGas 5"
    ):
        door.send(at_once=True, nonce=0, **cheap)
    door.send(nonce=0, **cheap)
    assert len(door.pool) == 1


def test_a_run_of_transactions_is_paid_for_together(door: Door) -> None:
    """To the last wei; what is behind a gap is not counted, and a replacement counts once."""
    gas = 21_000 * FEE
    half = FUNDS // 2 - gas
    door.send(nonce=0, value=half)
    door.send(nonce=7, value=half)
    door.send(nonce=1, value=half)
    with pytest.raises(InsufficientFunds, match=f"queued cost {FUNDS}, tx cost {gas}, overshot"):
        door.send(nonce=2)
    bump: dict[str, Any] = {"maxFeePerGas": 2 * FEE, "maxPriorityFeePerGas": 2 * 10**9}
    with pytest.raises(InsufficientFunds, match=f"tx cost {gas}, overshot {gas}$"):
        door.send(nonce=1, value=half, **bump)
    door.send(nonce=1, value=half - gas, **bump)
    assert len(door.pool) == 3


def authorize(bench: Bench, account: int, nonce: int) -> Any:
    """A signed authorization of an account to run another one's code."""
    fields = {"chainId": 31337, "address": TARGET, "nonce": nonce}
    return Account.sign_authorization(fields, bench.accounts[account].key)


def test_a_delegated_account_has_one_in_flight(
    make_bench: Callable[..., Bench], bench: Bench
) -> None:
    """Its code may spend what later ones count on; a replacement is no second one."""
    door = Door(make_bench({bench.accounts[1].address: DELEGATED}))
    with pytest.raises(NotNow, match=r"^gapped-nonce tx from delegated accounts: next nonce 1, tx"):
        door.send(1, nonce=2)
    door.send(1, nonce=1)
    with pytest.raises(
        NotNow, match=r"^in-flight transaction limit reached for delegated accounts"
    ):
        door.send(1, nonce=2)
    door.send(1, nonce=1, maxFeePerGas=2 * FEE, maxPriorityFeePerGas=2 * 10**9)
    door.send(0, nonce=0)
    door.send(0, nonce=1)
    assert len(door.pool) == 3


def test_a_waiting_delegation_counts_as_one(door: Door, bench: Bench) -> None:
    """And it does not come while its authority has more than one in flight."""
    signed = authorize(bench, 1, 0)
    door.send(0, gas=100_000, authorizationList=[signed])
    assert recover_authorities(door.pool.all()[0]) == (bench.accounts[1].address,)
    door.send(1, nonce=0)
    with pytest.raises(NotNow, match=r"^in-flight transaction limit reached"):
        door.send(1, nonce=1)
    door.send(2, nonce=0)
    door.send(2, nonce=1)
    with pytest.raises(
        NotNow, match=rf"^authority already reserved: 0x{bench.accounts[2].address.hex()}"
    ):
        door.send(3, nonce=0, gas=100_000, authorizationList=[authorize(bench, 2, 0)])
    door.pool.discard(door.pool.all()[0])
    door.send(1, nonce=1)


def test_an_authorization_that_nobody_signed_delegates_nobody(door: Door, bench: Bench) -> None:
    """It is passed over, as when it is executed; the one beside it counts."""
    good = authorize(bench, 1, 0)
    door.send(0, gas=100_000, authorizationList=[good])
    evm = door.pool.all()[0].evm
    (given,) = evm.authorization_list
    fields = ("chain_id", "address", "nonce", "y_parity", "r", "s")
    broken = SimpleNamespace(**{name: getattr(given, name) for name in fields} | {"r": 0})
    both = replace(door.pool.all()[0], evm=SimpleNamespace(authorization_list=[broken, given]))
    assert recover_authorities(both) == (bench.accounts[1].address,)
