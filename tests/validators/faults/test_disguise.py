"""A disguise changes what leaves a validator, and only what its faults say."""

from __future__ import annotations

from dataclasses import dataclass, field

from devnet.consensus.participation.host import Status, Timer, Wire
from devnet.consensus.participation.signing import DigestSigner, DigestVerifier
from devnet.consensus.tendermint.duplicate import Duplicate
from devnet.consensus.tendermint.event import PolkaValue, Proposed
from devnet.consensus.tendermint.machine import apply
from devnet.consensus.tendermint.message import NO_ROUND, Message, Precommit, Prevote, Proposal
from devnet.consensus.tendermint.output import SendPrecommit, SendPrevote
from devnet.consensus.tendermint.state import State, Step
from devnet.consensus.vote import NIL
from devnet.streams import Stream
from devnet.validators.faults.disguise import Censor, Disguise, Held, twist_rules
from devnet.validators.faults.fault import parse_fault

A, B = b"\xaa" * 32, b"\xbb" * 32
SELF, OTHERS = b"\x01" * 20, (b"\x02" * 20, b"\x03" * 20, b"\x04" * 20)
VERIFIER = DigestVerifier({SELF: SELF})


@dataclass
class Notebook:
    """A transport that writes down."""

    everybody: list[Wire] = field(default_factory=list)
    single: list[tuple[bytes, Wire]] = field(default_factory=list)
    timers: list[tuple[Timer, int]] = field(default_factory=list)

    def broadcast(self, message: Wire) -> None:
        self.everybody.append(message)

    def send(self, to: bytes, message: Wire) -> None:
        self.single.append((to, message))

    def schedule(self, timer: Timer, delay_us: int) -> None:
        self.timers.append((timer, delay_us))

    def report(self, duplicate: Duplicate) -> None:
        raise AssertionError("nobody said two things")


def disguise(*faults: str) -> tuple[Disguise, Notebook]:
    """A disguise with these faults, and what leaves it."""
    notebook = Notebook()
    signer = DigestSigner(SELF)
    parsed = [parse_fault(fault) for fault in faults]
    return Disguise(
        notebook, SELF, parsed, signer, OTHERS, lambda proposal: B, Stream(1)
    ), notebook  # fmt: skip


def sign(message: Message) -> Message:
    """By the validator itself."""
    return DigestSigner(SELF).sign(message)


PROPOSAL = sign(Proposal(3, 0, A, NO_ROUND, SELF))
PREVOTE = sign(Prevote(3, 0, A, NO_ROUND, SELF))
PRECOMMIT = sign(Precommit(3, 0, A, NIL, SELF))
ALL = (PROPOSAL, PREVOTE, PRECOMMIT)


def test_without_a_fault_in_force_everything_passes() -> None:
    """Triggers that do not hold here change nothing."""
    one, notebook = disguise("drop-votes@at heights 4-", "drop-proposals@never")
    for message in ALL:
        one.broadcast(message)
    assert notebook.everybody == list(ALL)


def test_dropped_votes_and_proposals_do_not_leave() -> None:
    """Each fault drops its own kind."""
    for fault, left in (("drop-votes", [PROPOSAL]), ("drop-proposals", [PREVOTE, PRECOMMIT])):
        one, notebook = disguise(fault)
        for message in ALL:
            one.broadcast(message)
        assert notebook.everybody == left


def test_equivocation_signs_two_statements_and_leaves_a_witness() -> None:
    """Both are sound, everybody gets one, the first of the others gets both."""
    for message in ALL:
        one, notebook = disguise("equivocate-votes", "equivocate-proposals")
        one.broadcast(message)
        said = [sent for _, sent in notebook.single if not isinstance(sent, Status)]
        assert {to for to, _ in notebook.single} == set(OTHERS)
        assert len({repr(sent) for to, sent in notebook.single if to == OTHERS[0]}) == 2
        assert len({repr(sent) for sent in said}) == 2
        assert all(VERIFIER.is_signed(sent) for sent in said if isinstance(sent, type(message)))


