"""Diagnosis of a recorded run: forks with their culprits, halts with the power that is missing."""

from devnet.consensus.blame.fork import Fork, diagnose_fork
from devnet.consensus.blame.halt import Halt, diagnose_halt
from devnet.consensus.participation.commit import Commit
from devnet.consensus.participation.host import Status
from devnet.consensus.tendermint.message import Message
from devnet.consensus.validator_set import ValidatorSet
from devnet.lab.simulation import Simulation


def list_messages(simulation: Simulation, height: int) -> tuple[Message, ...]:
    """The union of all that was said at a height, by anybody to anybody."""
    return tuple(
        message
        for _, message in simulation.list_sent()
        if not isinstance(message, Status | Commit) and message.height == height
    )


def find_forks(simulation: Simulation) -> tuple[Fork, ...]:
    """Every height at which honest code decided two values, and who is to blame."""
    values: dict[int, dict[bytes, None]] = {}
    for node in simulation.nodes:
        for height, value in enumerate(node.values.decided, 1):
            values.setdefault(height, {})[value] = None
    return tuple(
        diagnose_fork(
            *(height, tuple(decided), list_messages(simulation, height)),
            get_validators(simulation, height),
        )
        for height, decided in sorted(values.items())
        if len(decided) > 1
    )


def explain_halt(simulation: Simulation) -> Halt:
    """Why the lowest undecided height of the correct nodes does not end."""
    height = min(len(node.values.decided) for node in simulation.correct) + 1
    absent = {
        node.address: node.absence
        for node in simulation.nodes[: len(simulation.setup.powers)]
        if node.absence
    }
    members = get_validators(simulation, height)
    return diagnose_halt(height, members, list_messages(simulation, height), absent)


def get_validators(simulation: Simulation, height: int) -> ValidatorSet:
    """Who decides a height, as whoever is furthest knows it."""
    furthest = max(simulation.nodes, key=lambda node: node.ledger.height)
    return furthest.ledger.get_validators(height)
