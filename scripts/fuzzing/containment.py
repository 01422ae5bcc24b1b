"""Containment: hostile files tried one by one in this process, timed and weighed.

One line of JSON a file on stdout: outcome, seconds, peak megabytes. A missing line is a crash.
Peaks are of the whole process, as the kernel counts them; what a file left behind is given back.
"""

import ctypes
import gc
import json
import sys
import time
from pathlib import Path

import numpy as np

from precompiles.dtypes import NUMPY_DTYPES
from precompiles.engine.session import build_session, run_session
from precompiles.errors import PrecompileError, Revert
from precompiles.models.admission import admit_model
from precompiles.models.manifest import Manifest


def contain(folder: Path) -> None:
    """Every file of a folder, in the order of its index."""
    for file in json.loads((folder / "index.json").read_text()):
        model = b""
        _reset_peak()
        model = (folder / file).read_bytes()
        started = time.process_time()
        outcome, reason, run_s = "admitted", "", 0.0
        try:
            manifest = admit_model(model)
        except Revert as refused:
            outcome, reason = "refused", str(refused)
        admit_s = time.process_time() - started
        if outcome == "admitted":
            started = time.process_time()
            reason = _run(model, manifest)
            run_s = time.process_time() - started
        line = {
            "file": file,
            "outcome": outcome,
            "reason": reason,
            "admit_s": admit_s,
            "run_s": run_s,
            "peak_mb": _read_peak_mb(),
        }
        print(json.dumps(line), flush=True)


def _run(model: bytes, manifest: Manifest) -> str:
    """Empty if it ran, else what the runtime said."""
    try:
        session = build_session(model)
        feed = {
            kind.name: np.ones(kind.shape, NUMPY_DTYPES[kind.dtype]) for kind in manifest.inputs
        }
        run_session(session, [kind.name for kind in manifest.outputs], feed)
    except PrecompileError as broken:
        return str(broken)
    return ""


def _reset_peak() -> None:
    gc.collect()
    ctypes.CDLL("libc.so.6").malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")


def _read_peak_mb() -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024
    return 0.0


if __name__ == "__main__":
    contain(Path(sys.argv[1]))
