"""Timeouts: how long a step may take, longer with every round.

Source: arXiv 1807.04938, section 3 (timeoutX(r) = init + r * delta); defaults of CometBFT.
"""

from dataclasses import dataclass

from devnet.consensus.tendermint.state import Step


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Microseconds of virtual or real time."""

    propose_us: int = 3_000_000
    prevote_us: int = 1_000_000
    precommit_us: int = 1_000_000
    delta_us: int = 500_000  # more for each round
    commit_us: int = 1_000_000  # between a decision and the next height
    retry_us: int = 10_000_000  # until what was said is said again

    def compute_us(self, step: Step, round_: int) -> int:
        """How long after scheduling the timeout of a step is over."""
        first = (self.propose_us, self.prevote_us, self.precommit_us)[step]
        return first + round_ * self.delta_us
