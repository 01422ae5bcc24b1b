"""Committed artifacts agree with their sources and the pinned compiler, and load by name."""

import hashlib
import json
import os
import re
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import contracts
from contracts import Artifact, UnknownArtifact, load
from tests.contracts.surface import SURFACE

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "scripts" / "build_contracts"
SOURCES = sorted((ROOT / "contracts" / "src").glob("*.sol"))
ARTIFACTS = sorted((ROOT / "contracts" / "artifacts").glob("*.json"))
EXIT_COMPILER_UNAVAILABLE = 3


def read_fields(path: Path) -> dict[str, Any]:
    """The JSON of one artifact file."""
    fields: dict[str, Any] = json.loads(path.read_text())
    return fields


@pytest.mark.parametrize("path", ARTIFACTS, ids=lambda path: path.stem)
def test_artifact_was_built_from_the_sources_as_they_are(path: Path) -> None:
    """Every source hash an artifact records is the hash of that file now."""
    for file, digest in read_fields(path)["sources"].items():
        now = hashlib.sha256((ROOT / "contracts" / "src" / file).read_bytes()).hexdigest()
        assert digest == now, f"{file} changed since {path.name}: run scripts/build_contracts"


@pytest.mark.parametrize("path", ARTIFACTS, ids=lambda path: path.stem)
def test_artifact_names_the_pinned_compiler_and_settings(path: Path) -> None:
    """An artifact comes from the one compiler and the settings that the build script pins."""
    pinned, fields = runpy.run_path(str(SCRIPT)), read_fields(path)
    assert fields["compiler"] == pinned["SOLC"]
    assert fields["settings"] == pinned["SETTINGS"]
    assert fields["settings"]["evmVersion"] == "cancun"


def test_every_contract_in_the_sources_has_an_artifact() -> None:
    """Sources and artifacts name the same contracts, and nothing is left over."""
    declaration = re.compile(r"^(?:abstract )?(?:contract|interface|library) (\w+)", re.MULTILINE)
    declared = {name for path in SOURCES for name in declaration.findall(path.read_text())}
    assert declared == {path.stem for path in ARTIFACTS} == set(SURFACE)


def test_artifact_files_are_canonical_json() -> None:
    """Keys are sorted, indent is one, a newline ends the file."""
    for path in ARTIFACTS:
        canonical = json.dumps(read_fields(path), indent=1, sort_keys=True) + "\n"
        assert path.read_text() == canonical, path.name


def test_rebuild_gives_the_committed_artifacts() -> None:
    """The pinned compiler turns the sources into exactly the committed files."""
    command = [sys.executable, str(SCRIPT), "--check"]
    check = subprocess.run(command, capture_output=True, text=True)
    if check.returncode == EXIT_COMPILER_UNAVAILABLE:
        reason = f"ARTIFACTS NOT REBUILT: {check.stderr.strip()}"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    assert check.returncode == 0, check.stderr


def test_build_without_node_is_refused_in_one_line(tmp_path: Path) -> None:
    """With no tools on the path the script says which are missing and shows no traceback."""
    command = [sys.executable, str(SCRIPT), "--check"]
    check = subprocess.run(command, capture_output=True, text=True, env={"PATH": str(tmp_path)})
    assert check.returncode == EXIT_COMPILER_UNAVAILABLE
    assert check.stderr == (
        "build_contracts: node and npm not found; install Node.js 18 or later\n"
    )


def test_load_returns_bytes_and_a_hash_of_all_sources() -> None:
    """A contract carries both bytecodes and the digest of its `sha256sum` listing."""
    reader = load("DigitReader")
    assert isinstance(reader, Artifact)
    assert reader.name == "DigitReader"
    assert 0 < len(reader.deployed_bytecode) < len(reader.bytecode)
    assert reader.bytecode.endswith(reader.deployed_bytecode)
    files = ["DigitReader.sol", "IInference.sol"]
    digests = read_fields(ROOT / "contracts" / "artifacts" / "DigitReader.json")["sources"]
    listing = "".join(f"{digests[file]}  {file}\n" for file in files)
    assert reader.source_hash == hashlib.sha256(listing.encode()).hexdigest()


def test_interface_has_no_bytecode() -> None:
    """An interface is ABI only: nothing can be deployed from it."""
    assert load("IInference").bytecode == load("IInference").deployed_bytecode == b""


def test_unknown_name_lists_what_exists_and_suggests_what_is_near() -> None:
    """A misspelt name gets the whole list and the near match; a strange one only the list."""
    with pytest.raises(UnknownArtifact) as misspelt:
        load("DigitReeder")
    assert str(misspelt.value) == (
        "no artifact 'DigitReeder'; did you mean DigitReader? "
        f"artifacts: {', '.join(sorted(SURFACE))}"
    )
    assert misspelt.value.name == "DigitReeder"
    assert misspelt.value.known == tuple(sorted(SURFACE))
    with pytest.raises(UnknownArtifact) as strange:
        load("zzz")
    assert "did you mean" not in str(strange.value)
    assert ", ".join(sorted(SURFACE)) in str(strange.value)


@pytest.mark.parametrize("name", ["", "../artifact", "artifacts/DigitReader", "DigitReader.json"])
def test_name_is_not_a_path(name: str) -> None:
    """Only names of artifacts load: no path, no suffix, nothing outside the folder."""
    with pytest.raises(UnknownArtifact):
        load(name)


def test_importing_contracts_loads_only_the_standard_library() -> None:
    """`import contracts` takes in no third-party module."""
    program = (
        "import sys; before = set(sys.modules); import contracts; "
        "print(*{name.partition('.')[0] for name in set(sys.modules) - before})"
    )
    folder = Path(contracts.__file__).parent.parent
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=folder, check=True
    )
    assert set(run.stdout.split()) - set(sys.stdlib_module_names) == {"contracts"}
