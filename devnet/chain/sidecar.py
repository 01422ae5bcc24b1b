"""Blobs of a transaction on their way to a block: the network form, its commitments and proofs.

Nothing of it enters a block. Source: EIP-4844 (version 0, a proof a blob), EIP-7594 (version 1, a
proof a cell).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import rlp

from devnet.chain.forks.fork import Fork
from devnet.chain.forks.kzg import (
    BLOB_BYTES,
    CELLS_PER_BLOB,
    COMMITMENT_BYTES,
    PROOF_BYTES,
    are_blobs_proven,
    are_cells_proven,
    compute_versioned_hash,
)
from devnet.errors import BadTransaction, UnsupportedTransaction

BLOB_TYPE = 3
_CELL_VERSION = 1


@dataclass(frozen=True, slots=True)
class Sidecar:
    """Blobs with one commitment each; proofs are one a blob, or 128 from version 1 on."""

    version: int
    blobs: tuple[bytes, ...]
    commitments: tuple[bytes, ...]
    proofs: tuple[bytes, ...]

    @property
    def size_bytes(self) -> int:
        return BLOB_BYTES * len(self.blobs) + PROOF_BYTES * len(self.commitments + self.proofs)


def split_network_form(raw: bytes) -> tuple[bytes, Sidecar]:
    """A blob transaction as it stands in a block, and its sidecar.

    Raises: BadTransaction if the bytes are not `3 ‖ [body, (version,) blobs, commitments, proofs]`.
    """
    try:
        parts: Any = rlp.decode(raw[1:])
    except rlp.exceptions.RLPException as broken:
        raise BadTransaction(f"transaction does not decode: {broken}") from broken
    if isinstance(parts, bytes) or not parts or isinstance(parts[0], bytes):
        raise BadTransaction(
            "blob transaction without its blobs; send the network form, with commitments and proofs"
        )
    body, *rest = parts
    version = 0
    if len(rest) == 4:
        if rest[0] != bytes([_CELL_VERSION]):
            raise UnsupportedTransaction(f"sidecar version {rest[0]!r} is not known; use 0 or 1")
        version, rest = _CELL_VERSION, rest[1:]
    if len(rest) != 3:
        raise BadTransaction(f"a sidecar has 3 lists, {len(rest)} given")
    sizes = (BLOB_BYTES, COMMITMENT_BYTES, PROOF_BYTES)
    names = ("blob", "commitment", "proof")
    lists = [_check_items(*given) for given in zip(rest, sizes, names, strict=True)]
    return bytes([BLOB_TYPE]) + rlp.encode(body), Sidecar(version, *lists)


def encode_network_form(raw: bytes, sidecar: Sidecar) -> bytes:
    """Network form of a blob transaction that stands in a block as `raw`."""
    lists = [list(sidecar.blobs), list(sidecar.commitments), list(sidecar.proofs)]
    version = [bytes([sidecar.version])] if sidecar.version else []
    encoded: bytes = rlp.encode([rlp.decode(raw[1:]), *version, *lists])
    return bytes([BLOB_TYPE]) + encoded


def check_sidecar(sidecar: Sidecar, hashes: Sequence[bytes], fork: Fork) -> None:
    """Hold blobs to the versioned hashes that the transaction names, and to their proofs.

    Raises: BadTransaction saying which does not fit; UnsupportedTransaction for cell proofs before
        Osaka.
    """
    if sidecar.version == _CELL_VERSION and fork < Fork.OSAKA:
        raise UnsupportedTransaction("cell proofs (sidecar version 1) are known from osaka on")
    count = len(sidecar.blobs)
    per_blob = CELLS_PER_BLOB if sidecar.version == _CELL_VERSION else 1
    given = (len(hashes), len(sidecar.commitments), len(sidecar.proofs))
    if given != (count, count, count * per_blob):
        raise BadTransaction(
            f"{count} blobs, but {given[0]} hashes, {given[1]} commitments, {given[2]} proofs"
        )
    for index, (commitment, named) in enumerate(zip(sidecar.commitments, hashes, strict=True)):
        found = compute_versioned_hash(commitment)
        if found != named:
            raise BadTransaction(f"blob {index} has hash 0x{found.hex()}, named is 0x{named.hex()}")
    are_proven = are_cells_proven if sidecar.version == _CELL_VERSION else are_blobs_proven
    if not are_proven(sidecar.blobs, sidecar.commitments, sidecar.proofs):
        raise BadTransaction("KZG proofs do not fit blobs and commitments")


def _check_items(items: Any, size: int, name: str) -> tuple[bytes, ...]:
    if isinstance(items, bytes):
        raise BadTransaction(f"{name}s must be a list")
    for item in items:
        if not isinstance(item, bytes) or len(item) != size:
            raise BadTransaction(f"a {name} has {size} bytes")
    return tuple(items)
