"""Verdict: what the check says of one operator application, and why."""

from dataclasses import dataclass

from precompiles.models.graph import Node
from precompiles.models.manifest import Profile


@dataclass(frozen=True, slots=True)
class Verdict:
    """Profile of one use; None is a refusal."""

    node: Node
    profile: Profile | None
    why: str
    remedy: str = ""  # how to make it exact, or admitted

    def __str__(self) -> str:
        label = "refused" if self.profile is None else self.profile.name.lower()
        remedy = f"; {self.remedy}" if self.remedy else ""
        return f"{self.node} is {label}: {self.why}{remedy}"


def accept(node: Node, why: str = "") -> Verdict:
    """Exact, for the reason of its row unless another is given."""
    return Verdict(node, Profile.EXACT, why or node.row.why)


def pin(node: Node, why: str = "", remedy: str = "") -> Verdict:
    return Verdict(node, Profile.PINNED, why or node.row.why, remedy or node.row.remedy)


def refuse(node: Node, why: str, remedy: str = "") -> Verdict:
    return Verdict(node, None, why, remedy or node.row.remedy)
