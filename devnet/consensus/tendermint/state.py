"""State of one validator at one height.

Source: arXiv 1807.04938, lines 1-9.
"""

from enum import IntEnum

from msgspec import Struct

from devnet.consensus.tendermint.message import NO_ROUND
from devnet.consensus.vote import NIL


class Step(IntEnum):
    """Where a round stands; the order matters to L36."""

    PROPOSE = 0
    PREVOTE = 1
    PRECOMMIT = 2
    DECIDED = 3


PROPOSE, PREVOTE, PRECOMMIT, DECIDED = Step


class State(Struct, frozen=True, gc=False):
    """One validator at one height (L1-L9)."""

    height: int
    round: int = NO_ROUND
    step: Step = Step.PROPOSE
    locked_value: bytes = NIL
    locked_round: int = NO_ROUND
    valid_value: bytes = NIL
    valid_round: int = NO_ROUND
    prevote_timed: bool = False  # L34 fired in this round
    precommit_timed: bool = False  # L47 fired in this round
