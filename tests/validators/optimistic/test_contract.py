"""The contract holds everybody to the rules: who may move, when, with which proof and bond."""

from dataclasses import replace

import pytest

from devnet.validators.optimistic.contract import Status, list_known, list_tensors
from devnet.validators.optimistic.tree import TraceTree
from precompiles.digest import compute_keccak
from precompiles.engine.operator import list_contents
from precompiles.models.samples import read_sample
from precompiles.tensor import encode_tensors
from tests.validators.optimistic.conftest import (
    BOND,
    CHALLENGER,
    EXECUTOR,
    FEE,
    STRANGER,
    TERMS,
    Court,
    Liar,
    build_post,
)

LIE = Liar(operator=7)


def test_terms_are_read_from_the_genesis_block(court: Court) -> None:
    """The words that Python wrote mean the same to Solidity."""
    (bond, sample, committee, window, move) = (
        TERMS.bond_wei,
        TERMS.sample_basis_points,
        TERMS.committee,
        TERMS.window_blocks,
        TERMS.move_blocks,
    )
    words = court.ask(compute_keccak(b"terms()")[:4])
    assert [int.from_bytes(words[at : at + 32]) for at in range(0, 160, 32)] == [
        *(bond, sample, committee, window, move)
    ]


def test_an_answer_that_nobody_disputes_becomes_final(court: Court) -> None:
    """The executor has its bond back and the fee; the receipt has mode 3 and the requester."""
    claim, before = court.claim(), court.get_balance(EXECUTOR)
    court.request()
    court.post(claim)
    assert court.read().status is Status.POSTED
    tensors = list_tensors(court.inputs), list_tensors(claim.trace.outputs)
    court.refuse("TooEarly", STRANGER, "finalize", 1, *tensors)
    court.node.mine(TERMS.window_blocks)
    court.refuse("TooLate", CHALLENGER, "challenge", 1, bytes(32), value=BOND)
    court.do(STRANGER, "finalize", 1, *tensors)
    request = court.read()
    assert request.status is Status.FINAL
    assert request.output_digest == compute_keccak(encode_tensors(claim.trace.outputs))
    assert court.get_balance() == 0
    assert before < court.get_balance(EXECUTOR) < before + FEE  # gas of one transaction
    (inference,) = court.node.head.inferences
    assert (inference.receipt.mode, inference.receipt.model_id) == (3, court.model)
    assert inference.receipt.caller == court.addresses[STRANGER]
    assert inference.receipt.output_digest == request.output_digest
    court.refuse("WrongStatus", STRANGER, "finalize", 1, *tensors)


def test_only_whose_turn_it_is_posts_and_only_with_the_bond(court: Court) -> None:
    """A post of the wrong sender, bond, outputs or proof changes nothing."""
    claim = court.claim()
    court.request()
    post = build_post(claim)
    number, outputs, root, results, siblings = post
    court.refuse("NotTheExecutor", CHALLENGER, "post", *post, value=BOND)
    court.refuse("WrongBond", EXECUTOR, "post", *post, value=BOND - 1)
    court.refuse("WrongProof", EXECUTOR, "post", number, outputs, root, root, siblings, value=BOND)
    short = siblings[:-1]
    court.refuse("WrongDepth", EXECUTOR, "post", number, outputs, root, results, short, value=BOND)
    other = list_tensors(court.claim(Liar(15)).trace.outputs)
    lie = (number, other, root, results, siblings)
    assert other != outputs
    court.refuse("WrongProof", EXECUTOR, "post", *lie, value=BOND)
    assert court.read().status is Status.OPEN
    receipt = court.act(EXECUTOR, "post", number, outputs[:1], *post[2:], value=BOND)
    assert b"1 tensors given" in receipt.output
    court.do(EXECUTOR, "post", *post, value=BOND)
    court.refuse("WrongStatus", EXECUTOR, "post", *post, value=BOND)


def test_a_tree_with_another_number_of_leaves_cannot_be_posted(court: Court) -> None:
    """The model knows how many operators it has; the last one's leaf proves the outputs."""
    claim = court.claim()
    court.request()
    contents = list_contents(claim.trace)
    for tree in (TraceTree(contents[:-1]), TraceTree([*contents, b"more"])):
        outputs = list_tensors(claim.trace.outputs)
        proof = (tree.root, claim.last_results, tree.get_siblings(len(contents) - 2))
        receipt = court.act(EXECUTOR, "post", 1, outputs, *proof, value=BOND)
        assert not receipt.succeeded


