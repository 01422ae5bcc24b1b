"""Agents act by themselves: in turn, when drawn, and against whoever is silent or down."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest
from eth_abi.abi import encode

from devnet.agency import Agency
from devnet.chain.call import Call
from devnet.config import Optimistic
from devnet.consensus.optimistic import OPTIMISTIC
from devnet.node import Node
from devnet.validators.misbehaviour import parse_behavior
from devnet.validators.optimistic.contract import (
    Status,
    Verdict,
    encode_call,
    list_tensors,
    read_committee,
    read_request,
)
from devnet.validators.optimistic.docket import Matter
from precompiles.digest import compute_keccak
from precompiles.models.samples import read_digits
from precompiles.tensor import DType, Tensor

if TYPE_CHECKING:
    from tests.conftest import Driver

TERMS = Optimistic(window_blocks=4, move_blocks=3)
SILENT_LIAR = parse_behavior("wrong-model + stall")


def begin(start: type[Driver], validators: int, terms: Optimistic = TERMS, seed: int = 0) -> Driver:
    """A chain with the rule; blocks are mined when asked for."""
    return start(validators=validators, rule="optimistic", optimistic=terms, seed=seed)


def ask(driver: Driver, model: bytes, digit: int = 0) -> None:
    """One request with a fee."""
    pixels, _ = read_digits()
    tensor = Tensor(DType.UINT8, (1, 64), pixels[digit].tobytes())
    data = encode_call("request", model, list_tensors([tensor]), 0)
    driver.node.send_raw(driver.sign(OPTIMISTIC, data, 1_000))


def settle(node: Node, number: int = 1, limit: int = 80) -> Matter:
    """Mine until a request has its final answer."""
    for _ in range(limit):
        if node.docket.matters[number].status is Status.FINAL:
            break
        node.mine()
    return node.docket.matters[number]


def call(node: Node, data: bytes) -> bytes:
    """What the contract answers on the head's state."""
    return node.call(Call(to=OPTIMISTIC, data=data)).output


def get_agency(node: Node) -> Agency:
    (agency,) = node.observers
    assert isinstance(agency, Agency)
    return agency


def draw(seed: bytes, others: list[bytes], terms: Optimistic) -> list[bytes]:
    """The committee, by the contract's description: a shuffle's first draws, or nobody."""
    if int.from_bytes(seed) % 10_000 >= terms.sample_basis_points:
        return []
    drawn = []
    for place in range(terms.committee):
        word = compute_keccak(encode(["bytes32", "uint256"], [seed, place]))
        other = place + int.from_bytes(word) % (len(others) - place)
        drawn.append(others[other])
        others[other] = others[place]
    return drawn


def test_committees_are_drawn_by_the_hash_of_the_posts_block(start: type[Driver]) -> None:
    """With probability p, two of the four who do not execute; they alone run the model again."""
    terms = Optimistic(sample_basis_points=5_000, committee=2, window_blocks=4)
    driver = begin(start, 5, terms)
    node, model = driver.node, driver.add_digits()
    addresses = [validator.address for validator in node.cluster.validators]
    sizes = []
    for number in range(1, 13):
        ask(driver, model, number)
        matter = node.docket.matters[number]
        assert matter.executor == addresses[number % 5]  # they take turns
        node.mine(2)
        read = partial(call, node)
        found = read_committee(read, number)
        posted = node.history.get_hash(read_request(read, number).posted_at)
        seed = compute_keccak(encode(["bytes32", "uint256"], [posted, number]))
        others = [address for address in addresses if address != matter.executor]
        assert list(found) == draw(seed, others, terms)
        claims = [a.address for a in get_agency(node).agents if (number, 0) in a.claims]
        assert sorted(claims) == sorted((matter.executor, *found))
        sizes.append(len(found))
    assert set(sizes) == {0, 2}


