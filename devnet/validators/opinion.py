"""Opinion: what one validator found when it checked a proposal."""

from dataclasses import dataclass

from devnet.chain.block import Execution


@dataclass(frozen=True, slots=True)
class Opinion:
    """A result, or why there is none."""

    validator: str
    execution: Execution | None  # its own result, if it could execute at all
    reason: str  # why it did not sign the block, empty if it did
