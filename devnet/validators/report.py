"""Reports of a round: who found what, who stands alone, what power is missing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from devnet.chain.block import Execution
from devnet.consensus.validator_set import ValidatorSet
from devnet.validators.diagnosis import Difference, compare_executions
from devnet.validators.validator import Opinion


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
    silent: tuple[tuple[str, str], ...]  # who did not take part, and why
    refusals: tuple[tuple[str, str], ...]  # who could not execute, and why
    disagreements: tuple[Disagreement, ...]


def build_report(
    height: int,
    round_: int,
    proposer: str,
    opinions: Sequence[Opinion],
    silent: Sequence[tuple[str, str]],
    powers: Mapping[str, int],
) -> RoundReport:
    """Group opinions by result; the group with the most power is what others are held against."""
    results: dict[bytes, list[tuple[str, Execution]]] = {}
    for opinion in opinions:
        if opinion.execution is not None:
            members = results.setdefault(opinion.execution.hash, [])
            members.append((opinion.validator, opinion.execution))
    groups = sorted(results.values(), key=lambda members: -sum(powers[name] for name, _ in members))
    disagreements = []
    for members in groups[1:]:
        difference = compare_executions(groups[0][0][1], members[0][1])
        assert difference is not None, "groups differ by hash"
        disagreements += [
            Disagreement(height, round_, name, name == proposer, difference) for name, _ in members
        ]
    return RoundReport(
        height=height,
        round=round_,
        proposer=proposer,
        groups=tuple(
            (tuple(name for name, _ in members), sum(powers[name] for name, _ in members))
            for members in groups
        ),
        silent=tuple(silent),
        refusals=tuple((o.validator, o.reason) for o in opinions if o.execution is None),
        disagreements=tuple(disagreements),
    )


def explain_halt(report: RoundReport, rounds: int, validators: ValidatorSet) -> str:
    """Why there is no block, in one line: results with their power, who is silent, what differs."""
    parts = [
        f"no block {report.height} after {rounds} rounds: a result needs power "
        f"{validators.quorum_power} of {validators.total_power}"
    ]
    for names, power in report.groups:
        parts.append(f"{', '.join(names)} (power {power}) agree on one result")
    parts += [f"{name} does not take part ({why})" for name, why in report.silent]
    parts += [f"{name} cannot answer ({reason})" for name, reason in report.refusals]
    if report.disagreements:
        parts.append(str(report.disagreements[0].difference))
    return "; ".join(parts)
