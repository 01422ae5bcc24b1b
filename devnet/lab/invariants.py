"""Invariants: what must hold of a recorded run, whatever the network and the faulty did.

| invariant     | holds if                                                                     |
|---------------|------------------------------------------------------------------------------|
| agreement     | correct validators decided the same value at every height                     |
| validity      | every decided value is well formed and was proposed                           |
| lock          | correct precommits of a round are for one value; after a decision in round r, |
|               | correct precommits of later rounds are for the decided value                  |
| certificate   | every decision of a correct validator carries a sound commit                  |
| one vote      | no correct validator, nor one that only crashes, signs twice for one place    |
| blame         | evidence among all messages names nobody of those                              |
"""

from collections.abc import Iterator

from devnet.consensus.blame.evidence import get_culprit, is_same_content
from devnet.consensus.blame.fork import find_evidence
from devnet.consensus.participation.commit import Commit, check_commit
from devnet.consensus.participation.host import Status
from devnet.consensus.tendermint.message import Message, Precommit, Proposal
from devnet.consensus.vote import NIL
from devnet.errors import BadCertificate
from devnet.lab.node import Node
from devnet.lab.simulation import Simulation
from devnet.lab.values import is_made_for
from devnet.validators.faults.fault import Strategy

_BENIGN = (Strategy.CRASH, Strategy.PAUSE)  # faults of a validator that says nothing wrong


def find_violations(simulation: Simulation) -> tuple[str, ...]:
    """What does not hold; empty if all is well. Needs a simulation that records."""
    messages = [
        (node, message)
        for node, message in simulation.list_sent()
        if not isinstance(message, Status | Commit)
    ]
    return (
        *_check_agreement(simulation),
        *_check_validity(simulation, [message for _, message in messages]),
        *_check_locks(simulation, messages),
        *_check_certificates(simulation),
        *_check_single_votes(simulation, messages),
        *_check_blame(simulation, [message for _, message in messages]),
    )


def list_benign(simulation: Simulation) -> tuple[Node, ...]:
    """Correct nodes and those that are only absent at times."""
    twins = [simulation.addresses[i] for i in simulation.setup.twins]
    return tuple(
        node
        for node in simulation.nodes
        if node.address not in twins and all(f.strategy in _BENIGN for f in node.faults)
    )


def _check_agreement(simulation: Simulation) -> Iterator[str]:
    decided: dict[int, tuple[Node, bytes]] = {}
    for node in list_benign(simulation):
        for height, value in enumerate(node.values.decided, 1):
            first, other = decided.setdefault(height, (node, value))
            if other != value:
                yield (
                    f"agreement: height {height}: node {first.station.node} decided "
                    f"{other.hex()}, node {node.station.node} {value.hex()}"
                )


def _check_validity(simulation: Simulation, messages: list[Message]) -> Iterator[str]:
    proposed = {(m.height, m.value): None for m in messages if isinstance(m, Proposal)}
    for node in list_benign(simulation):
        for height, value in enumerate(node.values.decided, 1):
            if not is_made_for(value, height) or (height, value) not in proposed:
                yield f"validity: height {height}: {value.hex()} is invalid or was not proposed"


def _check_locks(simulation: Simulation, messages: list[tuple[int, Message]]) -> Iterator[str]:
    correct = {node.station.node: None for node in list_benign(simulation)}
    locked: dict[tuple[int, int], bytes] = {}
    for node, message in messages:
        if node in correct and isinstance(message, Precommit) and message.value != NIL:
            place = (message.height, message.round)
            other = locked.setdefault(place, message.value)
            if other != message.value:
                yield f"lock: two values are precommitted at height/round {place}"
    decided: dict[int, int] = {}
    for one in list_benign(simulation):
        for height in range(1, len(one.values.decided) + 1):
            round_ = one.ledger.get_commit(height).round
            decided[height] = min(round_, decided.get(height, round_))
    values = {h: v for n in simulation.correct[:1] for h, v in enumerate(n.values.decided, 1)}
    for (height, round_), value in locked.items():
        if height in values and round_ >= decided[height] and value != values[height]:
            yield (
                f"lock: height {height} was decided in round {decided[height]}, another value "
                f"is precommitted in round {round_}"
            )


def _check_certificates(simulation: Simulation) -> Iterator[str]:
    for node in simulation.correct:
        for height in range(1, len(node.values.decided) + 1):
            commit = node.ledger.get_commit(height)
            try:
                check_commit(commit, node.ledger.get_validators(height), simulation.verifier)
            except BadCertificate as unsound:
                yield f"certificate: height {height}, node {node.station.node}: {unsound}"


def _check_single_votes(
    simulation: Simulation, messages: list[tuple[int, Message]]
) -> Iterator[str]:
    owners = {node.address: node.station.node for node in list_benign(simulation)}
    said: dict[tuple[bytes, type[Message], int, int], Message] = {}
    for _, message in messages:
        if message.validator in owners:
            place = (message.validator, type(message), message.height, message.round)
            first = said.setdefault(place, message)
            if first is not message and not is_same_content(first, message):
                yield (
                    f"one vote: node {owners[message.validator]} signed two of "
                    f"{type(message).__name__.lower()} {message.height}/{message.round}"
                )


def _check_blame(simulation: Simulation, messages: list[Message]) -> Iterator[str]:
    owners = {node.address: node.station.node for node in list_benign(simulation)}
    by_height: dict[int, list[Message]] = {}
    for message in messages:
        if simulation.verifier.is_signed(message):
            by_height.setdefault(message.height, []).append(message)
    for height, said in by_height.items():
        for proof in find_evidence(said):
            if get_culprit(proof) in owners:
                kind = type(proof).__name__
                yield f"blame: {kind} at height {height} names {owners[get_culprit(proof)]}"
