"""What validators say of their own results before they vote, and how it is signed.

Both bind chain, height, round and value, so that neither can be said again elsewhere.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import TypeAlias

from devnet.consensus.vote import Recover
from devnet.errors import BadSignature
from precompiles.digest import compute_keccak

Sign: TypeAlias = Callable[[bytes], bytes]  # digest: signature
_COMMITTED = compute_keccak(b"devnet.committed.v1")
_CLAIMED = compute_keccak(b"devnet.claimed.v1")


@dataclass(frozen=True, slots=True)
class Committed:
    """A commitment to each inference of a block, before the proposer's outputs are known."""

    height: int
    round: int
    value: bytes
    commitments: tuple[bytes, ...]
    validator: bytes
    signature: bytes = b""


@dataclass(frozen=True, slots=True)
class Claimed:
    """The digest of a validator's own outputs, inference by inference."""

    height: int
    round: int
    value: bytes
    digests: tuple[bytes, ...]
    validator: bytes
    salt: bytes = b""  # opens the commitments, if there were any
    signature: bytes = b""


Said: TypeAlias = Committed | Claimed
Place: TypeAlias = tuple[int, int, bytes]  # height, round, value


class Phase(Enum):
    """What ends when a time is over."""

    COMMITTING = "commitments that come later do not count"
    WAITING = "nobody is waited for: digests are told"
    CLAIMING = "claims that come later do not count"


@dataclass(frozen=True, slots=True)
class Due:
    """The time for a phase of a hearing is over."""

    height: int
    round: int
    value: bytes
    phase: Phase


def sign_said(said: Said, chain_id: int, sign: Sign) -> Said:
    """The statement with its signature."""
    return replace(said, signature=sign(_compute_digest(said, chain_id)))


def is_said(said: Said, chain_id: int, recover: Recover) -> bool:
    """Whether its validator has signed it; False as well for bytes that are no signature."""
    try:
        return recover(said.signature, _compute_digest(said, chain_id)) == said.validator
    except BadSignature:
        return False


def _compute_digest(said: Said, chain_id: int) -> bytes:
    claimed = isinstance(said, Claimed)
    words: Sequence[bytes] = (
        _CLAIMED if claimed else _COMMITTED,
        *(number.to_bytes(32, "big") for number in (chain_id, said.height, said.round)),
        said.value,
        *(said.digests if isinstance(said, Claimed) else said.commitments),
        said.salt.rjust(32, b"\0") if isinstance(said, Claimed) else b"",
    )
    return compute_keccak(b"".join(words))
