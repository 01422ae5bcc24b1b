"""Duplicates: two statements of one validator where a correct one makes a single statement.

Evidence by themselves: both are signed.
"""

from dataclasses import dataclass
from typing import TypeAlias

from devnet.consensus.tendermint.message import Ballot, Proposal


@dataclass(frozen=True, slots=True)
class DuplicateVote:
    """Two votes for different contents in one height, round and step."""

    first: Ballot
    second: Ballot


@dataclass(frozen=True, slots=True)
class DuplicateProposal:
    """Two proposals for one height and round."""

    first: Proposal
    second: Proposal


Duplicate: TypeAlias = DuplicateVote | DuplicateProposal
