"""Releases: repositories of models as a hub shows them, kept by the registry.

A repository is a name that belongs to its first publisher; a release is a version of it and names
one registered model; neither changes once made. Layout (see `storage.py`):

    repository/<name>           0: owner   1..: list of keccak of versions
    repositories/               list of keccak of names     repository-name/<hash>: the name
    release/<name>/<version>    the release, CBOR, as bytes
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import cbor2
from eth_abi.abi import encode

from precompiles.arguments import decode_arguments
from precompiles.digest import compute_keccak
from precompiles.errors import BadInput, NotAllowed, TooLarge, UnknownModel
from precompiles.gas import Schedule
from precompiles.interface import Address, Meter, StateView, StorageReader
from precompiles.storage import (
    append_word,
    compute_slot,
    count_words,
    read_bytes,
    read_list,
    write_bytes,
)

MAX_TEXT_BYTES = 256  # of a name, file name, task, licence or tag
MAX_DESCRIPTION_BYTES = 4_096
MAX_TAGS = 16
FIRST_VERSION = "1.00"
PUBLISHED_TOPIC = compute_keccak(b"ReleasePublished(bytes32,address,string,string)")
RELEASE_TYPE = "(string,string,string,string,string,string,string[])"
_VERSION = re.compile(r"[1-9][0-9]{0,5}\.[0-9]{2}")
_WORD = 32


@dataclass(frozen=True, slots=True)
class Release:
    """One version of a repository; field order is the order of the Solidity struct."""

    name: str
    version: str  # major.minor, as in 1.00; empty to take the next one
    file_name: str
    description: str
    task: str
    licence: str
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Published:
    """A release in contract state and the model it names."""

    model_id: bytes
    release: Release


def read_release(
    state: StorageReader, registry: Address, name: str, version: str
) -> Published | None:
    """A release, the latest if `version` is empty, or nothing."""
    if not version:
        versions = read_versions(state, registry, name)
        if not versions:
            return None
        version = versions[-1]
    record = read_bytes(state, registry, _locate(name, version))
    if not record:
        return None
    model_id, *fields = cbor2.loads(record)
    return Published(model_id, build_release(fields))


def read_versions(state: StorageReader, registry: Address, name: str) -> tuple[str, ...]:
    """Versions of a repository, oldest first."""
    words = read_list(state, registry, compute_slot(b"repository", name.encode()) + 1)
    return tuple(word.rstrip(b"\0").decode() for word in words)


def read_owner(state: StorageReader, registry: Address, name: str) -> bytes:
    """Who a repository belongs to; twenty zero bytes if to nobody."""
    return state.load(registry, compute_slot(b"repository", name.encode())).to_bytes(_WORD, "big")[
        12:
    ]


def read_repositories(state: StorageReader, registry: Address) -> tuple[str, ...]:
    """Names of all repositories, oldest first."""
    return tuple(
        read_bytes(state, registry, compute_slot(b"repository-name", word)).decode()
        for word in read_list(state, registry, compute_slot(b"repositories"))
    )


def build_release(fields: Sequence[Any]) -> Release:
    """A release from its fields in order: six texts and the tags."""
    name, version, file_name, description, task, licence, tags = fields
    return Release(name, version, file_name, description, task, licence, tuple(tags))


def list_fields(release: Release) -> tuple[Any, ...]:
    """The fields in order, as the Solidity struct has them."""
    texts = (release.name, release.version, release.file_name)
    return (*texts, release.description, release.task, release.licence, release.tags)


def decode_release(body: bytes) -> tuple[bytes, Release]:
    """Arguments of `publish`.

    Raises: BadInput, TooLarge.
    """
    signature = f"publish(bytes32,{RELEASE_TYPE})"
    model_id, fields = decode_arguments(["bytes32", RELEASE_TYPE], body, signature)
    release = build_release(fields)
    if not release.name:
        raise BadInput("a release needs the name of its repository")
    if release.version and not _VERSION.fullmatch(release.version):
        raise BadInput(f"version '{release.version[:20]}' is not major.minor as in 1.00")
    if len(release.tags) > MAX_TAGS:
        raise TooLarge(f"{len(release.tags)} tags, at most {MAX_TAGS}")
    texts = [release.name, release.file_name, release.task, release.licence, *release.tags]
    if any(len(text.encode()) > MAX_TEXT_BYTES for text in texts):
        raise TooLarge(f"a text of the release has over {MAX_TEXT_BYTES} bytes")
    if len(release.description.encode()) > MAX_DESCRIPTION_BYTES:
        raise TooLarge(f"the description has over {MAX_DESCRIPTION_BYTES} bytes")
    return model_id, release


def publish_release(
    schedule: Schedule,
    registry: Address,
    model_id: bytes,
    release: Release,
    meter: Meter,
    state: StateView,
) -> bytes:
    """Write a release of a registered model.

    Returns: its version, ABI-encoded.
    Raises: NotAllowed if the repository is another's, or the version exists.
    """
    key = release.name.encode()
    slot = compute_slot(b"repository", key)
    owner = read_owner(state, registry, release.name)
    if owner not in (bytes(20), state.caller):
        raise NotAllowed(f"repository '{release.name}' belongs to 0x{owner.hex()}")
    versions = read_versions(state, registry, release.name)
    version = release.version or _increment(versions)
    if versions and _order(version) <= _order(versions[-1]):
        raise NotAllowed(f"version {version} does not follow {versions[-1]}; releases never change")
    fields = list_fields(replace(release, version=version))
    record = cbor2.dumps([model_id, *fields], canonical=True)
    # GAS
    words = 6 + count_words(record) + (0 if versions else 4 + count_words(key))
    meter.charge(schedule.register_per_word * words)
    # OUTPUT
    if not versions:
        digest = compute_keccak(key)
        append_word(state, registry, compute_slot(b"repositories"), digest)
        write_bytes(state, compute_slot(b"repository-name", digest), key)
        state.store(slot, int.from_bytes(state.caller, "big"))
    append_word(state, registry, slot + 1, version.encode().ljust(_WORD, b"\0"))
    write_bytes(state, _locate(release.name, version), record)
    topics = (PUBLISHED_TOPIC, model_id, state.caller.rjust(_WORD, b"\0"))
    state.log(topics, encode(["string", "string"], [release.name, version]))
    return encode(["string"], [version])


def encode_published(published: Published) -> bytes:
    """What `release(name, version)` returns."""
    values = [published.model_id, list_fields(published.release)]
    return encode(["bytes32", RELEASE_TYPE], values)


def require_release(state: StorageReader, registry: Address, name: str, version: str) -> Published:
    """Raises: UnknownModel."""
    found = read_release(state, registry, name, version)
    if found is None:
        wanted = f"version {version}" if version else "release"
        raise UnknownModel(f"no {wanted} of repository '{name}'; publish it first")
    return found


def _locate(name: str, version: str) -> int:
    return compute_slot(b"release", name.encode() + b"/" + version.encode())


def _increment(versions: tuple[str, ...]) -> str:
    if not versions:
        return FIRST_VERSION
    major, minor = _order(versions[-1])
    return f"{major + (minor + 1) // 100}.{(minor + 1) % 100:02}"


def _order(version: str) -> tuple[int, int]:
    major, minor = version.split(".")
    return int(major), int(minor)
