"""Lets py-evm and the libraries under it hash with the C keccak that we use ourselves.

They share one hasher, which would choose pycryptodome: five times slower on 32 bytes.
"""

from eth_hash.auto import keccak

from precompiles.digest import compute_keccak


def bind_keccak() -> None:
    """Replace the hasher's function for this process; the digests are the same."""
    keccak.hasher = compute_keccak
