"""Seeded randomness, split by name: the only source of it in the project."""

from hashlib import shake_128
from struct import unpack

from precompiles.digest import compute_keccak

_WORDS = 512  # drawn at a time


def draw(seed: int, *names: str | int) -> bytes:
    """32 bytes that depend on the seed and the path of names alone."""
    path = "/".join(str(name) for name in names)
    return compute_keccak(b"devnet/" + seed.to_bytes(32, "big") + path.encode())


class Stream:
    """Many numbers from one name: SHAKE-128 of `draw`, read 8 bytes at a time, little endian."""

    __slots__ = ("_block", "_key", "_words")

    def __init__(self, seed: int, *names: str | int) -> None:
        self._key = draw(seed, *names)
        self._block = 0
        self._words: list[int] = []

    def draw_word(self) -> int:
        """Uniform in 0 .. 2^64 - 1."""
        try:
            return self._words.pop()
        except IndexError:
            self._refill()
            return self._words.pop()

    def draw_below(self, bound: int) -> int:
        """Uniform in 0 .. bound - 1, for bounds far below 2^64 (the bias is bound / 2^64)."""
        words = self._words
        return (words.pop() if words else self.draw_word()) * bound >> 64

    def is_drawn(self, permille: int) -> bool:
        """True in so many of a thousand cases."""
        return self.draw_below(1000) < permille

    def _refill(self) -> None:
        block = self._key + self._block.to_bytes(8, "little")
        self._block += 1
        words = unpack(f"<{_WORDS}Q", shake_128(block).digest(8 * _WORDS))
        self._words = list(reversed(words))
