"""Workers that compute as another host: float models get foreign bits, exact ones never do."""

from __future__ import annotations

import platform
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np
import pytest

from precompiles.engine.canonical import to_array
from precompiles.engine.foreign.host import ForeignHost, parse_host
from precompiles.engine.isolated import IsolatedEngine
from precompiles.engine.local import LocalEngine
from precompiles.engine.trace import first_difference
from precompiles.models.store import MemoryStore

if TYPE_CHECKING:
    from tests.precompiles.engine.foreign.conftest import Add, Pick

Start = Callable[[str], IsolatedEngine]
HOSTS = ("optimised", "unpacked", "numpy", "numpy:Haswell", "numpy:Nehalem", "cpu:Nehalem")
needs_x86 = pytest.mark.skipif(
    platform.machine() not in ("x86_64", "AMD64"), reason="kernels of x86 processors"
)


@pytest.fixture
def start(store: MemoryStore) -> Iterator[Start]:
    """Workers over the store, ended after the test."""
    started: list[IsolatedEngine] = []

    def run(text: str) -> IsolatedEngine:
        try:
            host = parse_host(text)
        except LookupError as missing:
            pytest.skip(str(missing))
        started.append(IsolatedEngine(store, 1 << 30, 60, host))
        return started[-1]

    yield run
    for engine in started:
        engine.close()


@needs_x86
@pytest.mark.parametrize("host", HOSTS)
def test_float_models_drift_and_exact_ones_do_not(
    store: MemoryStore, add: Add, pick: Pick, start: Start, host: str
) -> None:
    """The CNN's scores differ in their last bits; its exact form has the same bytes everywhere."""
    engine, honest = start(host), LocalEngine(store)
    floats, exact = add("digits_cnn_float"), add("digits_cnn_exact")
    drifted = 0
    for index in range(5):
        inputs = pick(floats, index)
        ours, theirs = honest.run(floats, inputs), engine.run(floats, inputs)
        drifted += int(ours != theirs)
        np.testing.assert_allclose(to_array(theirs[1]), to_array(ours[1]), rtol=1e-4, atol=1e-4)
        inputs = pick(exact, index)
        assert engine.run(exact, inputs) == honest.run(exact, inputs)
    assert drifted > 0


@needs_x86
def test_processors_differ_among_themselves(add: Add, pick: Pick, start: Start) -> None:
    """The same numpy with the kernels of two processors: other bits."""
    manifest = add("digits_cnn_float")
    old, new = start("numpy:Nehalem"), start("numpy:Haswell")
    results = [
        [engine.run(manifest, pick(manifest, index)) for index in range(5)] for engine in (old, new)
    ]
    assert results[0] != results[1]


def test_a_worker_tells_the_first_operator_in_which_it_parts(
    store: MemoryStore, add: Add, pick: Pick, start: Start
) -> None:
    """Traces cross the process: operator, element, and a distance of a few units."""
    manifest = add("digits_float")
    inputs = pick(manifest, 0)
    honest, foreign = LocalEngine(store), start("numpy")
    found = first_difference(honest.trace(manifest, inputs), foreign.trace(manifest, inputs))
    assert found is not None
    assert found.operator == "Gemm"
    assert found.distance.endswith(" ulp")
    assert f"({found.distance} apart)" in str(found)


def test_a_worker_traces_as_this_process_does(
    store: MemoryStore, add: Add, pick: Pick, start: Start
) -> None:
    """Another installation of the same versions gives the same trace, digests included."""
    manifest = add("digits_float")
    inputs = pick(manifest, 0)
    same = start(f"python:{sys.executable}")
    assert same.trace(manifest, inputs) == LocalEngine(store).trace(manifest, inputs)


def test_hosts_are_read_as_they_are_written() -> None:
    """Old cores lose numpy's vector units as well."""
    assert parse_host("optimised") == ForeignHost("optimised")
    new, old = parse_host("numpy:Haswell"), parse_host("numpy:Nehalem")
    assert new.environment == (("OPENBLAS_CORETYPE", "Haswell"),)
    assert [name for name, _ in old.environment] == [
        "OPENBLAS_CORETYPE",
        "NPY_DISABLE_CPU_FEATURES",
    ]
    assert parse_host(f"python:{sys.executable}").command == (sys.executable,)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("optimized", "did you mean 'optimised'"),
        ("abacus", "there are optimised, unpacked, numpy"),
        ("cpu:", "no host 'cpu:'"),
        ("python:/nowhere/python", "there is no Python at /nowhere/python"),
    ],
)
def test_unknown_hosts_are_refused_with_what_exists(text: str, words: str) -> None:
    """Near matches first."""
    with pytest.raises(LookupError, match=words.replace("/", ".")):
        parse_host(text)


def test_missing_emulator_is_named_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A plain machine has other hosts to offer."""
    monkeypatch.setenv("PATH", "")
    with pytest.raises(LookupError, match="install qemu-user, or use 'numpy:CORE'"):
        parse_host("cpu:Haswell")
