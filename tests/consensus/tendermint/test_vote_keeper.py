"""The vote keeper counts power once, reports each threshold once, and keeps who said two things."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devnet.consensus.tendermint.duplicate import DuplicateVote
from devnet.consensus.tendermint.message import NO_ROUND, Ballot, Precommit, Prevote
from devnet.consensus.tendermint.vote_keeper import MAX_VALUES, Threshold, VoteKeeper
from devnet.consensus.validator_set import Member, ValidatorSet
from devnet.consensus.vote import NIL

A, B = b"\xaa" * 32, b"\xbb" * 32
ANY, VALUE, SKIP = Threshold.QUORUM_ANY, Threshold.QUORUM_VALUE, Threshold.SKIP


def build_keeper(*powers: int) -> VoteKeeper:
    """Validators 0, 1, ... with these powers."""
    return VoteKeeper(
        ValidatorSet(tuple(Member(bytes([n]) * 20, power) for n, power in enumerate(powers)))
    )


def prevote(validator: int, value: bytes = A, round_: int = 0) -> Prevote:
    """A prevote of height 1."""
    return Prevote(1, round_, value, NO_ROUND, bytes([validator]) * 20)


def precommit(validator: int, value: bytes = A, round_: int = 0) -> Precommit:
    """A precommit of height 1."""
    return Precommit(1, round_, value, NIL, bytes([validator]) * 20)


TABLES: dict[str, tuple[tuple[int, ...], list[tuple[Ballot, tuple[Threshold, ...]]]]] = {
    "the third of four completes both quorums": (
        (1, 1, 1, 1),
        [(prevote(0), ()), (prevote(1), ()), (prevote(2), (VALUE, ANY)), (prevote(3), ())],
    ),
    "votes for different values make a quorum of any": (
        (1, 1, 1, 1),
        [(prevote(0), ()), (prevote(1, B), ()), (prevote(2, NIL), (ANY,)), (prevote(3), ())],
    ),
    "the value's quorum may come after": (
        (1, 1, 1, 1),
        [(prevote(0), ()), (prevote(1, B), ()), (prevote(2), (ANY,)), (prevote(3), (VALUE,))],
    ),
    "nil is a value": (
        (1, 1, 1, 1),
        [(precommit(0, NIL), ()), (precommit(1, NIL), ()), (precommit(2, NIL), (VALUE, ANY))],
    ),
    "prevotes and precommits are counted apart": (
        (1, 1, 1, 1),
        [(prevote(0), ()), (prevote(1), ()), (precommit(2), ()), (prevote(2), (VALUE, ANY))],
    ),
    "power counts, not heads": ((70, 10, 10, 10), [(prevote(1), ()), (prevote(0), (VALUE, ANY))]),
    "exactly two thirds are no quorum": (
        (2, 2, 2), [(prevote(0), ()), (prevote(1), ()), (prevote(2), (VALUE, ANY))]
    ),
    "strangers and repetitions count for nothing": (
        (1, 1, 1, 1),
        [(prevote(9), ()), (prevote(0), ()), (prevote(0), ()), (prevote(1), ()), (prevote(1), ())],
    ),
    "a third in a later round is reported once": (
        (1, 1, 1, 1),
        [(prevote(0, A, 3), ()), (precommit(0, A, 3), ()), (precommit(1, B, 3), (SKIP,)),
         (prevote(1, B, 3), ()), (prevote(2, A, 3), (ANY,))],
    ),
    "voices of different rounds do not add up": (
        (1, 1, 1, 1), [(prevote(0, A, 3), ()), (prevote(1, A, 4), ()), (prevote(2, A, 5), ())]
    ),
}  # fmt: skip


@pytest.mark.parametrize(("powers", "steps"), TABLES.values(), ids=TABLES)
def test_steps(powers: tuple[int, ...], steps: list[tuple[Ballot, tuple[Threshold, ...]]]) -> None:
    """Vote by vote: what it completes."""
    keeper = build_keeper(*powers)
    assert [(vote, keeper.add(vote)) for vote, _ in steps] == steps


def test_second_vote_counts_for_its_value_and_is_evidence() -> None:
    """Both values hold the equivocator's power, "any" holds it once."""
    keeper = build_keeper(1, 1, 1, 1)
    keeper.add(prevote(0, A))
    assert keeper.add(prevote(0, B)) == (DuplicateVote(prevote(0, A), prevote(0, B)),)
    assert keeper.add(prevote(0, B)) == ()
    keeper.add(prevote(1, B))
    assert (Prevote, 0) not in keeper.reached
    assert keeper.add(prevote(2, B)) == (VALUE, ANY)
    assert keeper.get_prevotes(0, B) == (prevote(1, B), prevote(2, B), prevote(0, B))


