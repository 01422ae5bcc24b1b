"""Stake makes power: deposits, withdrawals, and what a set may not become."""

from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from devnet.config import WEI_PER_ETHER
from devnet.consensus.set_change import apply_updates
from devnet.consensus.staking import compute_updates
from devnet.consensus.validator_set import Member, ValidatorSet, compute_set_hash
from tests.contracts.conftest import Stakes, build_stakes

STRANGER = 7  # account without stake


def get_address(stakes: Stakes, index: int) -> bytes:
    """Of an account."""
    return bytes.fromhex(stakes.accounts[index][2:])


def test_genesis_writes_what_the_contract_reads(stakes: Stakes) -> None:
    """Views of the contract, words of its storage and the founding set agree."""
    functions = stakes.contract.functions
    shown = [
        (bytes.fromhex(account[2:]), power) for account, power in functions.validators().call()
    ]
    assert shown == [(m.address, m.power) for m in stakes.founders.members]
    assert stakes.read() == stakes.founders
    assert functions.setHash().call() == compute_set_hash(stakes.founders)
    assert (functions.totalPower().call(), functions.epochs().call()) == (4, 1)
    assert functions.epoch(0).call() == (compute_set_hash(stakes.founders), 0)
    assert functions.terms().call() == (WEI_PER_ETHER, 500, 100, 3, 100_000)
    account = functions.account(stakes.accounts[2]).call()
    assert account == (WEI_PER_ETHER, 0, 0, False, 0, 0, 0)


def test_whoever_deposits_a_unit_joins_last(stakes: Stakes) -> None:
    """A wei less is no power; the set's hash and a new epoch are in storage."""
    stakes.deposit(5, WEI_PER_ETHER - 1)
    assert stakes.read() == stakes.founders
    mined = stakes.deposit(5, 1)
    joined = stakes.read()
    assert joined.members[:4] == stakes.founders.members
    assert joined.members[4:] == (Member(get_address(stakes, 5), 1),)
    functions = stakes.contract.functions
    assert functions.setHash().call() == compute_set_hash(joined)
    assert functions.epoch(1).call() == (compute_set_hash(joined), mined["blockNumber"] + 2)


def test_what_is_withdrawn_loses_its_power_at_once_and_is_paid_later(stakes: Stakes) -> None:
    """Between, `claim` says from which block on."""
    address = stakes.accounts[1]
    mined = stakes.withdraw(1)
    assert [m.address for m in stakes.read().members] == [
        get_address(stakes, index) for index in (0, 2, 3)
    ]
    functions = stakes.contract.functions
    account: Any = functions.account(address).call()
    assert account[1:3] == (WEI_PER_ETHER, mined["blockNumber"] + 3)
    stakes.refuse(functions.claim(), 1, "NotBefore")
    stakes.mine(3)
    before = stakes.w3.eth.get_balance(address)
    paid = stakes.send(functions.claim(), 1)
    fee = paid["gasUsed"] * paid["effectiveGasPrice"]
    assert stakes.w3.eth.get_balance(address) == before + WEI_PER_ETHER - fee
    stakes.refuse(functions.claim(), 1, "NotEnough")


def test_more_than_a_third_of_the_power_does_not_change_at_once() -> None:
    """Neither up nor down; in steps it goes."""
    stakes = build_stakes((4, 1, 1))
    functions = stakes.contract.functions
    first = stakes.accounts[0]
    stakes.refuse(functions.deposit(first), 0, "TooMuchChange", 3 * WEI_PER_ETHER)
    stakes.refuse(functions.withdraw(3 * WEI_PER_ETHER), 0, "TooMuchChange")
    stakes.withdraw(0, 2 * WEI_PER_ETHER)
    stakes.withdraw(0)
    assert [member.power for member in stakes.read().members] == [1, 1, 1]


def test_the_last_member_stays() -> None:
    """Without a set nobody signs a block."""
    stakes = build_stakes((1, 1))
    stakes.withdraw(0)
    stakes.refuse(stakes.contract.functions.withdraw(WEI_PER_ETHER), 1, "LastMember")
    assert [member.address for member in stakes.read().members] == [get_address(stakes, 1)]


