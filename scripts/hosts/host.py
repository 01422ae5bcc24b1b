"""Hosts to compare: this processor as it is and told to be another, emulated ones, other libraries.

What cannot be had here is named with what to install.
"""

import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from caching import lock

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache" / "hosts"
PROCESSORS = ("Nehalem", "Haswell", "EPYC-Rome", "max")
CORES = ("Nehalem", "Haswell", "Zen", "SkylakeX")  # kernels that OpenBLAS can be told to take
OLD_NUMPY, NEW_PYTHON = "1.26.4", "3.13"
_NEEDED = ("onnx", "cbor2", "eth-abi", "safe-pysha3")
_WHEELS = tuple(f"manylinux_2_{glibc}_aarch64" for glibc in (28, 27, 26, 17))
_DEBIAN = "python3.11,libpython3.11-stdlib,libssl3,zlib1g,libexpat1,libffi8,libstdc++6,libgcc-s1"
_NO_PYTHON = (
    f"no Python {NEW_PYTHON}: install one ('pyenv install {NEW_PYTHON}', or the package "
    f"python{NEW_PYTHON}), or set PYTHON_NEW to one"
)
_INHERITED = ("PATH", "HOME", "LANG", "TMPDIR")


@dataclass(frozen=True, slots=True)
class Host:
    """How Python is started on it."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)

    def run(self, arguments: tuple[str, ...], timeout_s: int) -> str:
        """What the program prints.

        Raises: RuntimeError with the end of its complaint.
        """
        kept = {name: os.environ[name] for name in _INHERITED if name in os.environ}
        path = os.pathsep.join(filter(None, (self.environment.get("PYTHONPATH"), str(ROOT))))
        done = subprocess.run(
            [*self.command, *arguments],
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout_s,
            env={**kept, "OPENBLAS_NUM_THREADS": "1", **self.environment, "PYTHONPATH": path},
        )
        if done.returncode:
            raise RuntimeError(f"{self.name} ended with {done.returncode}: {done.stderr[-500:]}")
        return done.stdout


def list_hosts() -> Iterator[Host]:
    """Each host that can be had; the first is this one as it is."""
    here = (sys.executable,)
    yield Host("this host, 1 thread", here)
    yield Host("this host, 2 threads", here, {"OPENBLAS_NUM_THREADS": "2"})
    for core in CORES:
        yield Host(f"OpenBLAS {core}", here, {"OPENBLAS_CORETYPE": core})
    yield from _list_libraries()
    qemu = shutil.which("qemu-x86_64")
    if qemu is None:
        print("no emulated x86: install qemu-user", file=sys.stderr)
        return
    for processor in PROCESSORS:
        yield Host(f"qemu {processor}", (qemu, "-cpu", processor, *here))


def _list_libraries() -> Iterator[Host]:
    """Other versions of numpy and Python, installed from PyPI into the cache."""
    old = _install("numpy-old", (f"numpy=={OLD_NUMPY}",), ())
    yield Host(f"numpy {OLD_NUMPY}", (sys.executable,), {"PYTHONPATH": old})
    python = _find_python()
    if python is None:
        print(_NO_PYTHON, file=sys.stderr)
        return
    options = ("--only-binary=:all:", "--python-version", NEW_PYTHON)
    newest = _install("python-new", ("numpy",), options)
    yield Host(f"Python {NEW_PYTHON}, newest numpy", (python,), {"PYTHONPATH": newest})


def build_newest() -> Host:
    """The newest Python that is supported, with all that the product needs, as pinned.

    Raises: LookupError saying how to get such a Python.
    """
    python = _find_python()
    if python is None:
        raise LookupError(_NO_PYTHON)
    pinned = ROOT / "constraints.txt"
    needed = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    digest = sha256(pinned.read_bytes() + "".join(needed).encode()).hexdigest()
    choice = ("--only-binary=:all:", "--python-version", NEW_PYTHON)
    options = (*choice, "--no-compile", "--constraint", str(pinned))
    folder = _install(f"product-{NEW_PYTHON}-{digest[:12]}", tuple(needed), options)
    return Host(f"Python {NEW_PYTHON}", (python,), {"PYTHONPATH": folder})


def _find_python() -> str | None:
    """One that runs: a shim of pyenv may stand in the path and answer nothing."""
    versions = sorted((Path.home() / ".pyenv" / "versions").glob(f"{NEW_PYTHON}.*/bin/python"))
    for python in (os.environ.get("PYTHON_NEW"), *versions, shutil.which(f"python{NEW_PYTHON}")):
        if python and not subprocess.run([python, "-V"], capture_output=True).returncode:
            return str(python)
    return None


def list_arm_hosts() -> Iterator[Host]:
    """Debian's arm64 Python with the aarch64 numpy wheel under qemu."""
    qemu, debootstrap = shutil.which("qemu-aarch64"), shutil.which("mmdebstrap")
    root = CACHE / "arm64"
    if qemu is None or (debootstrap is None and not root.exists()):
        print("no ARM64: install qemu-user and mmdebstrap", file=sys.stderr)
        return
    with lock(root):
        if not root.exists():
            fetch = [str(debootstrap), "--arch=arm64", "--variant=extract", f"--include={_DEBIAN}"]
            subprocess.run([*fetch, "bookworm", str(root)], check=True, capture_output=True)
    options = ["--only-binary=:all:", "--python-version", "3.11"]
    options += [part for tag in (*_WHEELS, "manylinux2014_aarch64") for part in ("--platform", tag)]
    wheels = _install("arm64-wheels", ("numpy",), tuple(options))
    python = str(root / "usr" / "bin" / "python3.11")
    yield Host(
        "ARM64 (qemu-aarch64)",
        (qemu, "-L", str(root), python),
        {"PYTHONPATH": wheels, "PYTHONHOME": str(root / "usr")},
    )


def _install(name: str, packages: tuple[str, ...], options: tuple[str, ...]) -> str:
    """Folder of packages, installed once."""
    target = CACHE / name
    with lock(target):
        if not target.exists():
            partial = CACHE / f"{name}.partial"
            shutil.rmtree(partial, ignore_errors=True)  # of a run that was cut off
            command = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(partial)]
            subprocess.run(
                [*command, "--disable-pip-version-check", *options, *packages, *_NEEDED],
                check=True,
                capture_output=True,
            )
            partial.rename(target)
    return str(target)
