"""A challenger whose tree has another number of leaves than the model has operators cannot win."""

from dataclasses import replace

from devnet.validators.optimistic.contract import Status
from devnet.validators.optimistic.tree import TraceTree, compute_depth
from precompiles.engine.operator import list_contents
from tests.validators.optimistic.conftest import (
    BOND,
    CHALLENGER,
    EXECUTOR,
    STRANGER,
    TERMS,
    Court,
)


def test_depth_is_the_logarithm_rounded_up() -> None:
    """As the contract counts it: 8 operators 3, 50 operators 6, 1000 operators 10."""
    depths = {1: 0, 2: 1, 3: 2, 8: 3, 9: 4, 16: 4, 17: 5, 50: 6, 1000: 10, 1024: 10, 1025: 11}
    assert {count: compute_depth(count) for count in depths} == depths
    assert all(TraceTree([b"leaf"] * count).depth == depth for count, depth in depths.items())


def test_every_leaf_is_proved_by_its_siblings() -> None:
    """Opening the root again and again leads to the same leaf."""
    contents = [bytes([index]) for index in range(11)]
    tree = TraceTree(contents)
    for leaf in range(16):
        index, path = 0, []
        for level in range(tree.depth, 0, -1):
            side = leaf >> (level - 1) & 1
            children = tree.get_children(level, index)
            path.append(children[1 - side])
            index = 2 * index + side
        assert index == leaf
        assert tuple(reversed(path)) == tree.get_siblings(leaf)


def test_a_tree_with_too_many_leaves_loses_at_the_leaf(court: Court) -> None:
    """A leaf of the model's tree is still a node in it: its hash is no right leaf."""
    truth = court.claim()
    contents = list_contents(truth.trace)
    deep = replace(truth, tree=TraceTree([*contents, *contents]))
    court.dispute(truth, deep)
    for level in range(4, 0, -1):
        index = court.read_dispute().index
        court.do(EXECUTOR, "bisect", 1, *truth.tree.get_children(level, index))
        court.do(CHALLENGER, "bisect", 1, *deep.tree.get_children(level + 1, index))
    court.judge(truth)
    assert court.read().status is Status.POSTED
    assert court.read_word("burnt") == BOND - BOND // 2


def test_a_tree_with_too_few_leaves_loses_in_silence(court: Court) -> None:
    """Its leaf has no children that could be shown."""
    truth = court.claim()
    flat = replace(truth, tree=TraceTree(list_contents(truth.trace)[:8]))
    court.dispute(truth, flat)
    for level in range(4, 1, -1):
        index = court.read_dispute().index
        court.do(EXECUTOR, "bisect", 1, *truth.tree.get_children(level, index))
        court.do(CHALLENGER, "bisect", 1, *flat.tree.get_children(level - 1, index))
    index = court.read_dispute().index
    children = truth.tree.get_children(1, index)
    court.do(EXECUTOR, "bisect", 1, *children)
    court.refuse("WrongProof", CHALLENGER, "bisect", 1, *children)
    court.node.mine(TERMS.move_blocks)
    court.do(STRANGER, "timeout", 1)
    assert court.read().status is Status.POSTED
    assert court.read_word("burnt") == BOND - BOND // 2
