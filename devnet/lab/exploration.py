"""Exploration: all ways in which messages of the first rounds can be lost, one height, in lockstep.

A round has three steps; a cut says who hears whom. What is lost is tried again in the next round.
Equal worlds are explored once. After the last round all arrives, and all must decide the same.
Source of the idea: Twins (arXiv 2004.10617), two copies of one validator instead of attack code.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TypeAlias

from devnet.consensus.proposer import Rotation, start_rotation
from devnet.consensus.tendermint.machine import Rules, apply
from devnet.consensus.tendermint.process import Process
from devnet.consensus.tendermint.state import Step
from devnet.consensus.validator_set import Member, ValidatorSet
from devnet.lab.world import Cut, World

FORK = "two correct nodes decided differently"
HEALED_ROUNDS = 9  # synchronous rounds in which a healed world must decide
_ROUND = ((Step.PROPOSE, Step.PREVOTE, Step.PRECOMMIT),)  # under one cut
_STEPS = tuple((step,) for step in _ROUND[0])  # each under its own
Path: TypeAlias = tuple[Cut, ...]


@dataclass(frozen=True, slots=True)
class Counterexample:
    """Cuts, one for each step or round, that end badly."""

    path: Path
    what: str


@dataclass(frozen=True, slots=True)
class Report:
    """What an exploration saw."""

    worlds: int  # different ones after the last step
    played: int  # steps played, each once for every world that could be told apart
    violation: Counterexample | None


def explore(
    cuts: Sequence[Cut],
    holds: Sequence[bool],
    twins: int = 0,
    machine: Rules = apply,
    quorum: int | None = None,
) -> Report:
    """Try every sequence of cuts for four validators of equal power.

    Args:
        cuts: what may happen to a step.
        holds: for each round before all heals, whether a cut lasts for the whole round or another
            one may follow at every step.
        twins: how many of the first validators run twice.
    """
    level: list[tuple[World, Path]] = [(build_world(4, twins, machine, quorum), ())]
    stages = [stage for hold in holds for stage in (_ROUND if hold else _STEPS)]
    healed: dict[object, None] = {}
    played = 0
    for number, steps in enumerate(stages, 1):
        seen: dict[object, None] = {}
        following: list[tuple[World, Path]] = []
        for (world, path), cut in product(level, cuts):
            reached = world.copy()
            played += len(steps)
            for step in steps:
                reached.play(step, cut)
            if reached.is_forked():
                return Report(len(seen), played, Counterexample((*path, cut), FORK))
            key = reached.key()
            if key in seen:
                continue
            seen[key] = None
            if number < len(stages):
                following.append((reached, (*path, cut)))
                continue
            what = _heal(reached, healed)
            if what:
                return Report(len(seen), played, Counterexample((*path, cut), what))
        level = following
    return Report(len(seen), played, None)


def build_world(validators: int, twins: int, machine: Rules, quorum: int | None) -> World:
    """Fresh nodes of equal power; twins of the first ones come last."""
    addresses = [bytes([i + 1]) * 20 for i in range(validators)]
    members = ValidatorSet(tuple(Member(address, 1) for address in addresses))
    rotation: Rotation = start_rotation(members)
    seats = (*addresses, *addresses[:twins])
    nodes = tuple(
        Process(address, 1, members, rotation.get_proposer, machine, quorum) for address in seats
    )
    doubled = (*range(twins), *range(validators, validators + twins))
    return World(seats, nodes, tuple(n for n in range(len(seats)) if n not in doubled))


def list_partitions(nodes: int) -> tuple[Cut, ...]:
    """Every way to split nodes into groups that hear only themselves."""
    return tuple(
        tuple(sum(1 << other for other in range(nodes) if sides[other] == side) for side in sides)
        for sides in _list_labels(nodes)
    )


def list_cut_off(nodes: int) -> tuple[Cut, ...]:
    """Everybody hears everybody, or one node is deaf, mute, or both."""
    everybody = (1 << nodes) - 1
    cuts: list[Cut] = [(everybody,) * nodes]
    for one in range(nodes):
        alone, others = 1 << one, everybody & ~(1 << one)
        deaf = tuple(alone if node == one else everybody for node in range(nodes))
        mute = tuple(everybody if node == one else others for node in range(nodes))
        gone = tuple(alone if node == one else others for node in range(nodes))
        cuts += [deaf, mute, gone]
    return tuple(cuts)


def _list_labels(nodes: int) -> Iterator[tuple[int, ...]]:
    """Restricted growth strings: each partition once."""

    def grow(labels: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
        if len(labels) == nodes:
            yield labels
            return
        for label in range(max(labels, default=-1) + 2):
            yield from grow((*labels, label))

    return grow(())


def _heal(world: World, healed: dict[object, None]) -> str:
    """Play rounds in which everybody hears everything; why they end badly, if they do.

    `healed` collects worlds on the way that end well, so that each is followed once.
    """
    way: list[object] = []
    for _ in range(HEALED_ROUNDS):
        if world.is_decided():
            break
        world.settle()
        if world.is_forked():
            return FORK
        way.append(world.key())
        if way[-1] in healed:
            break
    else:
        if not world.is_decided():
            return f"no decision {HEALED_ROUNDS} rounds after healing"
    healed.update(dict.fromkeys(way))
    return ""
