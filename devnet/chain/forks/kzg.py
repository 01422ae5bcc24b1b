"""KZG commitments of EIP-4844 and EIP-7594; the setup is loaded once, when first needed."""

import functools
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import ckzg
from eth.precompiles import point_evaluation

from devnet.chain.forks.blob import VERSIONED_HASH_VERSION

BLOB_BYTES = 4_096 * 32
COMMITMENT_BYTES = PROOF_BYTES = 48
CELLS_PER_BLOB = 128
BLS_MODULUS = 0x73EDA753299D7D483339D80809A1D80553BDA402FFFE5BFEFFFFFFFF00000001
_NO_PRECOMPUTATION = 0  # loads in a second; more would speed up making proofs only


@functools.cache
def load_setup() -> Any:
    """The trusted setup that comes with py-evm."""
    return ckzg.load_trusted_setup(
        str(Path(point_evaluation.TRUSTED_SETUP_PATH).resolve()), _NO_PRECOMPUTATION
    )


def compute_versioned_hash(commitment: bytes) -> bytes:
    """What a transaction names a blob by."""
    return bytes([VERSIONED_HASH_VERSION]) + hashlib.sha256(commitment).digest()[1:]


def compute_commitment(blob: bytes) -> bytes:
    """Raises: ValueError if the blob is not 4,096 field elements."""
    try:
        return bytes(ckzg.blob_to_kzg_commitment(blob, load_setup()))
    except RuntimeError as broken:
        raise ValueError("a blob is 4,096 field elements below the BLS modulus") from broken


def compute_blob_proof(blob: bytes, commitment: bytes) -> bytes:
    """One proof for a whole blob (EIP-4844)."""
    return bytes(ckzg.compute_blob_kzg_proof(blob, commitment, load_setup()))


def compute_cell_proofs(blob: bytes) -> tuple[bytes, ...]:
    """One proof for each of 128 cells (EIP-7594)."""
    _, proofs = ckzg.compute_cells_and_kzg_proofs(blob, load_setup())
    return tuple(map(bytes, proofs))


def is_proven(commitment: bytes, z: bytes, y: bytes, proof: bytes) -> bool:
    """Whether the committed polynomial is `y` at `z`."""
    try:
        return bool(ckzg.verify_kzg_proof(commitment, z, y, proof, load_setup()))
    except RuntimeError:  # not points, or not field elements
        return False


def are_blobs_proven(
    blobs: Sequence[bytes], commitments: Sequence[bytes], proofs: Sequence[bytes]
) -> bool:
    """Whether each blob has its commitment, by one proof a blob."""
    try:
        joined = map(b"".join, (blobs, commitments, proofs))
        return bool(ckzg.verify_blob_kzg_proof_batch(*joined, load_setup()))
    except RuntimeError:
        return False


def are_cells_proven(
    blobs: Sequence[bytes], commitments: Sequence[bytes], proofs: Sequence[bytes]
) -> bool:
    """Whether each blob has its commitment, by 128 proofs a blob."""
    try:
        cells = [cell for blob in blobs for cell in ckzg.compute_cells(blob, load_setup())]
        repeated = [commitment for commitment in commitments for _ in range(CELLS_PER_BLOB)]
        indices = list(range(CELLS_PER_BLOB)) * len(blobs)
        return bool(
            ckzg.verify_cell_kzg_proof_batch(repeated, indices, cells, list(proofs), load_setup())
        )
    except RuntimeError:
        return False
