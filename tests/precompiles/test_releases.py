"""Releases: a repository belongs to its first publisher, and no release ever changes."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from precompiles.errors import BadInput, NotAllowed, TooLarge, UnknownModel, WriteProtection
from precompiles.models.samples import read_sample
from precompiles.registry import REGISTRY
from precompiles.releases import read_owner, read_release, read_repositories, read_versions
from tests.precompiles.conftest import ALICE, BOB, Host


def _fields(name: str = "digits", version: str = "", **others: Any) -> tuple[Any, ...]:
    values = {
        "file": "digits.onnx",
        "description": "Reads one handwritten digit.",
        "task": "image-classification",
        "licence": "MIT",
        "tags": ["digits", "integer"],
        **others,
    }
    return (name, version, *values.values())


def test_a_release_is_read_back_as_it_was_published(host: Host, digits: bytes) -> None:
    """From contract state alone, by version or as the latest."""
    model_id = host.add(digits)
    assert host.ask(REGISTRY, "publish", model_id, _fields()) == "1.00"
    for version in ("", "1.00"):
        found, details = host.ask(REGISTRY, "release", "digits", version)
        assert found == model_id
        assert details == (*_fields(version="1.00")[:-1], ("digits", "integer"))
    assert read_repositories(host.state, REGISTRY) == ("digits",)
    assert read_owner(host.state, REGISTRY, "digits") == ALICE


def test_versions_count_up_by_themselves(host: Host, digits: bytes) -> None:
    """1.00, 1.01, what the publisher says, and on from there."""
    first, second = host.add(digits), host.add(read_sample("digits_float"))
    for model_id, version in ((first, ""), (second, ""), (first, "1.99"), (second, "")):
        host.ask(REGISTRY, "publish", model_id, _fields(version=version))
    assert read_versions(host.state, REGISTRY, "digits") == ("1.00", "1.01", "1.99", "2.00")
    latest = read_release(host.state, REGISTRY, "digits", "")
    assert latest is not None
    assert latest.model_id == second


def test_a_release_cannot_be_replaced(host: Host, digits: bytes) -> None:
    """An equal or earlier version is refused, also by the owner."""
    model_id = host.add(digits)
    host.ask(REGISTRY, "publish", model_id, _fields(version="1.05"))
    for version in ("1.05", "1.04"):
        with pytest.raises(NotAllowed, match=r"does not follow 1\.05"):
            host.ask(REGISTRY, "publish", model_id, _fields(version=version))


def test_a_repository_belongs_to_its_first_publisher(host: Host, digits: bytes) -> None:
    """Another account is told whose it is."""
    model_id = host.add(digits)
    host.ask(REGISTRY, "publish", model_id, _fields())
    with pytest.raises(NotAllowed, match=ALICE.hex()):
        host.ask(REGISTRY, "publish", model_id, _fields(), caller=BOB)


def test_only_registered_models_are_published(host: Host) -> None:
    """The chain must know the model; a missing release is an outcome too."""
    with pytest.raises(UnknownModel):
        host.ask(REGISTRY, "publish", bytes(32), _fields())
    with pytest.raises(UnknownModel, match="no release of repository 'nothing'"):
        host.ask(REGISTRY, "release", "nothing", "")
    with pytest.raises(UnknownModel, match=r"no version 3\.00"):
        host.ask(REGISTRY, "release", "nothing", "3.00")


@pytest.mark.parametrize(
    ("fields", "error", "says"),
    [
        (_fields(name=""), BadInput, "needs the name"),
        (_fields(version="1"), BadInput, "not major.minor"),
        (_fields(version="01.00"), BadInput, "not major.minor"),
        (_fields(version="1.00\n"), BadInput, "not major.minor"),
        (_fields(task="x" * 257), TooLarge, "256 bytes"),
        (_fields(description="x" * 4097), TooLarge, "4096 bytes"),
        (_fields(tags=["t"] * 17), TooLarge, "17 tags"),
    ],
)
def test_a_bad_release_is_refused_with_the_reason(
    host: Host, digits: bytes, fields: tuple[Any, ...], error: type[Exception], says: str
) -> None:
    """Nothing is written."""
    model_id = host.add(digits)
    before = dict(host.state.slots)
    with pytest.raises(error, match=says):
        host.ask(REGISTRY, "publish", model_id, fields)
    assert host.state.slots == before


def test_a_static_call_publishes_nothing(host: Host, digits: bytes) -> None:
    """View functions cannot publish."""
    model_id = host.add(digits)
    with pytest.raises(WriteProtection):
        host.ask(REGISTRY, "publish", model_id, _fields(), static=True)


@given(names=st.lists(st.text(min_size=1, max_size=40), unique=True, max_size=4))
def test_names_keep_apart_whatever_they_are(make_host: Any, names: list[str]) -> None:
    """Any text names a repository of its own."""
    host = make_host()
    model_id = host.add(read_sample("digits_exact"))
    names = [name for name in names if _encodes(name)]
    for name in names:
        host.ask(REGISTRY, "publish", model_id, _fields(name=name))
    assert read_repositories(host.state, REGISTRY) == tuple(names)


def _encodes(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
