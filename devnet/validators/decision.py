"""Decisions: what a cluster gives when a height is decided."""

from dataclasses import dataclass

from devnet.chain.block import Execution
from devnet.consensus.certificate import Certificate


@dataclass(frozen=True, slots=True)
class Decision:
    """A final block."""

    block: Execution
    certificate: Certificate
