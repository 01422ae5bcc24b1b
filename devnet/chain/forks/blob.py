"""Blob gas: the schedule of each fork, excess and base fee.

Source: EIP-4844, 7691, 7840, 7892 (schedule), 7918 (reserve price).
"""

from dataclasses import dataclass

from devnet.chain.forks.fork import Fork
from devnet.chain.header import CANCUN_LENGTH, Header

GAS_PER_BLOB = 1 << 17
MIN_BLOB_BASE_FEE = 1  # wei
BLOB_BASE_COST = 1 << 13  # execution gas that a blob must cost at least, EIP-7918
VERSIONED_HASH_VERSION = 1
MAX_BLOBS_PER_TRANSACTION = 6  # from Osaka on, EIP-7594
_MAX_RATIO = 177  # excess to fraction; e**178 does not fit 256 bits


@dataclass(frozen=True, slots=True)
class BlobParameters:
    """Blobs per block and how fast their price moves."""

    target: int
    maximum: int
    update_fraction: int


NO_BLOBS = BlobParameters(0, 0, 1)
DEFAULT_BLOBS = {  # EIP-4844, 7691; BPO1 and BPO2 as on mainnet
    Fork.CANCUN: BlobParameters(3, 6, 3_338_477),
    Fork.PRAGUE: BlobParameters(6, 9, 5_007_716),
    Fork.OSAKA: BlobParameters(6, 9, 5_007_716),
    Fork.BPO1: BlobParameters(10, 15, 8_346_193),
    Fork.BPO2: BlobParameters(14, 21, 11_684_671),
}


def compute_excess_blob_gas(parent: Header, blob: BlobParameters, fork: Fork) -> int:
    """Excess blob gas of the child of `parent`; parameters and fork are the child's."""
    if parent.length < CANCUN_LENGTH:
        return 0
    total = parent.excess_blob_gas + parent.blob_gas_used
    target = blob.target * GAS_PER_BLOB
    if total < target:
        return 0
    if fork >= Fork.OSAKA:  # EIP-7918
        price = compute_blob_base_fee(parent.excess_blob_gas, blob)
        if BLOB_BASE_COST * parent.base_fee_per_gas > GAS_PER_BLOB * price:
            spare = blob.maximum - blob.target
            return parent.excess_blob_gas + parent.blob_gas_used * spare // blob.maximum
    return total - target


def compute_blob_base_fee(excess: int, blob: BlobParameters) -> int:
    """Wei per unit of blob gas; the Taylor series of EIP-4844, rounded as there."""
    assert is_payable(excess, blob), f"excess blob gas {excess} is out of reach"
    output, term, index = 0, MIN_BLOB_BASE_FEE * blob.update_fraction, 1
    while term > 0:
        output += term
        term = term * excess // (blob.update_fraction * index)
        index += 1
    return output // blob.update_fraction


def is_payable(excess: int, blob: BlobParameters) -> bool:
    """Whether the blob base fee fits 256 bits; beyond, the series would not end in time."""
    return excess <= _MAX_RATIO * blob.update_fraction
