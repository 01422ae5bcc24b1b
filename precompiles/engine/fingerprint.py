"""Engine fingerprint: hash of what decides the bits of a `pinned` model on this host."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import numpy as np
import onnxruntime as ort
from numpy._core._multiarray_umath import __cpu_features__

from precompiles.engine.description import hash_description

_OPTIONS = "cpu, 1 thread, sequential, no graph optimisation"
_CANONICAL = "quiet NaN, no negative zero"
_CPU_FLAGS = (
    *("sse4_2", "avx", "avx2", "fma", "avx512f"),
    *("avx512_vnni", "avx_vnni", "amx_int8", "asimd"),
)
_ASKED = {  # what numpy asks the processor: an emulator shows /proc/cpuinfo of its host
    "sse4_2": "SSE42",
    "avx": "AVX",
    "avx2": "AVX2",
    "fma": "FMA3",
    "avx512f": "AVX512F",
    "avx512_vnni": "AVX512VNNI",
    "avx_vnni": "AVX2",
    "amx_int8": "AVX512F",
}


@cache
def describe_engine() -> Mapping[str, str]:
    """What goes into the fingerprint, readable."""
    return {
        "runtime": f"onnxruntime {ort.__version__}",
        "numpy": np.__version__,
        "options": _OPTIONS,
        "instructionSet": " ".join(_read_cpu_flags()),
        "canonical": _CANONICAL,
    }


@cache
def compute_fingerprint() -> bytes:
    """32 bytes; equal on two hosts that give a `pinned` model equal bits."""
    return hash_description(describe_engine())


def _read_cpu_flags() -> tuple[str, ...]:
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        import platform

        return (platform.machine(),)
    present = {
        flag
        for line in text.splitlines()
        if line.startswith(("flags", "Features"))
        for flag in line.split(":", 1)[1].split()
    }
    return tuple(flag for flag in _CPU_FLAGS if flag in present and _is_there(flag))


def _is_there(flag: str) -> bool:
    return bool(__cpu_features__.get(_ASKED.get(flag, flag), True))
