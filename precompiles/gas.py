"""Gas of our precompiles: static, known before the work, equal on every host.

    infer    = read + infer_base + per_io_byte * (input + output bytes) + macs / macs_per_gas
               + moved / moved_bytes_per_gas + peak / peak_bytes_per_gas        (each rounded up)
    register = read + register_base + register_per_byte * model bytes
               + register_per_word * stored words             (read alone if known already)
    setAlias = read + register_per_word * stored words
    quote, manifest, resolve = read

Source: form after EIP-2565 (cost from static operand sizes); slopes are configuration.
"""

from dataclasses import dataclass

from precompiles.interface import Gas
from precompiles.models.manifest import Manifest


@dataclass(frozen=True, slots=True)
class Schedule:
    """Prices in gas, rates per gas; part of the chain's configuration."""

    read: int = 2_600  # gas of one look-up in contract state, as a cold account (EIP-2929)
    per_io_byte: int = 16  # gas per tensor byte in or out, as calldata (EIP-2028)
    infer_base: int = 5_000  # gas of the fixed cost of a runtime call
    macs_per_gas: int = 100  # multiply-adds per gas
    moved_bytes_per_gas: int = 64  # bytes written by element-wise work per gas
    peak_bytes_per_gas: int = 512  # bytes of live tensors per gas
    register_base: int = 50_000  # gas of parsing and a trial session
    register_per_byte: int = 8  # gas per byte of the model
    register_per_word: int = 22_100  # gas per stored word (EIP-2200, cold)


def compute_infer_gas(schedule: Schedule, manifest: Manifest) -> Gas:
    """Gas of one `infer` call; follows declared shapes, so equal inputs cost equal gas."""
    work = manifest.work
    return Gas(
        schedule.read
        + schedule.infer_base
        + schedule.per_io_byte * (manifest.input_bytes + manifest.output_bytes)
        + _divide_up(work.macs, schedule.macs_per_gas)
        + _divide_up(work.moved_bytes, schedule.moved_bytes_per_gas)
        + _divide_up(work.peak_bytes, schedule.peak_bytes_per_gas)
    )


def compute_check_gas(schedule: Schedule, model_bytes: int) -> Gas:
    """Gas of admission, charged before the bytes are parsed."""
    return Gas(schedule.register_base + schedule.register_per_byte * model_bytes)


def _divide_up(work: int, rate: int) -> int:
    return -(-work // rate)
