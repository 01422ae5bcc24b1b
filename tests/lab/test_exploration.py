"""Small worlds, exhaustively: the machine survives every loss, and each planted error does not."""

import pytest
from msgspec.structs import replace

from devnet.consensus.tendermint.event import Event, RoundEntered
from devnet.consensus.tendermint.machine import Result, Rules, apply
from devnet.consensus.tendermint.message import NO_ROUND
from devnet.consensus.tendermint.state import State
from devnet.consensus.vote import NIL
from devnet.lab.exploration import FORK, explore, list_cut_off, list_partitions

STEP_THEN_ROUND = (False, True)  # another cut at every step of round 0, one cut for round 1


def forget_lock(state: State, event: Event) -> Result:
    """Planted: nothing is ever locked (L23, L29)."""
    return apply(replace(state, locked_value=NIL, locked_round=NO_ROUND), event)


def forget_valid_value(state: State, event: Event) -> Result:
    """Planted: a proposer makes a new value whatever it has seen (L15-L16)."""
    if not isinstance(event, RoundEntered):
        return apply(state, event)
    after, outputs = apply(replace(state, valid_value=NIL, valid_round=NO_ROUND), event)
    kept = replace(after, valid_value=state.valid_value, valid_round=state.valid_round)
    return kept, outputs


@pytest.mark.parametrize(("nodes", "count"), [(1, 1), (2, 2), (3, 5), (4, 15), (5, 52)])
def test_partitions_are_all_there(nodes: int, count: int) -> None:
    """Bell numbers; every node hears itself, and hearing is mutual."""
    cuts = list_partitions(nodes)
    assert len(set(cuts)) == len(cuts) == count
    for cut in cuts:
        assert all(cut[a] >> b & 1 == cut[b] >> a & 1 for a in range(nodes) for b in range(nodes))
        assert all(cut[node] >> node & 1 for node in range(nodes))


def test_all_partitions_over_three_rounds_of_four() -> None:
    """15 cubed, without a fault."""
    report = explore(list_partitions(4), (True,) * 3)
    assert report.violation is None
    assert report.worlds > 100


def test_all_partitions_over_two_rounds_with_a_twin() -> None:
    """52 squared; one of four runs twice with one key."""
    report = explore(list_partitions(5), (True,) * 2, twins=1)
    assert report.violation is None
    assert report.worlds > 1_000


@pytest.mark.slow
def test_all_partitions_over_three_rounds_with_a_twin() -> None:
    """52 cubed."""
    report = explore(list_partitions(5), (True,) * 3, twins=1)
    assert report.violation is None
    assert report.worlds > 40_000


def test_every_node_cut_off_at_every_step_of_a_round() -> None:
    """One node deaf, mute or both, another at each step."""
    assert explore(list_cut_off(4), (False,)).violation is None


@pytest.mark.slow
def test_every_node_cut_off_at_every_step() -> None:
    """One node deaf, mute or both, another at each step; then one for a round."""
    report = explore(list_cut_off(4), STEP_THEN_ROUND)
    assert report.violation is None
    assert report.worlds > 5_000


@pytest.mark.parametrize(
    ("machine", "holds", "what"),
    [
        (forget_lock, STEP_THEN_ROUND, FORK),
        (forget_valid_value, (False,), "no decision 9 rounds after healing"),
    ],
    ids=["no lock", "no valid value"],
)
def test_planted_error_is_found(machine: Rules, holds: tuple[bool, ...], what: str) -> None:
    """With the sequence of cuts that shows it; the machine as it is survives them all."""
    report = explore(list_cut_off(4), holds, machine=machine)
    assert report.violation is not None
    assert report.violation.what == what
    assert len(report.violation.path) <= 3 * len(holds)


def test_quorum_one_less_is_found_by_partitions_alone() -> None:
    """Two halves decide each for itself, a twin in both."""
    report = explore(list_partitions(5), (True,) * 3, twins=1, quorum=2)
    assert report.violation is not None
    assert report.violation.what == FORK
