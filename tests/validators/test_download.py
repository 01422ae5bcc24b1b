"""A model comes in parts; what is not the model that was asked for is not kept."""

from dataclasses import replace

import pytest

from devnet.errors import BadMessage
from devnet.validators.download import PART_BYTES, Download, ModelPart, cut_part
from precompiles.digest import compute_model_id
from precompiles.models.limits import MAX_MODEL_BYTES

MODEL = bytes(range(256)) * (PART_BYTES // 100)  # two parts and a half


def begin(model: bytes = MODEL) -> Download:
    """Nothing has come yet."""
    return Download(compute_model_id(model))


def test_a_model_is_whole_after_its_last_part() -> None:
    """Every question is answered with the next part."""
    download = begin()
    answers: list[bytes] = []
    while not answers or not answers[-1]:
        answers.append(download.add(cut_part(MODEL, download.question)))
    assert answers == [b"", b"", MODEL]


def test_a_part_that_comes_twice_counts_once() -> None:
    """A question may be asked again when its answer takes long."""
    download = begin()
    first = cut_part(MODEL, download.question)
    download.add(first)
    download.add(first)
    assert download.question.offset == PART_BYTES


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"total_bytes": MAX_MODEL_BYTES + 1}, f"at most {MAX_MODEL_BYTES}"),
        ({"total_bytes": 0}, "of 0 bytes"),
        ({"data": b"short"}, f"a part of 5 bytes of model 0x.*, not {PART_BYTES}"),
    ],
)
def test_a_part_that_cannot_be_is_refused(change: dict[str, object], said: str) -> None:
    """No honest peer sends it."""
    download = begin()
    part: ModelPart = replace(cut_part(MODEL, download.question), **change)  # type: ignore[arg-type]
    with pytest.raises(BadMessage, match=said):
        download.add(part)


def test_a_size_that_changes_on_the_way_is_refused() -> None:
    """The first part has said it."""
    download = begin()
    download.add(cut_part(MODEL, download.question))
    part = replace(cut_part(MODEL, download.question), total_bytes=len(MODEL) + 1)
    with pytest.raises(BadMessage, match=f"before of {len(MODEL)}"):
        download.add(part)


def test_bytes_of_another_hash_are_refused() -> None:
    """Whoever sends them is named by them."""
    download = begin(b"what was asked for")
    with pytest.raises(BadMessage, match="has the hash 0x"):
        download.add(cut_part(b"what came instead!", download.question))