@pytest.mark.parametrize(
    ("silent", "verdict"), [("v1", Verdict.CHALLENGER), ("v0", Verdict.EXECUTOR)]
)
def test_a_stalling_liar_loses_by_timeout(
    start: type[Driver], silent: str, verdict: Verdict
) -> None:
    """As executor of the first request, or as challenger; the answer is the honest one."""
    driver = begin(start, 2)
    node, model = driver.node, driver.add_digits()
    node.set_behavior(silent, SILENT_LIAR)
    ask(driver, model)
    conflict = settle(node).conflicts[0]
    liar = node.cluster.find(silent).address
    assert (conflict.verdict, conflict.operator) == (verdict, None)
    assert conflict.slashed == ((liar, TERMS.bond_wei),)
    assert conflict.rounds == 0


def test_where_both_parties_are_silent_whoever_is_next_ends_it(start: type[Driver]) -> None:
    """The executor had the move; neither party acts any more."""
    driver = begin(start, 3)
    node, model = driver.node, driver.add_digits()
    node.set_behavior("v1", SILENT_LIAR)
    node.set_behavior("v0", parse_behavior("stall"))
    node.set_behavior("v2", parse_behavior("lazy"))
    ask(driver, model)
    while not (conflicts := node.docket.matters[1].conflicts) or conflicts[0].verdict is None:
        node.mine()
    assert conflicts[0].challenger == node.cluster.find("v0").address
    assert conflicts[0].verdict is Verdict.CHALLENGER


def test_the_next_executor_answers_for_one_that_is_down(start: type[Driver]) -> None:
    """After the blocks that a move takes; nobody loses anything."""
    driver = begin(start, 4)
    node, model = driver.node, driver.add_digits()
    node.set_behavior("v1", parse_behavior("crash"))
    ask(driver, model)
    matter = settle(node)
    assert matter.executor == node.cluster.find("v2").address
    assert matter.conflicts == ()


def test_a_committee_that_does_not_look_lets_a_lie_pass(start: type[Driver]) -> None:
    """The rule trusts that somebody looks: here nobody does, and the lie becomes final."""
    driver = begin(start, 2)
    node, model = driver.node, driver.add_digits()
    node.set_behavior("v1", parse_behavior("wrong-model"))
    node.set_behavior("v0", parse_behavior("lazy"))
    ask(driver, model)
    matter = settle(node)
    assert matter.executor == node.cluster.find("v1").address
    assert matter.conflicts == ()


def test_an_accomplice_that_loses_on_purpose_does_not_save_a_liar(start: type[Driver]) -> None:
    """It disputes first, before the committee is known, and is silent then; the committee waits."""
    driver = begin(start, 2)
    node, model = driver.node, driver.add_digits()
    node.set_behavior("v1", parse_behavior("wrong-model"))
    node.set_automine(False)
    ask(driver, model)
    node.mine(2)
    matter = node.docket.matters[1]
    assert matter.status is Status.POSTED
    data = encode_call("challenge", 1, bytes(32))
    node.send_raw(driver.sign(OPTIMISTIC, data, TERMS.bond_wei, gas=300_000))
    sham, honest = settle(node).conflicts[:2]
    accomplice, liar, other = (
        node.accounts[0].address,
        *(node.cluster.find(name).address for name in ("v1", "v0")),
    )
    assert (sham.challenger, sham.verdict) == (accomplice, Verdict.EXECUTOR)
    assert (honest.executor, honest.challenger) == (liar, other)
    assert honest.verdict is Verdict.CHALLENGER


def test_an_answer_is_the_same_as_that_of_the_precompile(start: type[Driver]) -> None:
    """`infer` means under the rule what it means under every other."""
    driver = begin(start, 2)
    node, model = driver.node, driver.add_digits()
    place = driver.infer(model, 5)
    assert place.inferences[0].receipt.mode == 0
    ask(driver, model, 5)
    matter = settle(node)
    assert matter.outputs == place.inferences[0].call.outputs
    receipt = node.head.inferences[0].receipt
    assert receipt.output_digest == place.inferences[0].receipt.output_digest
    assert receipt.input_digest == place.inferences[0].receipt.input_digest


def test_another_rule_has_neither_contract_nor_agents(start: type[Driver]) -> None:
    """Its blocks are as if there were no such thing."""
    node = start(validators=1).node
    assert node.observers == []
    assert node.open_state().get_code(OPTIMISTIC) == b""
