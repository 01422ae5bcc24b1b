"""Engine book: what the fingerprints in votes stand for, as far as anybody has said.

A description is known by its hash, so nobody can say anything false of another's engine.
"""

from collections.abc import Mapping, Sequence

from precompiles.engine.description import hash_description, is_description
from precompiles.engine.fingerprint import describe_engine

_MAX_KNOWN = 1_024  # descriptions; validators are fewer, and seldom change theirs


class EngineBook:
    """Descriptions by fingerprint, this host's first."""

    def __init__(self) -> None:
        self._known: dict[bytes, dict[str, str]] = {}
        self.add(tuple(describe_engine().items()))

    @property
    def known(self) -> tuple[tuple[tuple[str, str], ...], ...]:
        """All descriptions as (field, text), to be kept."""
        return tuple(tuple(description.items()) for description in self._known.values())

    def add(self, fields: Sequence[tuple[str, str]]) -> None:
        """Take note of a description; one that is none, or too many, are passed over."""
        description = dict(fields)
        if is_description(description) and len(self._known) < _MAX_KNOWN:
            self._known.setdefault(hash_description(description), description)

    def find(self, fingerprint: bytes) -> Mapping[str, str] | None:
        """What a fingerprint stands for, nothing if nobody has said."""
        return self._known.get(fingerprint)
