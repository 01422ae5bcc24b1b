"""Manifest: what the chain knows of a model; stored in contract state as canonical CBOR."""

from dataclasses import dataclass
from enum import IntEnum

import cbor2

from precompiles.tensor import DType, TensorType


class Profile(IntEnum):
    """Determinism class (DESIGN section 5)."""

    EXACT = 0  # same bits on every host by construction
    PORTABLE = 1  # floats to the same bits on every host by our own evaluator
    PINNED = 2  # same bits only under an equal engine fingerprint


@dataclass(frozen=True, slots=True)
class Work:
    """Static work of one run, from declared shapes alone."""

    macs: int  # multiply-adds, or what takes as long
    moved_bytes: int  # bytes written by every operator
    peak_bytes: int  # bytes of all tensors, weights and scratch space (upper bound)
    portable_macs: int = 0  # time of a portable model, in multiply-adds of its own products


@dataclass(frozen=True, slots=True)
class Manifest:
    """One admitted model."""

    model_id: bytes  # 32 bytes
    profile: Profile
    size_bytes: int
    work: Work
    inputs: tuple[TensorType, ...]
    outputs: tuple[TensorType, ...]
    dimensions: tuple[tuple[str, int], ...] = ()  # sizes given to dynamic dimensions, sorted

    @property
    def input_bytes(self) -> int:
        return sum(tensor.size_bytes for tensor in self.inputs)

    @property
    def output_bytes(self) -> int:
        return sum(tensor.size_bytes for tensor in self.outputs)


@dataclass(frozen=True, slots=True)
class Registration:
    """A manifest in contract state and who put it there."""

    manifest: Manifest
    owner: bytes  # 20 bytes


def encode_registration(registration: Registration) -> bytes:
    """Canonical CBOR: equal registrations have equal bytes."""
    manifest = registration.manifest
    work = manifest.work
    portable = (work.portable_macs,) if manifest.profile is Profile.PORTABLE else ()
    return cbor2.dumps(
        [
            registration.owner,
            manifest.model_id,
            int(manifest.profile),
            manifest.size_bytes,
            [work.macs, work.moved_bytes, work.peak_bytes, *portable],
            [_pack(tensor) for tensor in manifest.inputs],
            [_pack(tensor) for tensor in manifest.outputs],
            [list(binding) for binding in manifest.dimensions],
        ],
        canonical=True,
    )


def decode_registration(data: bytes) -> Registration:
    """Inverse of `encode_registration`; the bytes come from contract state, so they are sound."""
    owner, model_id, profile, size, work, inputs, outputs, dimensions = cbor2.loads(data)
    manifest = Manifest(
        model_id=model_id,
        profile=Profile(profile),
        size_bytes=size,
        work=Work(*work),
        inputs=tuple(_unpack(tensor) for tensor in inputs),
        outputs=tuple(_unpack(tensor) for tensor in outputs),
        dimensions=tuple((name, size) for name, size in dimensions),
    )
    return Registration(manifest, owner)


def _pack(tensor: TensorType) -> list[object]:
    return [tensor.name, int(tensor.dtype), list(tensor.shape)]


def _unpack(packed: tuple[str, int, list[int]]) -> TensorType:
    name, dtype, shape = packed
    return TensorType(name, DType(dtype), tuple(shape))
