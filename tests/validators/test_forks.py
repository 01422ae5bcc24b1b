"""Two of four with two faces and a partition: both blocks get a quorum, and the culprits a name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devnet.consensus.participation.signing import KeySigner
from devnet.consensus.tendermint.message import NO_ROUND, Message, Precommit, Prevote, Proposal
from devnet.streams import draw
from devnet.validators.proposer import Ingredients
from devnet.validators.station import Letter

if TYPE_CHECKING:
    from tests.conftest import Driver

FRESH = bytes.fromhex("f5" * 20)


def test_a_second_decision_is_a_fork_with_culprits(driver: Driver) -> None:
    """The chain keeps the first; who decided otherwise stands still, and says why."""
    driver.node.mine()
    cluster = driver.node.cluster
    height = driver.node.head.header.number + 1
    proposer = cluster.find("v1")
    assert cluster.get_proposer(height) == proposer.address
    parent, state = cluster.head, driver.node.timeline
    certificate, select = cluster.find_certificate(height - 1), driver.node._select
    ingredients = Ingredients(parent.timestamp + 7, certificate, select, print)
    other = proposer.propose(0, ingredients)
    driver.node.split([["v1", "v2", "v3"], ["v0"]])
    driver.node.mine()
    assert driver.node.timeline == state
    assert driver.list_signers() == ["v1", "v2", "v3"]
    chosen, value = driver.node.head.hash, other.block.hash
    assert chosen != value

    turns, fabric = cluster._turns, cluster._assembly.fabric
    said: list[Message] = [Proposal(height, 0, value, NO_ROUND, proposer.address)]
    for name in ("v1", "v2", "v3"):
        address = cluster.find(name).address
        said.append(Prevote(height, 0, value, NO_ROUND, address))
        said.append(Precommit(height, 0, value, bytes(32), address))
    for message in said:
        index = next(i for i, v in enumerate(cluster.validators) if v.address == message.validator)
        signer = KeySigner(draw(0, "validator", index), 31337, turns.get_set_hash)
        signed = signer.sign(message)
        cluster._assembly.transcript.add(signed)
        fabric.schedule(0, Letter(signed, other), 0)
    driver.send(FRESH)
    (fork,) = cluster.record.forks
    assert (fork.height, fork.values) == (height, (chosen, value))
    assert fork.is_accounted_for
    assert fork.culprits == tuple(cluster.find(name).address for name in ("v1", "v2", "v3"))
    assert driver.node.history.get_hash(height) == chosen
    assert cluster.find("v0").stuck == (
        f"at block {height}: decided 0x{value.hex()}, the chain has another"
    )
    driver.node.heal()
    driver.send(FRESH)
    assert driver.list_signers() == ["v1", "v2", "v3"]
