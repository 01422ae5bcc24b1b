"""Repositories of a running devnet: releases of registered models, as a model hub shows them."""

from dataclasses import dataclass

from devnet.node import Node
from precompiles.errors import UnknownModel
from precompiles.registry import REGISTRY
from precompiles.releases import (
    Published,
    read_owner,
    read_release,
    read_repositories,
    read_versions,
)


@dataclass(frozen=True, slots=True)
class Repository:
    """A name, whom it belongs to, and its releases, oldest first."""

    name: str
    owner: bytes
    releases: tuple[Published, ...]


def list_repositories(node: Node) -> tuple[Repository, ...]:
    """All repositories, oldest first."""
    names = read_repositories(node.open_storage(), REGISTRY)
    return tuple(find_repository(node, name) for name in names)


def find_repository(node: Node, name: str) -> Repository:
    """Raises: UnknownModel."""
    storage = node.open_storage()
    versions = read_versions(storage, REGISTRY, name)
    if not versions:
        raise UnknownModel(f"no repository '{name}'; publish a release with its name first")
    releases = (read_release(storage, REGISTRY, name, version) for version in versions)
    return Repository(
        name, read_owner(storage, REGISTRY, name), tuple(r for r in releases if r is not None)
    )