@pytest.mark.parametrize("operator", [0, 7, 15])
def test_a_liar_loses_at_its_first_wrong_operator_after_log2_rounds(
    court: Court, operator: int
) -> None:
    """16 operators, 4 rounds; the challenger has half the bond, the rest is gone for good."""
    lie, truth = court.claim(Liar(operator)), court.claim()
    court.dispute(lie, truth)
    before = court.get_balance(CHALLENGER)
    assert court.bisect(lie, truth) == 4
    assert court.read_dispute().index == operator
    court.judge(truth)
    request = court.read()
    assert (request.status, request.attempt) == (Status.OPEN, 1)
    spent = before - (court.get_balance(CHALLENGER) - BOND - BOND // 2)
    assert 0 < spent < BOND // 100  # gas of the moves
    assert court.read_word("burnt") == BOND - BOND // 2
    assert court.get_balance() == FEE + court.read_word("burnt")


@pytest.mark.parametrize("operator", [0, 7, 15])
def test_a_challenger_that_lies_loses_to_an_honest_executor(court: Court, operator: int) -> None:
    """What stands is final a whole window later, unless somebody else challenges it."""
    truth, lie = court.claim(), court.claim(Liar(operator))
    court.dispute(truth, lie)
    assert court.bisect(truth, lie) == 4
    court.judge(lie, CHALLENGER)
    request = court.read()
    assert (request.status, request.root) == (Status.POSTED, truth.tree.root)
    assert request.deadline == court.node.head.header.number + TERMS.window_blocks
    court.node.mine(TERMS.window_blocks)
    court.finalize(truth)
    assert court.get_balance() == court.read_word("burnt") == BOND - BOND // 2


def test_two_liars_lose_both(court: Court) -> None:
    """Where neither result is right nobody is paid, and the next executor is asked."""
    first, second = court.claim(Liar(7, 1)), court.claim(Liar(7, 2))
    court.dispute(first, second)
    court.bisect(first, second)
    court.judge(first)
    assert (court.read().status, court.read().attempt) == (Status.OPEN, 1)
    assert court.read_word("burnt") == 2 * BOND
    assert court.get_balance() == FEE + 2 * BOND


def test_a_challenge_needs_another_root_the_bond_and_an_undisputed_post(court: Court) -> None:
    """Nobody challenges twice at once, or its own post."""
    lie, truth = court.claim(LIE), court.claim()
    court.request()
    court.refuse("WrongStatus", CHALLENGER, "challenge", 1, truth.tree.root, value=BOND)
    court.post(lie)
    court.refuse("SameRoot", CHALLENGER, "challenge", 1, lie.tree.root, value=BOND)
    court.refuse("WrongBond", CHALLENGER, "challenge", 1, truth.tree.root, value=BOND + 1)
    court.refuse("OwnPost", EXECUTOR, "challenge", 1, truth.tree.root, value=BOND)
    court.challenge(truth)
    court.refuse("WrongStatus", STRANGER, "challenge", 1, truth.tree.root, value=BOND)
    court.refuse("WrongStatus", CHALLENGER, "challenge", 1, bytes(32), value=BOND)


def test_moves_are_made_in_turn_and_open_the_node_in_dispute(court: Court) -> None:
    """Children that do not hash to it are refused, as is anybody whose turn it is not."""
    lie, truth = court.claim(LIE), court.claim()
    court.dispute(lie, truth)
    ours, theirs = lie.tree.get_children(4, 0), truth.tree.get_children(4, 0)
    court.refuse("NotYourMove", CHALLENGER, "bisect", 1, *theirs)
    court.refuse("NotYourMove", STRANGER, "bisect", 1, *ours)
    court.refuse("WrongProof", EXECUTOR, "bisect", 1, *theirs)
    court.refuse("WrongProof", EXECUTOR, "bisect", 1, *reversed(ours))
    court.do(EXECUTOR, "bisect", 1, *ours)
    court.refuse("NotYourMove", EXECUTOR, "bisect", 1, *ours)
    court.refuse("WrongProof", CHALLENGER, "bisect", 1, *ours)
    court.refuse("NotYourMove", STRANGER, "judge", 1, [])
    court.do(CHALLENGER, "bisect", 1, *theirs)


def test_operands_of_the_leaf_are_those_that_both_trees_contain(court: Court) -> None:
    """Neither invented tensors nor later operators, nor too few of them, decide anything."""
    lie, truth = court.claim(LIE), court.claim()
    court.dispute(lie, truth)
    court.bisect(lie, truth)
    (source, tensors, siblings) = truth.list_operands(7)[0]
    assert source > 0
    wrong = truth.trace.steps[0].results
    court.refuse("WrongProof", STRANGER, "judge", 1, list_known([(source, wrong, siblings)]))
    short = siblings[1:]
    court.refuse("WrongDepth", STRANGER, "judge", 1, list_known([(source, tensors, short)]))
    own = truth.trace.steps[7].results, truth.tree.get_siblings(7)
    court.refuse("NotAgreed", STRANGER, "judge", 1, list_known([(8, *own)]))
    court.refuse("WrongTensors", STRANGER, "judge", 1, list_known([(0, wrong, ())]))
    receipt = court.act(STRANGER, "judge", 1, [])
    assert b"operator 7 reads sources" in receipt.output
    court.judge(lie, EXECUTOR)  # what both agree on the liar can prove as well
    assert court.read().attempt == 1


def test_whoever_lies_beyond_the_last_operator_loses_without_execution(court: Court) -> None:
    """30 operators, 32 leaves: those that stand for none are empty in a right tree."""
    court.take(read_sample("volatility_exact"))
    truth = court.claim()
    contents = list_contents(truth.trace)
    assert len(contents) == 30
    lie = replace(truth, tree=TraceTree([*contents, b"", b"more"]))
    court.dispute(lie, truth)
    assert court.bisect(lie, truth) == 5
    assert court.read_dispute().index == 31
    court.do(STRANGER, "judge", 1, [])
    assert (court.read().status, court.read().attempt) == (Status.OPEN, 1)
    assert court.read_word("burnt") == BOND - BOND // 2


def test_silence_before_any_post_gives_the_fee_back(court: Court) -> None:
    """Nobody answered within the window: anybody may end it."""
    court.request()
    court.refuse("TooEarly", STRANGER, "expire", 1)
    court.node.mine(TERMS.window_blocks)
    court.refuse("TooLate", EXECUTOR, "post", *build_post(court.claim()), value=BOND)
    court.do(CHALLENGER, "expire", 1)
    assert court.read().status is Status.EXPIRED
    assert court.get_balance() == 0


@pytest.mark.parametrize("silent", [EXECUTOR, CHALLENGER])
def test_whoever_is_silent_in_a_dispute_loses_it(court: Court, silent: str) -> None:
    """After its blocks are over, and not before; a move then comes too late."""
    lie, truth = court.claim(LIE), court.claim()
    court.dispute(truth, lie) if silent == CHALLENGER else court.dispute(lie, truth)
    moves = truth.tree.get_children(4, 0), lie.tree.get_children(4, 0)
    ours, theirs = moves if silent == CHALLENGER else tuple(reversed(moves))
    if silent == CHALLENGER:
        court.do(EXECUTOR, "bisect", 1, *ours)
    court.refuse("TooEarly", STRANGER, "timeout", 1)
    court.node.mine(TERMS.move_blocks)
    court.refuse("TooLate", silent, "bisect", 1, *(theirs if silent == CHALLENGER else ours))
    court.do(STRANGER, "timeout", 1)
    stands = Status.POSTED if silent == CHALLENGER else Status.OPEN
    assert court.read().status is stands
    assert court.read_word("burnt") == BOND - BOND // 2


def test_a_leaf_that_nobody_brings_costs_both(court: Court) -> None:
    """An honest party can always bring it."""
    lie, truth = court.claim(LIE), court.claim()
    court.dispute(lie, truth)
    court.bisect(lie, truth)
    court.node.mine(TERMS.move_blocks)
    known = list_known(truth.list_operands(7))
    court.refuse("TooLate", CHALLENGER, "judge", 1, known)
    court.do(STRANGER, "timeout", 1)
    assert court.read().status is Status.OPEN
    assert court.read_word("burnt") == 2 * BOND
