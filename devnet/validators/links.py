"""Links: how validators of one process hear each other: rules of the network, who is cut off."""

from dataclasses import dataclass

from devnet.network.fault import Partition
from devnet.network.rule import Rule

FOREVER_US = 2**63 - 1

Groups = tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class Links:
    """Whole and without delay unless rules say otherwise."""

    rules: tuple[Rule, ...] = ()
    groups: Groups = ()  # nodes by side of a partition that is among the rules
    until_us: int = FOREVER_US  # when that ends

    def list_groups(self, now_us: int) -> Groups:
        """The sides that do not hear each other at a time."""
        return self.groups if now_us < self.until_us else ()

    def is_linked(self, first: int, second: int, now_us: int) -> bool:
        """Whether two nodes hear each other at a time."""
        groups = self.list_groups(now_us)
        sides = [n for node in (first, second) for n, group in enumerate(groups) if node in group]
        return len(sides) < 2 or sides[0] == sides[1]


def cut_links(groups: Groups) -> Links:
    """A partition that stays; no groups, no cut."""
    return Links((Partition(groups),), groups) if groups else Links()
