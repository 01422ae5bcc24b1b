"""Matrix products of floats: every element is the correctly rounded sum, bias included."""

from collections.abc import Callable

import numpy as np

from precompiles.engine.portable.site import Compute, Operands, Rule, Site
from precompiles.engine.portable.sums.dot import Columns, hold_columns, multiply, prepare_columns
from precompiles.models.graph import Array

Prepare = Callable[[Array, Array | None], Columns]


def _multiply_matrices(site: Site) -> Compute:
    shape, dtype = site.use.result.shape, site.dtype
    ready = site.find_constant(1)
    columns = None if ready is None else hold_columns(_stand(ready))
    rows_last = len(site.get(0).shape) == 1
    # rows of a stack that meet one matrix are rows of one product
    flat = columns is not None and columns.values.ndim == 2 and not rows_last

    def compute(operands: Operands) -> Array:
        rows = operands[0].astype(np.float64)
        if rows_last:
            rows = rows[None, :]
        elif flat:
            rows = rows.reshape(-1, rows.shape[-1])
        right = prepare_columns(_stand(operands[1])) if columns is None else columns
        return multiply(rows, right, dtype).reshape(shape)

    return compute


def _stand(right: Array) -> Array:
    """A vector on the right is a column."""
    return right[:, None] if right.ndim == 1 else right


def _multiply_general(site: Site) -> Compute:
    """alpha A B + beta C: fused if both factors are 1, else the product is rounded first."""
    alpha, beta = site.read_number("alpha", 1.0), site.read_number("beta", 1.0)
    left_turned = site.use.read_integer("transA", 0)
    right_turned = site.use.read_integer("transB", 0)
    fused, dtype = alpha == 1.0 and beta == 1.0, site.dtype
    has_offset = site.has(2)

    def prepare(right: Array, offset: Array | None, make: Prepare = prepare_columns) -> Columns:
        return make(right.T if right_turned else right, offset if fused else None)

    ready, offset_ready = site.find_constant(1), site.find_constant(2)
    held = None
    if ready is not None and (offset_ready is not None or not has_offset):
        held = prepare(ready, offset_ready, hold_columns)

    def compute(operands: Operands) -> Array:
        rows = operands[0].astype(np.float64)
        if left_turned:
            rows = rows.T
        offset = operands[2] if has_offset else None
        columns = prepare(operands[1], offset) if held is None else held
        if fused:
            return multiply(rows, columns, dtype)
        scaled = multiply(rows, columns, np.dtype(np.float32)).astype(np.float64) * alpha
        if offset is not None:
            scaled = scaled + offset.astype(np.float64) * beta
        return scaled.astype(dtype)

    return compute


def _sum_products(site: Site) -> Compute:
    """Two operands whose letters each stand once in an operand: a product of stacked matrices."""
    equation = site.use.read_text("equation", "").replace(" ", "")
    terms, arrow, result = equation.partition("->")
    left, right = terms.split(",")
    if not arrow:
        letters = left + right
        result = "".join(sorted(letter for letter in set(letters) if letters.count(letter) == 1))
    dtype = site.dtype
    stacked = [letter for letter in left if letter in right and letter in result]
    summed = [letter for letter in left if letter in right and letter not in result]
    rows = [letter for letter in left if letter not in right]
    columns = [letter for letter in right if letter not in left]
    sizes = dict(zip(left + right, (*site.get(0).shape, *site.get(1).shape), strict=True))
    order = [result.index(letter) for letter in (*stacked, *rows, *columns)]

    def gather(array: Array, letters: str, groups: tuple[list[str], ...]) -> Array:
        turned = array.transpose([letters.index(letter) for group in groups for letter in group])
        counts = [int(np.prod([sizes[letter] for letter in group])) for group in groups]
        return turned.reshape(counts)

    def compute(operands: Operands) -> Array:
        a = gather(operands[0], left, (stacked, rows, summed)).astype(np.float64)
        b = gather(operands[1], right, (stacked, summed, columns))
        product = multiply(a, prepare_columns(b), dtype)
        product = product.reshape([sizes[letter] for letter in (*stacked, *rows, *columns)])
        return product.transpose(np.argsort(order))

    return compute


RULES: dict[str, Rule] = {
    "Einsum": _sum_products,
    "Gemm": _multiply_general,
    "MatMul": _multiply_matrices,
}
