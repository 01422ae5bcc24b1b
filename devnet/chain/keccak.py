"""Lets py-evm and the libraries under it hash with the C keccak that we use ourselves.

They share one hasher, which would choose pycryptodome: four times slower on 32 bytes.
"""

from eth_hash.auto import keccak
from eth_hash.backends import pysha3


def bind_keccak() -> None:
    """Replace the hasher's function for this process; the digests are the same."""
    keccak.hasher = pysha3.keccak256  # type: ignore[assignment]  # a parameter named otherwise
