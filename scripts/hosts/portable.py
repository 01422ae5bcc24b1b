"""Prints digests of portable models in a folder, as JSON: run on each host to compare.

`portable.py FOLDER [--spoil]`; a model `NAME.onnx` stands beside its inputs `NAME.npz`. Needs no
inference runtime. `--spoil` puts a float32 product of numpy in place of ours, which must show.
"""

import hashlib
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from precompiles.engine.portable.evaluator import RULES, build_program
from precompiles.engine.portable.rules.elementwise import FUNCTIONS
from precompiles.engine.portable.site import Compute, Rule, Site
from precompiles.engine.portable.sums.dot import multiply, prepare_columns
from precompiles.models.graph import read_graph

Array = npt.NDArray[Any]
_STRIDE = 4_099  # between the bit patterns that functions are taken at
_SHAPES = ((8, 256, 64), (128, 512, 512), (64, 4096, 128), (1, 1000, 1000))


def digest(arrays: Iterator[Array]) -> str:
    """NaN counts as one value, whatever its bits."""
    found = hashlib.sha256()
    for array in arrays:
        if array.dtype.kind == "f":
            array = np.where(array != array, array.dtype.type(np.nan), array)
        found.update(np.ascontiguousarray(array).tobytes())
    return found.hexdigest()


def run_model(path: Path, rules: Mapping[str, Rule]) -> Iterator[Array]:
    """All outputs for every set of inputs."""
    program = build_program(read_graph(path.read_bytes()), rules)
    for inputs in np.load(path.with_suffix(".npz")).values():
        cells = program.run([inputs])
        yield from (np.asarray(cells[index]) for index in program.outputs)


def run_functions() -> Iterator[Array]:
    """Every function without attributes, over all magnitudes."""
    patterns = np.arange(0, 1 << 32, _STRIDE, dtype=np.uint64).astype(np.uint32)
    with np.errstate(all="ignore"):
        for name in sorted(FUNCTIONS):
            values = patterns.view(np.float32).astype(np.float64)
            yield FUNCTIONS[name](values).astype(np.float32)


def run_products() -> Iterator[Array]:
    """Products of wide ranges, of ties and of sums that cancel."""
    for seed, (m, k, n) in enumerate(_SHAPES):
        draw = np.random.Generator(np.random.PCG64(seed))
        left, right = (draw.random(shape) - 0.5 for shape in ((m, k), (k, n)))
        wide = np.exp2(draw.integers(-8, 9, (m, k)).astype(np.float64))
        whole = np.rint(left * 8192), np.rint(right * 8192)
        for a, b in ((left, right), (left * wide, right), whole, (left, right * 2.0**-140)):
            b[k // 2 :] = -b[: k - k // 2]  # halves that cancel where `a` is even
            yield multiply(a.astype("f4").astype("f8"), prepare_columns(b.astype("f4")), "f4")


def multiply_plainly(site: Site) -> Compute:
    """A product that follows the host's vector width."""
    return lambda operands: np.matmul(operands[0], operands[1])


def main() -> None:
    folder = Path(sys.argv[1])
    spoiled = "--spoil" in sys.argv
    rules = {**RULES, "MatMul": multiply_plainly} if spoiled else RULES
    found = {path.stem: digest(run_model(path, rules)) for path in sorted(folder.glob("*.onnx"))}
    if not spoiled:
        found |= {"functions": digest(run_functions()), "products": digest(run_products())}
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