def test_a_set_beyond_the_limits_is_refused() -> None:
    """No power above 2**60, nothing for nothing, nothing that is not there."""
    stakes = build_stakes((2**60 // 4,) * 4, unit_wei=1)
    functions = stakes.contract.functions
    stakes.refuse(functions.deposit(stakes.accounts[0]), 0, "TooMuchPower", 1)
    stakes.refuse(functions.deposit(stakes.accounts[0]), 0, "NothingGiven")
    stakes.refuse(functions.withdraw(0), 0, "NothingGiven")
    stakes.refuse(functions.withdraw(1), STRANGER, "NotEnough")
    stakes.refuse(functions.unjail(stakes.accounts[0]), 0, "NotJailed")


class Bank(RuleBasedStateMachine):
    """Random deposits and withdrawals, held against stakes in a dictionary."""

    @initialize(powers=st.lists(st.integers(1, 4), min_size=1, max_size=4))
    def begin(self, powers: list[int]) -> None:
        self.stakes = build_stakes(tuple(powers))
        self.wei = {get_address(self.stakes, i): p * WEI_PER_ETHER for i, p in enumerate(powers)}
        self.members = self.stakes.founders
        self.paid_in = sum(self.wei.values())

    @rule(who=st.integers(0, 5), halves=st.integers(1, 5))
    def deposit(self, who: int, halves: int) -> None:
        amount = halves * WEI_PER_ETHER // 2
        call = self.stakes.contract.functions.deposit(self.stakes.accounts[who])
        if self._expect(who, amount):
            self.stakes.send(call, who, amount)
            self.paid_in += amount
            self._change(who, amount)
        else:
            self.stakes.refuse(call, who, "TooMuchChange", amount)

    @rule(who=st.integers(0, 5), halves=st.integers(1, 5))
    def withdraw(self, who: int, halves: int) -> None:
        amount = halves * WEI_PER_ETHER // 2
        call = self.stakes.contract.functions.withdraw(amount)
        address = get_address(self.stakes, who)
        if amount > self.wei.get(address, 0):
            self.stakes.refuse(call, who, "NotEnough")
        elif self.members.powers.keys() == {address} and self.wei[address] - amount < WEI_PER_ETHER:
            self.stakes.refuse(call, who, "LastMember")
        elif self._expect(who, -amount):
            self.stakes.send(call, who)
            self._change(who, -amount)
        else:
            self.stakes.refuse(call, who, "TooMuchChange")

    @invariant()
    def storage_says_what_the_model_says(self) -> None:
        if not hasattr(self, "stakes"):
            return
        found = self.stakes.read()
        assert found == self.members
        assert self.stakes.contract.functions.setHash().call() == compute_set_hash(found)
        assert self.stakes.contract.functions.totalPower().call() == found.total_power
        assert self.stakes.w3.eth.get_balance(self.stakes.contract.address) == self.paid_in

    def _expect(self, who: int, amount: int) -> bool:
        address = get_address(self.stakes, who)
        wanted = (self.wei.get(address, 0) + amount) // WEI_PER_ETHER
        change = abs(wanted - self.members.get_power(address))
        return change <= max(1, self.members.total_power // 3)

    def _change(self, who: int, amount: int) -> None:
        address = get_address(self.stakes, who)
        self.wei[address] = self.wei.get(address, 0) + amount
        powers = {**dict.fromkeys(self.members.powers, 0), address: 0}
        kept = {a: self.wei[a] // WEI_PER_ETHER for a in powers}
        after = ValidatorSet(tuple(Member(a, power) for a, power in kept.items() if power))
        assert apply_updates(self.members, compute_updates(self.members, after)) == after
        self.members = after


TestBank = pytest.mark.filterwarnings("default")(Bank.TestCase)
TestBank.settings = settings(max_examples=8, stateful_step_count=10, deadline=None)
