"""Evidence, slashing, jail and the way out of it, in any order with deposits and withdrawals."""

from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from devnet.config import WEI_PER_ETHER
from devnet.consensus.blame.evidence import Amnesia
from devnet.consensus.participation.signing import KeySigner
from devnet.consensus.staking import Misbehaviour
from devnet.consensus.tendermint.duplicate import DuplicateProposal, DuplicateVote
from devnet.consensus.tendermint.message import Precommit, Prevote, Proposal
from devnet.consensus.validator_set import Member, ValidatorSet, compute_set_hash
from devnet.validators.accusation import Proof, encode_accusation
from tests.contracts.conftest import build_stakes

JAIL_BLOCKS, UNBONDING_BLOCKS, MAX_AGE = 3, 2, 6
A, B = b"\xaa" * 32, b"\xbb" * 32
KINDS = (Misbehaviour.DUPLICATE_VOTE, Misbehaviour.DUPLICATE_PROPOSAL, Misbehaviour.AMNESIA)
WHO = st.integers(0, 4)


@dataclass(slots=True)
class Known:
    """What the model holds of one account."""

    wei: int = 0
    unbonding: int = 0
    slashed: int = 0
    jailed_until: int = 0  # not in jail if zero


class Court(RuleBasedStateMachine):
    """The contract against a model of it: accounts in a dictionary, sets by block."""

    @initialize(powers=st.lists(st.integers(1, 3), min_size=2, max_size=4))
    def begin(self, powers: list[int]) -> None:
        self.stakes = build_stakes(
            tuple(powers),
            max_evidence_age=MAX_AGE,
            jail_blocks=JAIL_BLOCKS,
            unbonding_blocks=UNBONDING_BLOCKS,
        )
        backend: Any = self.stakes.w3.provider.ethereum_tester.backend  # type: ignore[attr-defined]
        self.keys = [key.to_bytes() for key in backend.account_keys]
        self.known = {index: Known() for index in range(5)}
        for index, power in enumerate(powers):
            self.known[index].wei = power * WEI_PER_ETHER
        self.members = self.stakes.founders
        self.hashes = {0: compute_set_hash(self.members)}  # by first height
        self.punished: dict[tuple[int, int, Misbehaviour], None] = {}
        self.balance = sum(known.wei for known in self.known.values())

    @rule(who=WHO, what=st.sampled_from(KINDS), age=st.integers(1, MAX_AGE + 2))
    def report(self, who: int, what: Misbehaviour, age: int) -> None:
        """True evidence against somebody, of a height so many blocks ago."""
        height = max(0, self._next - age)
        data = self._accuse(who, what, height)
        known = self.known[who]
        if self._next - height == MAX_AGE + 1:
            return  # in time for a call, which is of the block before, not for a transaction
        if self._next - height > MAX_AGE:
            self.stakes.refuse_data(data, "TooOld")
        elif (who, height, what) in self.punished:
            self.stakes.refuse_data(data, "AlreadyPunished")
        elif known.wei + known.unbonding == 0:
            self.stakes.refuse_data(data, "NotAValidator")
        else:
            number = self.stakes.send_data(data)["blockNumber"]
            lost, unbonding = known.wei // 20, known.unbonding // 20
            known.wei, known.unbonding = known.wei - lost, known.unbonding - unbonding
            known.slashed += lost + unbonding
            known.jailed_until = number + JAIL_BLOCKS
            self.punished[who, height, what] = None
            if len(self.members.members) > 1:  # the last one stays: without a set nobody signs
                self._set_power(who, 0, number)

    @rule(who=WHO)
    def unjail(self, who: int) -> None:
        call = self.stakes.contract.functions.unjail(self.stakes.accounts[who])
        known, power = self.known[who], self._compute_power(who)
        if not known.jailed_until:
            self.stakes.refuse(call, who, "NotJailed")
        elif self._next < known.jailed_until:
            self.stakes.refuse(call, who, "NotBefore")
        elif power == self._get_power(who) or not (
            self._is_too_much(who, power) or (not power and self._is_last(who))
        ):
            number = self.stakes.send(call, who)["blockNumber"]
            known.jailed_until = 0
            self._set_power(who, power, number)
        elif self._next > known.jailed_until:  # a call is of the block before
            last = not power and self._is_last(who)
            self.stakes.refuse(call, who, "LastMember" if last else "TooMuchChange")

    @rule(who=WHO, halves=st.integers(1, 4))
    def deposit(self, who: int, halves: int) -> None:
        """In jail it is stake without power."""
        self._move(who, halves * WEI_PER_ETHER // 2)

    @rule(who=WHO, halves=st.integers(1, 4))
    def withdraw(self, who: int, halves: int) -> None:
        """Out of jail or in it; what is under way can still be slashed."""
        self._move(who, -halves * WEI_PER_ETHER // 2)

    @rule(count=st.integers(1, 3))
    def wait(self, count: int) -> None:
        self.stakes.mine(count)

    @invariant()
    def state_is_that_of_the_model(self) -> None:
        if not hasattr(self, "stakes"):
            return
        assert self.stakes.read() == self.members
        functions = self.stakes.contract.functions
        assert functions.setHash().call() == compute_set_hash(self.members)
        assert self.stakes.w3.eth.get_balance(self.stakes.contract.address) == self.balance
        for index, known in self.known.items():
            account: Any = functions.account(self.stakes.accounts[index]).call()
            stake, unbonding, _, is_jailed, _, _, slashed = account
            assert (stake, unbonding, slashed) == (known.wei, known.unbonding, known.slashed)
            assert is_jailed is (known.jailed_until > 0)

    @property
    def _next(self) -> int:
        """Number of the block that a transaction comes into."""
        return int(self.stakes.w3.eth.block_number) + 1

    def _accuse(self, who: int, what: Misbehaviour, height: int) -> bytes:
        known = max(first for first in self.hashes if first <= height)
        set_hash, address = self.hashes[known], self._address(who)
        signer = KeySigner(self.keys[who], self.stakes.w3.eth.chain_id, lambda _: set_hash)
        first: Any
        second: Any
        if what is Misbehaviour.AMNESIA:
            first = Precommit(height, 0, A, bytes(32), address)
            second = Prevote(height, 1, B, -1, address)
        else:
            kind = Prevote if what is Misbehaviour.DUPLICATE_VOTE else Proposal
            first, second = (kind(height, 0, value, -1, address) for value in (A, B))
        pair: Any = signer.sign(first), signer.sign(second)
        proofs: dict[Misbehaviour, type[Proof]] = {
            Misbehaviour.DUPLICATE_VOTE: DuplicateVote,
            Misbehaviour.DUPLICATE_PROPOSAL: DuplicateProposal,
            Misbehaviour.AMNESIA: Amnesia,
        }
        return encode_accusation(proofs[what](*pair), set_hash)

    def _move(self, who: int, amount: int) -> None:
        functions, known = self.stakes.contract.functions, self.known[who]
        power = self._compute_power(who, amount)
        if amount > 0:
            call, value = functions.deposit(self.stakes.accounts[who]), amount
        else:
            call, value = functions.withdraw(-amount), 0
        if known.wei + amount < 0:
            self.stakes.refuse(call, who, "NotEnough", value)
        elif not power and self._is_last(who):
            self.stakes.refuse(call, who, "LastMember", value)
        elif self._is_too_much(who, power):
            self.stakes.refuse(call, who, "TooMuchChange", value)
        else:
            number = self.stakes.send(call, who, value)["blockNumber"]
            known.wei += amount
            known.unbonding -= min(0, amount)
            self.balance += max(0, amount)
            self._set_power(who, power, number)

    def _compute_power(self, who: int, amount: int = 0) -> int:
        known = self.known[who]
        jailed = known.jailed_until and amount
        return 0 if jailed else (known.wei + amount) // WEI_PER_ETHER

    def _is_too_much(self, who: int, power: int) -> bool:
        change = abs(power - self._get_power(who))
        return change > max(1, self.members.total_power // 3)

    def _is_last(self, who: int) -> bool:
        return list(self.members.powers) == [self._address(who)]

    def _get_power(self, who: int) -> int:
        return self.members.get_power(self._address(who))

    def _set_power(self, who: int, power: int, number: int) -> None:
        address = self._address(who)
        powers = {**self.members.powers, address: power}
        members = ValidatorSet(tuple(Member(a, p) for a, p in powers.items() if p))
        if members != self.members:
            self.members = members
            self.hashes[number + 2] = compute_set_hash(members)

    def _address(self, who: int) -> bytes:
        return bytes.fromhex(self.stakes.accounts[who][2:])


TestCourt = pytest.mark.filterwarnings("default")(Court.TestCase)
TestCourt.settings = settings(max_examples=6, stateful_step_count=12, deadline=None)
