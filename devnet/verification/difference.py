"""What differs between this host and what was signed elsewhere: engines, bits of outputs."""

from collections.abc import Mapping, Sequence

from precompiles.engine.element import find_parting
from precompiles.engine.fingerprint import compute_fingerprint, describe_engine
from precompiles.models.manifest import Manifest, Profile
from precompiles.tensor import Tensor

Descriptions = Mapping[bytes, Mapping[str, str] | None]  # of engines, by fingerprint


def find_foreign_engine(manifest: Manifest, engines: Descriptions) -> str:
    """Why the bits of this host say nothing about those of the signers; empty if they do."""
    own = compute_fingerprint()
    foreign = next((found for found in engines if found != own), None)
    if manifest.profile is not Profile.PINNED or foreign is None:
        return ""
    return (
        f"pinned model signed under engine 0x{foreign.hex()[:16]}…, this host is "
        f"0x{own.hex()[:16]}…: {_compare_engines(engines[foreign])}; its bits prove nothing here, "
        "check on an equal host"
    )


def _compare_engines(theirs: Mapping[str, str] | None) -> str:
    if theirs is None:
        return "nobody says in which fields they differ"
    own = describe_engine()
    return ", ".join(
        f"{name} is '{theirs.get(name, 'not named')}' there, '{own.get(name, 'not named')}' here"
        for name in dict.fromkeys((*own, *theirs))
        if theirs.get(name) != own.get(name)
    )


def describe_parting(
    manifest: Manifest, ours: Sequence[Tensor], theirs: Sequence[Tensor], where: str
) -> str:
    """The first element in which outputs part that are not equal.

    Args:
        where: theirs stand, as in "in the bundle".
    """
    if len(ours) != len(theirs):
        return f"{len(ours)} outputs here, {len(theirs)} {where}"
    for kind, own, other in zip(manifest.outputs, ours, theirs, strict=True):
        parting = find_parting(own, other)
        if parting is not None:
            return (
                f"output '{kind.name}' element {list(parting.index)} is {parting.got} {where}, "
                f"{parting.expected} here ({parting.distance} apart)"
            )
        if own != other:
            return f"output '{kind.name}' has another type or shape {where} than {kind}"
    raise AssertionError("equal outputs were compared")
