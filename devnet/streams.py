"""Seeded randomness, split by name: the only source of it in the project."""

from precompiles.digest import compute_keccak


def draw(seed: int, *names: str | int) -> bytes:
    """32 bytes that depend on the seed and the path of names alone."""
    path = "/".join(str(name) for name in names)
    return compute_keccak(b"devnet/" + seed.to_bytes(32, "big") + path.encode())
