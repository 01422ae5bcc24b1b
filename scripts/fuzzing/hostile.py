"""Hostile: model files that attack whoever reads them, each with what refuses it.

Where no words of a refusal are given the file is only heavy, or damaged: it may be admitted, and
must then run within the limits.
"""

import random
from collections.abc import Iterator, Mapping
from functools import partial

from fuzzing.hostile_bulk import BULK
from fuzzing.hostile_files import FILES
from fuzzing.hostile_graphs import GRAPHS
from fuzzing.hostile_operators import OPERATORS
from fuzzing.hostile_sizes import SIZES
from fuzzing.spoiling import Builder
from precompiles.models.samples import read_sample

_TABLES: tuple[Mapping[str, tuple[Builder, str]], ...] = (FILES, GRAPHS, OPERATORS, SIZES, BULK)
_FLIPS = 200  # damaged copies of a good model
_HEAVY = 1 << 20  # bytes above which a file is built only when asked for


def list_hostile() -> Iterator[tuple[str, Builder, str]]:
    """Name, how to build it, words of the refusal (empty: may be admitted)."""
    for table in _TABLES:
        for name, (build, words) in table.items():
            yield name, build, words
    yield from _damage("digits_exact")
    yield from _damage("digits_float")


def build_hostile(heavy: bool = False) -> dict[str, bytes]:
    """Every file by name; those above a megabyte only if asked for."""
    built = {name: build() for name, build, _ in list_hostile() if heavy or name not in _BIG}
    return {name: data for name, data in built.items() if heavy or len(data) <= _HEAVY}


def _damage(sample: str) -> Iterator[tuple[str, Builder, str]]:
    """The model cut short at every hundredth of its length, and with flipped bits."""
    model = read_sample(sample)
    dice = random.Random(sample)
    for percent in range(100):
        cut = model[: len(model) * percent // 100]
        yield f"{sample} cut at {percent} %", partial(bytes, cut), ""
    for index in range(_FLIPS):
        flipped = bytearray(model)
        for _ in range(1 + index % 3):
            flipped[dice.randrange(len(flipped))] ^= 1 << dice.randrange(8)
        yield f"{sample} flip {index}", partial(bytes, flipped), ""


_BIG = (*SIZES, *BULK)
