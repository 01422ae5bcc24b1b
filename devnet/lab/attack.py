"""Attacks: faulty validators that act together on a divided or an open network, from one number.

| attack    | what the faulty do                                                | beyond a third |
|-----------|-------------------------------------------------------------------|----------------|
| silence   | say nothing                                                        | halt           |
| collusion | one adversary sees all and tells each side of the network its own truth | fork       |
| twins     | run twice, once on each side of the network                        | fork           |
"""

from dataclasses import dataclass
from enum import Enum

from devnet.consensus.blame.fork import Fork
from devnet.consensus.blame.halt import Halt
from devnet.lab.diagnosis import explain_halt, find_forks
from devnet.lab.simulation import Setup, Simulation
from devnet.network.fault import Partition
from devnet.network.latency import Uniform
from devnet.streams import Stream
from devnet.validators.faults.fault import parse_fault

HEIGHTS = 3
LIMIT_US = 20_000_000


class Attack(Enum):
    """How the faulty act together."""

    SILENCE = "silence"
    COLLUSION = "collusion"
    TWINS = "twins"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attack ended."""

    forks: tuple[Fork, ...]
    halt: Halt | None  # if some correct validator did not get through
    faulty: tuple[bytes, ...]


def run_attack(attack: Attack, seed: int, validators: int, faulty: int) -> Outcome:
    """Let the last so many of a shuffled set attack the others."""
    simulation = Simulation(build_attack(attack, seed, validators, faulty), record=True)
    is_decided = simulation.run(HEIGHTS, LIMIT_US)
    correct = {node.address: None for node in simulation.correct}
    return Outcome(
        find_forks(simulation),
        None if is_decided else explain_halt(simulation),
        tuple(m.address for m in simulation.validators.members if m.address not in correct),
    )


def build_attack(attack: Attack, seed: int, validators: int, faulty: int) -> Setup:
    """Equal powers; the correct validators are divided evenly, except against silence."""
    stream = Stream(seed, "attack", attack.value, validators, faulty)
    order = list(range(validators))
    for place in range(validators - 1, 0, -1):
        other = stream.draw_below(place + 1)
        order[place], order[other] = order[other], order[place]
    bad, good = tuple(order[:faulty]), order[faulty:]
    latency = Uniform(1_000, 2_000 + stream.draw_below(60_000))
    sides = (tuple(good[::2]), tuple(good[1::2]))
    if attack is Attack.SILENCE:
        silent = (parse_fault("drop-votes"), parse_fault("drop-proposals"))
        faults = dict.fromkeys(bad, silent)
        return Setup((1,) * validators, (latency,), faults, seed=seed)
    if attack is Attack.COLLUSION:
        rules = (Partition(sides), latency)
        return Setup((1,) * validators, rules, colluders=bad, sides=sides, seed=seed)
    doubles = tuple(range(validators, validators + faulty))
    divided = Partition(((*sides[0], *bad), (*sides[1], *doubles)))
    return Setup((1,) * validators, (divided, latency), twins=bad, seed=seed)
