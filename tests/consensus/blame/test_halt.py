"""A halt says which power is missing and what everybody does instead."""

from devnet.consensus.blame.halt import diagnose_halt
from devnet.consensus.tendermint.message import NO_ROUND, Message, Precommit, Prevote
from devnet.consensus.validator_set import Member, ValidatorSet
from devnet.consensus.vote import NIL

A, B = b"\xaa" * 32, b"\xbb" * 32
ADDRESSES = [bytes([n + 1]) * 20 for n in range(4)]
VALIDATORS = ValidatorSet(
    tuple(Member(address, power) for address, power in zip(ADDRESSES, (4, 3, 2, 1), strict=True))
)


def prevote(node: int, value: bytes, round_: int = 0) -> Prevote:
    """A prevote of height 6."""
    return Prevote(6, round_, value, NO_ROUND, ADDRESSES[node])


def precommit(node: int, value: bytes, round_: int = 0) -> Precommit:
    """A precommit of height 6."""
    return Precommit(6, round_, value, NIL, ADDRESSES[node])


def test_silent_power_is_named() -> None:
    """Down, silent and voting are three groups; power is missing to 7 of 10."""
    halt = diagnose_halt(6, VALIDATORS, [prevote(0, A), prevote(3, A)], {ADDRESSES[1]: "down"})
    assert (halt.needed, halt.best, halt.missing, halt.total) == (7, 5, 2, 10)
    assert {group.what: group.power for group in halt.groups} == {
        "prevoted " + "aa" * 6: 5,
        "down": 3,
        "said nothing at this height": 2,
    }
    assert "height 6 waits in round 0: 7 of 10 decide, 5 agree, 2 are missing" in str(halt)


def test_split_and_nil_votes_are_told_apart() -> None:
    """Two values, nil, and one that said two things."""
    messages: list[Message] = [
        prevote(0, A, 3), prevote(1, B, 3), prevote(2, NIL, 3), prevote(3, A, 3), prevote(3, B, 3),
    ]  # fmt: skip
    halt = diagnose_halt(6, VALIDATORS, messages, {})
    assert halt.round == 3
    assert [(group.what, group.validators) for group in halt.groups] == [
        ("prevoted " + "aa" * 6, (ADDRESSES[0],)),
        ("prevoted " + "bb" * 6, (ADDRESSES[1],)),
        ("voted nil", (ADDRESSES[2],)),
        ("voted for more than one value", (ADDRESSES[3],)),
    ]


def test_round_that_most_power_reached_is_described() -> None:
    """A loner in a later round does not hide where the others stand."""
    messages = [prevote(0, A, 2), prevote(1, A, 2), prevote(3, A, 9), prevote(2, A, 1)]
    halt = diagnose_halt(6, VALIDATORS, messages, {})
    assert halt.round == 2
    assert {group.what for group in halt.groups if ADDRESSES[2] in group.validators} == {
        "did not vote in this round"
    }


def test_precommits_decide_who_is_missing_once_there_are_some() -> None:
    """Prevotes for a value do not help if its precommits are nil."""
    messages: list[Message] = [prevote(n, A) for n in range(4)]
    messages += [precommit(0, A), precommit(1, NIL), precommit(2, A)]
    halt = diagnose_halt(6, VALIDATORS, messages, {})
    assert (halt.best, halt.missing) == (6, 1)
    assert "precommitted nil after " + "aa" * 6 in str(halt)


def test_nobody_said_anything() -> None:
    """Then all the power is missing."""
    halt = diagnose_halt(6, VALIDATORS, [], {})
    assert (halt.round, halt.best, halt.missing) == (0, 0, 7)