def test_votes_of_others_are_passed_on_as_they_are() -> None:
    """A faulty validator has no key but its own."""
    one, notebook = disguise("equivocate-votes", "drop-votes@at heights 9")
    relayed = Prevote(3, 0, A, NO_ROUND, OTHERS[0], b"sig")
    one.broadcast(relayed)
    assert notebook.everybody == [relayed]


def test_delayed_message_leaves_later() -> None:
    """It comes back as a timer, and then leaves unchanged."""
    one, notebook = disguise("delay(40)")
    one.broadcast(PREVOTE)
    (held, delay_us) = notebook.timers[0]
    assert (notebook.everybody, delay_us) == ([], 40_000)
    assert isinstance(held, Held)
    one.release(held)
    assert notebook.everybody == [PREVOTE]


def test_deaf_validator_hears_no_message() -> None:
    """Where the trigger holds."""
    one, _ = disguise("drop-inbound@at heights 3")
    assert not one.hear(PREVOTE)
    assert one.hear(Prevote(4, 0, A, NO_ROUND, OTHERS[0]))


def test_forgotten_lock_lets_any_value_through() -> None:
    """The honest machine refuses, the twisted one prevotes against its lock."""
    locked = State(3, 2, Step.PROPOSE, A, 1, A, 1)
    event = Proposed(B, NO_ROUND, True)
    twisted = twist_rules(apply, [parse_fault("forget-locks")], Stream(1))
    assert apply(locked, event)[1] == (SendPrevote(2, NIL, NO_ROUND),)
    assert twisted(locked, event)[1] == (SendPrevote(2, B, NO_ROUND),)


def test_forced_nil_precommit() -> None:
    """A polka leads to nil; prevotes are left alone."""
    twisted = twist_rules(apply, [parse_fault("precommit-nil")], Stream(1))
    assert twisted(State(3, 2, Step.PREVOTE), PolkaValue(A))[1] == (SendPrecommit(2, NIL),)
    proposed = Proposed(A, NO_ROUND, True)
    assert twisted(State(3, 2), proposed)[1] == (SendPrevote(2, A, NO_ROUND),)


def test_honest_rules_are_not_wrapped() -> None:
    """No fault of the machine, no cost."""
    assert twist_rules(apply, [parse_fault("drop-votes")], Stream(1)) is apply


class Chain:
    """An application that accepts everything."""

    def build_value(self, height: int, round_: int) -> bytes:
        return A

    def is_valid(self, proposal: Proposal) -> bool:
        return True

    def can_follow(self, height: int, value: bytes) -> bool:
        return value[:1] != b"\xee"

    def commit(self, height: int, value: bytes) -> tuple[()]:
        return ()


def test_censor_refuses_what_its_predicate_picks() -> None:
    """And only while its trigger holds."""
    faults = [parse_fault("censor@at heights 3-5")]
    censor = Censor(Chain(), faults, lambda value: value == A, Stream(1))
    assert not censor.is_valid(Proposal(3, 0, A, NO_ROUND, SELF))
    assert censor.is_valid(Proposal(3, 0, B, NO_ROUND, SELF))
    assert censor.is_valid(Proposal(6, 0, A, NO_ROUND, SELF))


def test_each_delay_has_its_own_time_where_its_trigger_holds() -> None:
    """Two of them with triggers that do not overlap."""
    one, notebook = disguise("delay(10)@at heights 1-2", "delay(500)@at heights 3")
    one.broadcast(PREVOTE)
    ((_, delay_us),) = notebook.timers
    assert delay_us == 500_000


def test_two_statements_may_both_be_late() -> None:
    """Held back, then one for each half."""
    one, notebook = disguise("delay(10)", "equivocate-votes")
    one.broadcast(PREVOTE)
    ((held, _),) = notebook.timers
    assert (notebook.everybody, notebook.single) == ([], [])
    assert isinstance(held, Held)
    one.release(held)
    assert {said.value for _, said in notebook.single if isinstance(said, Prevote)} == {A, NIL}