def test_second_vote_may_complete_a_quorum() -> None:
    """The threshold comes with the evidence."""
    keeper = build_keeper(1, 1, 1, 1)
    for vote in (prevote(0, B), prevote(1), prevote(2)):
        keeper.add(vote)
    assert keeper.add(prevote(0)) == (VALUE, DuplicateVote(prevote(0, B), prevote(0)))
    assert keeper.find_quorum(Prevote, 0) == (A,)


def test_two_justifications_of_one_value_are_evidence_too() -> None:
    """A correct validator prevotes once, with one round of justification."""
    keeper = build_keeper(1, 1, 1, 1)
    first, second = Prevote(1, 3, A, 1, b"\0" * 20), Prevote(1, 3, A, 2, b"\0" * 20)
    keeper.add(first)
    assert keeper.add(second) == (DuplicateVote(first, second),)


def test_memory_for_an_equivocator_is_bounded() -> None:
    """However many values it votes for."""
    keeper = build_keeper(1, 1, 1, 1)
    for number in range(50):
        keeper.add(prevote(0, bytes([number]) * 32))
    assert len(keeper.get_tally(Prevote, 0).by_value) == MAX_VALUES


VOTES = st.lists(
    st.builds(
        lambda kind, *rest: kind(*rest), st.sampled_from([prevote, precommit]),
        st.integers(0, 4), st.sampled_from([A, B, NIL]), st.integers(0, 2),
    ),
    max_size=40,
)  # fmt: skip


@given(votes=VOTES, powers=st.tuples(*[st.integers(1, 9)] * 4))
def test_thresholds_agree_with_a_recount_and_come_once(
    votes: list[Ballot], powers: tuple[int, ...]
) -> None:
    """For any votes: a report exactly when a plain recount first shows a quorum."""
    keeper = build_keeper(*powers)
    total = sum(powers)
    seen: list[Ballot] = []
    reported: list[tuple[type, int, bytes]] = []
    for vote in votes:
        report = keeper.add(vote)
        seen.append(vote)
        voters = {v.validator for v in seen if (type(v), v.round, v.value) ==
                  (type(vote), vote.round, vote.value)}  # fmt: skip
        power = sum(powers[v[0]] for v in voters if v[0] < 4)
        place = (type(vote), vote.round, vote.value)
        if VALUE in report:
            assert place not in reported
            reported.append(place)
        assert (place in reported) == (3 * power > 2 * total)
        assert keeper.is_quorum(*place) == (3 * power > 2 * total)


def test_order_does_not_change_the_count() -> None:
    """All orders of five votes, one of them conflicting."""
    votes = [prevote(0), prevote(1), prevote(2, B), prevote(2), prevote(3, NIL)]
    counts = set()
    for order in permutations(votes):
        keeper = build_keeper(1, 1, 1, 1)
        for vote in order:
            keeper.add(vote)
        tally = keeper.get_tally(Prevote, 0)
        counts.add((tally.power, tuple(sorted(tally.by_value.items()))))
    assert len(counts) == 1
