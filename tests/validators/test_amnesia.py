"""Amnesia on a chain: who forgets a lock where it shows is reported, slashed and jailed."""

from dataclasses import dataclass
from typing import Any

import pytest

from devnet.consensus.staking import STAKING, read_account
from devnet.consensus.tendermint.message import Prevote, Proposal
from devnet.network.rule import DROP, PASS, Link, Verdict
from devnet.rpc.evidence import get_evidence
from devnet.streams import Stream
from devnet.validators.links import Links
from devnet.validators.misbehaviour import parse_behavior
from devnet.validators.station import Letter
from tests.conftest import Driver


@dataclass(frozen=True, slots=True)
class OneSeesThePolka:
    """In round 0 of a height one node alone hears three prevotes for the proposed block.

    Another one does not get the proposal and prevotes nil, so that the rest go on to round 1
    without a lock.
    """

    height: int
    seer: int
    blind: int

    def judge(self, link: Link, stream: Stream) -> Verdict:
        letter = link.payload
        if not isinstance(letter, Letter):
            return PASS
        said = letter.message
        if not isinstance(said, Proposal | Prevote) or (said.height, said.round) != (
            self.height,
            0,
        ):
            return PASS
        is_hidden = link.recipient == self.blind if isinstance(said, Proposal) else (
            link.sender == self.seer
        )  # fmt: skip
        return DROP if is_hidden else PASS


def cut(driver: Driver) -> tuple[int, str]:
    """Play the schedule at the next height; the height, and whose lock it is about."""
    cluster: Any = driver.node.cluster
    height = driver.node.head.header.number + 1
    addresses = [validator.address for validator in cluster.validators]
    first, second = (addresses.index(cluster.get_proposer(height, r)) for r in (0, 1))
    seer, blind = (node for node in range(4) if node not in (first, second))
    cluster.links = Links((OneSeesThePolka(height, seer, blind),))
    return height, f"v{seer}"


def list_found(driver: Driver) -> list[tuple[Any, ...]]:
    found: Any = get_evidence(driver.node)
    return [(f["name"], f["kind"], f["height"], f["punishment"] is not None) for f in found]


def test_amnesia_is_proven_by_two_signatures_and_punished_in_the_next_block() -> None:
    """It precommits one block and prevotes another without a polka; then it signs no more."""
    driver = Driver()
    node = driver.node
    node.mine(3)
    height, name = cut(driver)
    node.set_behavior(name, parse_behavior("forget-locks"))
    node.mine()
    assert node.get_certificate(height).round == 1
    assert list_found(driver) == [(name, "Amnesia", height, False)]
    node.mine()
    assert list_found(driver) == [(name, "Amnesia", height, True)]
    state, address = node.open_state(), node.cluster.find(name).address
    account = read_account(lambda slot: state.get_storage(STAKING, slot), address)
    assert account.is_jailed
    assert account.slashed > 0
    node.mine(2)
    assert name not in driver.list_signers()
    assert len(driver.list_signers()) == 3


@pytest.mark.parametrize("behavior", ["honest", "forget-locks@at heights 1"])
def test_who_keeps_its_lock_is_not_accused(behavior: str) -> None:
    """Under the same schedule it prevotes nil, and the others decide without it."""
    driver = Driver()
    node = driver.node
    node.mine(3)
    height, name = cut(driver)
    node.set_behavior(name, parse_behavior(behavior))
    node.mine(4)
    assert node.get_certificate(height).round == 1
    assert list_found(driver) == []
    assert len(driver.list_signers()) == 4
