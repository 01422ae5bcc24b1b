"""Proof of work of a header. Source: Yellow Paper appendix J (Ethash).

The computation is the package `ethash`, which is only needed to import chains that were mined.
"""

import importlib
from typing import Any

import rlp

from devnet.chain.header import Header, list_header
from devnet.errors import BadSeal, ConfigError
from precompiles.digest import compute_keccak

EPOCH_LENGTH = 30_000  # blocks
_SEAL = slice(13, 15)  # of the header's fields: mix hash and nonce


def check_seal(header: Header) -> None:
    """Hold a header to its difficulty.

    Raises: BadSeal; ConfigError if the package is not installed.
    """
    library = _load_library()
    boundary = min((1 << 256) // max(header.difficulty, 1), (1 << 256) - 1)
    if not library.verify(
        header.number // EPOCH_LENGTH,
        compute_seal_hash(header),
        header.mix_hash,
        int.from_bytes(header.nonce, "big"),
        boundary.to_bytes(32, "big"),
    ):
        raise BadSeal(
            f"block {header.number}: nonce 0x{header.nonce.hex()} is no proof of work for "
            f"difficulty {header.difficulty}"
        )


class SealCheck:
    """Checks seals; takes blank ones, which generators of test chains leave, and counts them."""

    def __init__(self, is_strict: bool = False) -> None:
        """
        Args:
            is_strict: blank seals are refused.
        """
        self._is_strict = is_strict
        self.blank = 0  # headers that were taken without proof of work

    def __call__(self, header: Header) -> None:
        """Raises: BadSeal; ConfigError if the package is needed and not installed."""
        if not is_blank(header):
            check_seal(header)
        elif self._is_strict:
            raise BadSeal(
                f"block {header.number}: mix hash and nonce are zero, which is no proof of work; "
                "leave --strict-seals out if the chain was never mined"
            )
        else:
            self.blank += 1


def is_blank(header: Header) -> bool:
    """Whether nobody tried to mine it."""
    return not any(header.mix_hash) and not any(header.nonce)


def accept_seal(header: Header) -> None:
    """Takes every header for mined: it was checked before, or is known to be of a test."""


def compute_seal_hash(header: Header) -> bytes:
    """What the proof is about: the header without it."""
    items = list_header(header)
    del items[_SEAL]
    return compute_keccak(rlp.encode(items))


def _load_library() -> Any:
    try:
        return importlib.import_module("ethash")
    except ImportError as missing:
        raise ConfigError(
            "proof of work is checked with the package 'ethash': pip install "
            "'inference-devnet[pow]'"
        ) from missing
