"""Engine book: a description counts for its own hash, if it has the form that bundles take."""

import pytest

from devnet.validators.engine_book import EngineBook
from precompiles.engine.description import hash_description
from precompiles.engine.fingerprint import compute_fingerprint, describe_engine

OTHER = {"runtime": "onnxruntime 1.0"}


def test_this_hosts_engine_is_known() -> None:
    """From the beginning."""
    assert EngineBook().find(compute_fingerprint()) == describe_engine()


def test_what_others_say_stands_under_its_hash_alone() -> None:
    """Nobody can describe another's fingerprint."""
    book = EngineBook()
    assert book.find(hash_description(OTHER)) is None
    book.add(tuple(OTHER.items()))
    assert book.find(hash_description(OTHER)) == OTHER
    assert book.find(compute_fingerprint()) == describe_engine()
    assert len(book.known) == 2


@pytest.mark.parametrize(
    "fields",
    [
        (("runtime", "two\nlines"),),
        (("runtime", "é"),),
        (("runtime", "x" * 1_025),),
        (("1st", "x"),),
        tuple((f"field{n}", "x") for n in range(33)),
    ],
)
def test_what_no_bundle_takes_is_passed_over(fields: tuple[tuple[str, str], ...]) -> None:
    """So that a node never writes a bundle that does not read."""
    book = EngineBook()
    book.add(fields)
    assert len(book.known) == 1


def test_it_does_not_grow_without_end() -> None:
    """Whoever sends ever new ones is not remembered for ever."""
    book = EngineBook()
    for number in range(2_000):
        book.add((("runtime", str(number)),))
    assert len(book.known) == 1_024
