"""Precompile 0x05, big-integer modular exponentiation, under the gas rules of each fork.

py-evm's gives 0 where the base is empty and the exponent 0, which is 1: it is replaced everywhere.
Source: EIP-198 (Byzantium), 2565 (Berlin), 7823 and 7883 (Osaka).
"""

from devnet.chain.forks.fork import Fork

MAX_LENGTH = 1_024  # bytes of each operand from Osaka on, EIP-7823


class OperandTooLong(Exception):
    """An operand is longer than the fork allows; the call fails and burns its gas."""


def compute_modexp_gas(data: bytes, fork: Fork) -> int:
    """Gas of a call.

    Raises: OperandTooLong from Osaka on.
    """
    base, exponent, modulus = _read_lengths(data)
    if fork >= Fork.OSAKA and max(base, exponent, modulus) > MAX_LENGTH:
        raise OperandTooLong(f"operands of {base}, {exponent}, {modulus} bytes, at most 1024")
    head = int.from_bytes(_read(data, 96 + base, min(exponent, 32)), "big")
    bits = max(head.bit_length() - 1, 0)
    size = max(base, modulus)
    words = -(-size // 8)
    if fork >= Fork.OSAKA:
        work = 16 if size <= 32 else 2 * words**2
        return max(500, work * max(16 * max(exponent - 32, 0) + bits, 1))
    rounds = max(8 * max(exponent - 32, 0) + bits, 1)
    if fork >= Fork.BERLIN:
        return max(200, words**2 * rounds // 3)
    return _compute_complexity(size) * rounds // 20


def compute_modexp(data: bytes) -> bytes:
    """Base to the exponent by the modulus, as long as the modulus; 0 if that is 0."""
    base, exponent, modulus = _read_lengths(data)
    if base == 0 and modulus == 0:
        return b""
    b = int.from_bytes(_read(data, 96, base), "big")
    e = int.from_bytes(_read(data, 96 + base, exponent), "big")
    m = int.from_bytes(_read(data, 96 + base + exponent, modulus), "big")
    return (pow(b, e, m) if m else 0).to_bytes(modulus, "big")


def _compute_complexity(size: int) -> int:  # EIP-198
    if size <= 64:
        return size**2
    if size <= 1024:
        return size**2 // 4 + 96 * size - 3_072
    return size**2 // 16 + 480 * size - 199_680


def _read_lengths(data: bytes) -> tuple[int, int, int]:
    base, exponent, modulus = (_read(data, offset, 32) for offset in (0, 32, 64))
    return tuple(int.from_bytes(word, "big") for word in (base, exponent, modulus))  # type: ignore[return-value]


def _read(data: bytes, offset: int, size: int) -> bytes:
    """`size` bytes, with zeros where the data has ended."""
    return data[offset : offset + size].ljust(size, b"\0")
