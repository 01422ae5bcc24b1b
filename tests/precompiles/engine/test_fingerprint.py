"""Engine fingerprint: a digest of what decides bits, the same in every process of a host."""

import os
import subprocess
import sys
from pathlib import Path

import cbor2
import numpy as np
import onnxruntime as ort
import pytest
from eth_utils.crypto import keccak

from precompiles.engine.fingerprint import compute_fingerprint, describe_engine

ROOT = Path(__file__).resolve().parents[3]


def test_fingerprint_is_the_digest_of_the_description() -> None:
    """Anyone can recompute it from what `describe_engine` prints."""
    described = cbor2.dumps(dict(sorted(describe_engine().items())), canonical=True)
    assert compute_fingerprint() == keccak(described)


def test_description_names_everything_that_decides_bits() -> None:
    """Runtime and array library with versions, options, instruction set, canonical policy."""
    described = describe_engine()
    assert described["runtime"] == f"onnxruntime {ort.__version__}"
    assert described["numpy"] == np.__version__
    assert "1 thread" in described["options"]
    assert "no graph optimisation" in described["options"]
    assert described["instructionSet"]
    assert "NaN" in described["canonical"]


def test_fingerprint_is_equal_in_another_process() -> None:
    """Neither hash seed nor import order shows."""
    code = (
        "from precompiles.engine.fingerprint import compute_fingerprint;"
        "print(compute_fingerprint().hex())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": "7"},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.strip() == compute_fingerprint().hex()


def test_instruction_set_lists_flags_in_a_fixed_order() -> None:
    """A host's order of flags does not change its fingerprint."""
    flags = describe_engine()["instructionSet"].split()
    assert len(flags) == len(set(flags))
    known = ["sse4_2", "avx", "avx2", "fma", "avx512f"]
    assert [flag for flag in known if flag in flags] == [flag for flag in flags if flag in known]


def test_an_extension_that_the_processor_denies_does_not_count(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The kernel's list is that of another processor where one is emulated."""
    text = "flags\t\t: sse4_2 avx avx2 fma avx512f avx512_vnni avx_vnni amx_int8\n"
    monkeypatch.setattr(Path, "read_text", lambda _: text)
    denied = {"AVX2": False, "FMA3": False, "AVX512F": False, "AVX512VNNI": False}
    monkeypatch.setattr(
        "precompiles.engine.fingerprint.__cpu_features__", {"SSE42": True, "AVX": True, **denied}
    )
    describe_engine.cache_clear()
    try:
        assert describe_engine()["instructionSet"] == "sse4_2 avx"
    finally:
        describe_engine.cache_clear()
