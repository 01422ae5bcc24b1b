"""Reports of a round: who found what, who stands alone, what power is missing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from devnet.chain.block import Execution
from devnet.chain.world import World
from devnet.consensus.blame.halt import Halt
from devnet.validators.diagnosis import Difference, compare_executions
from devnet.validators.opinion import Opinion
from precompiles.engine.trace import Suspect


@dataclass(frozen=True, slots=True)
class Disagreement:
    """One validator found another result than the largest group."""

    height: int
    round: int
    validator: str
    proposed: bool  # whether the disputed block was its own proposal
    difference: Difference

    def __str__(self) -> str:
        role = "proposed" if self.proposed else "found"
        return (
            f"block {self.height} round {self.round}: {self.validator} {role} another result, "
            f"{self.difference}"
        )


@dataclass(frozen=True, slots=True)
class RoundReport:
    """What happened in one round that did not, or not by all, end in agreement."""

    height: int
    round: int
    proposer: str
    groups: tuple[tuple[tuple[str, ...], int], ...]  # names and power by result, largest first
    refusals: tuple[tuple[str, str], ...]  # who could not execute, and why
    disagreements: tuple[Disagreement, ...]

    @property
    def count(self) -> int:
        """How many validators looked at the block."""
        return sum(len(names) for names, _ in self.groups) + len(self.refusals)


def build_report(
    height: int,
    round_: int,
    proposer: str,
    opinions: Sequence[Opinion],
    powers: Mapping[str, int],
    engines: Mapping[str, Suspect] = MappingProxyType({}),
    worlds: Mapping[str, World] = MappingProxyType({}),
) -> RoundReport:
    """Group opinions by result; the group with the most power is what others are held against.

    Results of different blocks are not compared: a proposer may have shown two.

    Args:
        engines: of the validators by name, to find the operator in which results part.
        worlds: likewise, to find the account.
    """
    disagreements = []
    for value in dict.fromkeys(opinion.value for opinion in opinions):
        largest, *others = _group([o for o in opinions if o.value == value], powers) or [[]]
        for members in others:
            (first, expected), (other, got) = largest[0], members[0]
            suspects = (engines[first], engines[other]) if engines else None
            states = (worlds[first], worlds[other]) if worlds else None
            difference = compare_executions(expected, got, suspects, states)
            assert difference is not None, "groups differ by hash"
            disagreements += [
                Disagreement(height, round_, name, name == proposer, difference)
                for name, _ in members
            ]
    groups = _group(opinions, powers)
    return RoundReport(
        height=height,
        round=round_,
        proposer=proposer,
        groups=tuple(
            (tuple(name for name, _ in members), sum(powers[name] for name, _ in members))
            for members in groups
        ),
        refusals=tuple((o.validator, o.reason) for o in opinions if o.execution is None),
        disagreements=tuple(disagreements),
    )


def _group(
    opinions: Sequence[Opinion], powers: Mapping[str, int]
) -> list[list[tuple[str, Execution]]]:
    """Names and results, by result, the most power first."""
    results: dict[bytes, list[tuple[str, Execution]]] = {}
    for opinion in opinions:
        if opinion.execution is not None:
            members = results.setdefault(opinion.execution.hash, [])
            members.append((opinion.validator, opinion.execution))
    return sorted(results.values(), key=lambda members: -sum(powers[name] for name, _ in members))


def explain_halt(
    report: RoundReport | None,
    halt: Halt,
    rounds: int,
    names: Mapping[bytes, str],
    partition: Sequence[Sequence[str]] = (),
) -> str:
    """Why there is no block, in one line: results with their power, who is silent, what differs.

    Args:
        report: of the last round in which anybody executed a block.
        halt: what everybody said, where nobody executed one.
        names: of validators by address.
    """
    parts = [
        f"no block {halt.height} after {rounds} round{'s' * (rounds != 1)}: a result needs power "
        f"{halt.needed} of {halt.total}"
    ]
    for group, power in report.groups if report else ():
        parts.append(f"{', '.join(group)} (power {power}) agree on one result")
    refused = dict(report.refusals) if report else {}
    is_divided = all(power < halt.needed for _, power in report.groups) if report else False
    for doing in halt.groups:
        who = [names.get(v, "0x" + v.hex()) for v in doing.validators]
        if doing.is_absent:
            parts += [f"{name} does not take part ({doing.what})" for name in who]
        elif report is None or not is_divided:
            parts.append(f"{', '.join(who)} (power {doing.power}) {doing.what}")
    parts += [f"{name} cannot answer ({reason})" for name, reason in refused.items()]
    if report and report.disagreements:
        parts.append(str(report.disagreements[0].difference))
    if partition:
        parts.append("the network is split: " + " | ".join(", ".join(side) for side in partition))
    return "; ".join(parts)
