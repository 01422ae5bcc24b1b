"""Solidity sources, their committed artifacts, and `load(name)`; standard library only."""

from contracts.artifact import Artifact, UnknownArtifact, load

__all__ = ["Artifact", "UnknownArtifact", "load"]
