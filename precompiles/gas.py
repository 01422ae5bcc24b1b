"""Gas of our precompiles: static, known before the work, equal on every host.

    infer    = read + infer_base + io / io_bytes_per_gas + macs / macs_per_gas
               + moved / moved_bytes_per_gas + peak / peak_bytes_per_gas        (each rounded up)
               (a portable model: portable macs / portable_macs_per_gas for the macs)
    register = read + register_base + register_per_byte * model bytes
               + register_trials * infer (an exact model; a portable one: register_portable_trials)
               + register_per_word * stored words             (read alone if known already)
    setAlias, publish = read + register_per_word * stored words
    quote, manifest, resolve, release = read
    under the optimistic rule: count, execute = read + register_base
               + register_per_byte * model bytes + infer
               check, settle = read + io / io_bytes_per_gas

Source: form after EIP-2565 (cost from static operand sizes); slopes are configuration, measured by
`scripts/bench gas` so that a gas of inference takes about as long as a gas of EVM code.
"""

from dataclasses import dataclass

from precompiles.interface import Gas
from precompiles.models.manifest import Manifest, Profile


@dataclass(frozen=True, slots=True)
class Schedule:
    """Prices in gas, rates per gas; part of the chain's configuration."""

    read: int = 100  # gas of one look-up in contract state, as a warm slot (EIP-2929)
    infer_base: int = 100  # gas of the fixed cost of a runtime call
    io_bytes_per_gas: int = 64  # tensor bytes in or out per gas: copied, canonical, hashed
    macs_per_gas: int = 12_000  # multiply-adds per gas
    portable_macs_per_gas: int = 1_000  # multiply-adds, or what takes as long, of a portable model
    moved_bytes_per_gas: int = 2_048  # bytes written by operators per gas
    peak_bytes_per_gas: int = 32_768  # bytes of weights and tensors per gas
    register_base: int = 50_000  # gas of parsing and a session
    register_per_byte: int = 8  # gas per byte of the model
    register_trials: int = 16  # runs of an exact model that its registration pays for
    register_portable_trials: int = 8  # the same of a portable model
    register_per_word: int = 22_100  # gas per stored word (EIP-2200, cold)


def compute_infer_gas(schedule: Schedule, manifest: Manifest) -> Gas:
    """Gas of one `infer` call; follows declared shapes, so equal inputs cost equal gas."""
    work = manifest.work
    macs = _divide_up(work.macs, schedule.macs_per_gas)
    if manifest.profile is Profile.PORTABLE:
        macs = _divide_up(work.portable_macs, schedule.portable_macs_per_gas)
    return Gas(
        schedule.read
        + schedule.infer_base
        + compute_tensor_gas(schedule, manifest.input_bytes + manifest.output_bytes)
        + macs
        + _divide_up(work.moved_bytes, schedule.moved_bytes_per_gas)
        + _divide_up(work.peak_bytes, schedule.peak_bytes_per_gas)
    )


def compute_tensor_gas(schedule: Schedule, tensor_bytes: int) -> Gas:
    """Gas of taking tensors in or out."""
    return Gas(_divide_up(tensor_bytes, schedule.io_bytes_per_gas))


def compute_check_gas(schedule: Schedule, model_bytes: int) -> Gas:
    """Gas of admission, charged before the bytes are parsed."""
    return Gas(schedule.register_base + schedule.register_per_byte * model_bytes)


def compute_trial_gas(schedule: Schedule, manifest: Manifest) -> Gas:
    """Gas of the trial runs of a registration, charged before them; pinned models have none."""
    if manifest.profile is Profile.PINNED:
        return Gas(0)
    trials = schedule.register_trials
    if manifest.profile is Profile.PORTABLE:
        trials = schedule.register_portable_trials
    return Gas(trials * compute_infer_gas(schedule, manifest))


def _divide_up(work: int, rate: int) -> int:
    return -(-work // rate)
