"""Other hosts, as processes on this one: what they run, on which processor.

| host        | computes with                                                | needs            |
|-------------|--------------------------------------------------------------|------------------|
| optimised   | ONNX Runtime, every graph optimisation                       |                  |
| unpacked    | ONNX Runtime, weights not packed for the kernel              |                  |
| numpy       | ONNX's evaluator on numpy                                    |                  |
| numpy:CORE  | the same with another processor's kernels, as numpy:Haswell  | x86-64 or ARM64  |
| cpu:NAME    | ONNX Runtime on an emulated processor, as cpu:Haswell        | qemu-x86_64      |
| python:PATH | another installation: other versions of runtime or numpy     | devnet in it     |
"""

import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from precompiles.engine.foreign.options import OptimisedEngine, UnpackedEngine
from precompiles.engine.foreign.plain_numpy import NumpyEngine
from precompiles.engine.local import LocalEngine

ENGINES: Mapping[str, type[LocalEngine]] = {
    "runtime": LocalEngine,
    "optimised": OptimisedEngine,
    "unpacked": UnpackedEngine,
    "numpy": NumpyEngine,
}
DEFAULT = "numpy:Nehalem"
_FORMS = ("optimised", "unpacked", "numpy", "numpy:CORE", "cpu:NAME", "python:PATH")
_OLD_CORES = ("prescott", "core2", "nehalem", "sandybridge")  # without AVX2 and FMA
_NEW_FEATURES = (  # that numpy knows by these names in one release or another
    "X86_V3 X86_V4 AVX2 FMA3 AVX512F AVX512CD AVX512_SKX AVX512_CLX AVX512_CNL AVX512_ICL "
    "AVX512_SPR"
)
_EMULATOR = "qemu-x86_64"


@dataclass(frozen=True, slots=True)
class ForeignHost:
    """How a worker is started that computes as another host does."""

    engine: str = "runtime"  # of ENGINES
    command: tuple[str, ...] = (sys.executable,)
    environment: tuple[tuple[str, str], ...] = ()
    is_emulated: bool = False  # the emulator talks about features that it lacks


def parse_host(text: str) -> ForeignHost:
    """Read a host as the table writes it.

    Raises: LookupError with what exists or what is missing.
    """
    name, _, detail = text.partition(":")
    if name in ("optimised", "unpacked", "numpy") and not detail:
        return ForeignHost(name)
    if name == "numpy":
        environment = [("OPENBLAS_CORETYPE", detail)]
        if detail.lower() in _OLD_CORES:
            environment.append(("NPY_DISABLE_CPU_FEATURES", _NEW_FEATURES))
        return ForeignHost(name, environment=tuple(environment))
    if name == "cpu" and detail:
        emulator = shutil.which(_EMULATOR)
        if emulator is None:
            raise LookupError(
                f"host '{text}' needs {_EMULATOR}: install qemu-user, or use 'numpy:CORE'"
            )
        return ForeignHost(command=(emulator, "-cpu", detail, sys.executable), is_emulated=True)
    if name == "python" and detail:
        if shutil.which(detail) is None:
            raise LookupError(f"host '{text}': there is no Python at {detail}")
        return ForeignHost(command=(detail,))
    near = get_close_matches(text, _FORMS, n=1)
    hint = f"did you mean '{near[0]}'?" if near else f"there are {', '.join(_FORMS)}"
    raise LookupError(f"no host '{text}'; {hint}")
