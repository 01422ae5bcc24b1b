"""Thresholds of voting power, in integers by cross-multiplication.

Source: arXiv 1807.04938, section 3: 2f+1 and f+1 of 3f+1, weighted by power.
"""


def is_quorum(power: int, total: int) -> bool:
    """More than two thirds (2f+1): two quorums share a correct validator."""
    return 3 * power > 2 * total


def is_third(power: int, total: int) -> bool:
    """More than one third (f+1): at least one of them is correct."""
    return 3 * power > total


def compute_quorum(total: int) -> int:
    """The least power that is a quorum."""
    return 2 * total // 3 + 1


def compute_third(total: int) -> int:
    """The least power that is more than a third."""
    return total // 3 + 1
