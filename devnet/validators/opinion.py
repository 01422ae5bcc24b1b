"""Opinion: what one validator found when it checked a proposal."""

from dataclasses import dataclass

from devnet.chain.block import Execution
from devnet.consensus.vote import NIL
from devnet.validators.agreement.adoption import Finding


@dataclass(frozen=True, slots=True)
class Opinion:
    """A result, or why there is none."""

    validator: str
    execution: Execution | None  # its own result, if it could execute at all
    reason: str  # why it did not sign the block, empty if it did
    digests: tuple[bytes, ...] = ()  # of its own outputs, where the rule is not exact bits
    findings: tuple[Finding, ...] = ()  # where they differ from the proposed ones
    dissent: tuple[tuple[bytes, str], ...] = ()  # whose claims were counted against the block
    value: bytes = NIL  # the block that was proposed to it
