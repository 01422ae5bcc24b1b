"""Compiled contracts, read from the committed files in `artifacts/`.

Compiles nothing (`scripts/build_contracts` does) and needs only the standard library.
"""

from __future__ import annotations

import difflib
import hashlib
import json
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from eth_typing import ABIElement


class UnknownArtifact(LookupError):
    """No artifact has this name."""

    def __init__(self, name: str, known: tuple[str, ...]) -> None:
        self.name = name
        self.known = known
        near = difflib.get_close_matches(name, known)
        hint = f" did you mean {' or '.join(near)}?" if near else ""
        listing = ", ".join(known) or "none, run scripts/build_contracts"
        super().__init__(f"no artifact {name!r};{hint} artifacts: {listing}")


@dataclass(frozen=True, slots=True)
class Artifact:
    """One compiled contract; both bytecodes are empty for an interface.

    Immutables read zero in `deployed_bytecode`: the constructor fills them in.
    """

    name: str
    abi: tuple[ABIElement, ...]
    bytecode: bytes
    deployed_bytecode: bytes
    source_hash: str
    compiler: str


def compute_source_hash(sources: Mapping[str, str]) -> str:
    """SHA-256, in hex, of what `sha256sum` prints for the source files in order of name."""
    listing = "".join(f"{digest}  {file}\n" for file, digest in sorted(sources.items()))
    return hashlib.sha256(listing.encode()).hexdigest()


def load(name: str) -> Artifact:
    """The artifact of the contract or interface of this name.

    Raises: UnknownArtifact, with what exists and what comes near.
    """
    found = {file.name: file for file in (files("contracts") / "artifacts").iterdir()}
    known = tuple(sorted(f.removesuffix(".json") for f in found if f.endswith(".json")))
    if name not in known:
        raise UnknownArtifact(name, known)
    fields = json.loads(found[f"{name}.json"].read_text(encoding="utf-8"))
    return Artifact(
        name=name,
        abi=tuple(fields["abi"]),
        bytecode=bytes.fromhex(fields["bytecode"].removeprefix("0x")),
        deployed_bytecode=bytes.fromhex(fields["deployedBytecode"].removeprefix("0x")),
        source_hash=compute_source_hash(fields["sources"]),
        compiler=fields["compiler"],
    )
