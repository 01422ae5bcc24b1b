"""LSTM, GRU and RNN: gates are correctly rounded sums, activations run in float64.

Hidden and cell states are rounded to the type of the operator at every step, and nothing else is.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from precompiles.engine.portable.functions.hyperbolic import compute_tanh
from precompiles.engine.portable.functions.polynomial import Doubles
from precompiles.engine.portable.rules.elementwise import (
    compute_elu,
    compute_sigmoid,
    compute_softplus,
)
from precompiles.engine.portable.site import Compute, Operands, Rule, Site, find
from precompiles.engine.portable.sums.dot import Columns, multiply, prepare_columns
from precompiles.models.graph import Array

Function = Callable[[Doubles], Doubles]
_ACTIVATIONS: dict[str, Function] = {
    "elu": lambda x: compute_elu(x, 1.0),
    "hardsigmoid": lambda x: np.minimum(np.maximum(x * 0.2 + 0.5, 0.0), 1.0) + 0.0,
    "leakyrelu": lambda x: np.where(x < 0, x * 0.01, x),
    "relu": lambda x: np.where(x <= 0, 0.0, x),
    "sigmoid": compute_sigmoid,
    "softplus": compute_softplus,
    "softsign": lambda x: x / (np.abs(x) + 1.0),
    "tanh": compute_tanh,
}
_DEFAULTS = {"RNN": ("tanh",), "GRU": ("sigmoid", "tanh"), "LSTM": ("sigmoid", "tanh", "tanh")}
_GATES = {"RNN": 1, "GRU": 3, "LSTM": 4}


@dataclass(frozen=True, slots=True)
class Cell:
    """One direction: how a step turns input and state into a new state."""

    operator: str
    size: int  # of the hidden state
    activations: tuple[Function, ...]
    limit: float | None  # gates are clipped to its size
    reset_last: bool  # GRU's linear_before_reset
    couple: bool  # LSTM's input_forget
    both: Columns  # weights of input and state together, (input + size, gates * size)
    alone: Columns | None  # GRU: weights of the state for the last gate
    input_last: Columns | None  # GRU: weights of the input for the last gate
    peepholes: Doubles | None  # (3, size)
    dtype: np.dtype[np.generic]

    def step(self, x: Array, h: Array, c: Array) -> tuple[Array, Array]:
        """Shapes: x (batch, input), h and c (batch, size)."""
        advance = {"RNN": self._simple, "GRU": self._gated, "LSTM": self._long}[self.operator]
        return advance(x, h, c)

    def _sum(self, rows: Sequence[Array], columns: Columns) -> Doubles:
        joined = np.concatenate(rows, axis=1).astype(np.float64)
        return multiply(joined, columns, self.dtype).astype(np.float64)

    def _clip(self, gate: Doubles) -> Doubles:
        if self.limit is None:
            return gate
        return np.minimum(np.maximum(gate, -self.limit), self.limit)

    def _simple(self, x: Array, h: Array, c: Array) -> tuple[Array, Array]:
        gate = self._clip(self._sum((x, h), self.both))
        return self.activations[0](gate).astype(self.dtype), c

    def _gated(self, x: Array, h: Array, c: Array) -> tuple[Array, Array]:
        assert self.alone is not None, "a GRU has weights of its own for the last gate"
        assert self.input_last is not None, "a GRU has weights of its own for the last gate"
        size, (squash, bend) = self.size, self.activations[:2]
        gates = squash(self._clip(self._sum((x, h), self.both)))
        update, reset = gates[:, :size], gates[:, size:]
        state = h.astype(np.float64)
        if self.reset_last:
            own = reset * self._sum((h,), self.alone)
        else:
            own = self._sum(((reset * state).astype(self.dtype),), self.alone)
        fresh = self._sum((x,), self.input_last) + own
        fresh = bend(self._clip(fresh))
        return ((1.0 - update) * fresh + update * state).astype(self.dtype), c

    def _long(self, x: Array, h: Array, c: Array) -> tuple[Array, Array]:
        size, (squash, bend, finish) = self.size, self.activations[:3]
        gates = self._sum((x, h), self.both)
        enter, leave, forget, fresh = (gates[:, i * size : (i + 1) * size] for i in range(4))
        peeks, memory = self.peepholes, c.astype(np.float64)
        if not self.couple and peeks is None:
            squashed = squash(self._clip(gates[:, : 3 * size]))
            enter, leave, forget = (squashed[:, i * size : (i + 1) * size] for i in range(3))
            kept = (forget * memory + enter * bend(self._clip(fresh))).astype(self.dtype)
            return (leave * finish(kept.astype(np.float64))).astype(self.dtype), kept
        if peeks is None:
            peeks = np.zeros((3, size))
        enter = squash(self._clip(enter + peeks[0] * memory))
        if self.couple:
            forget = 1.0 - enter
        else:
            forget = squash(self._clip(forget + peeks[2] * memory))
        kept = (forget * memory + enter * bend(self._clip(fresh))).astype(self.dtype)
        memory = kept.astype(np.float64)
        leave = squash(self._clip(leave + peeks[1] * memory))
        return (leave * finish(memory)).astype(self.dtype), kept


def _build_cell(site: Site, operands: Sequence[Array | None], direction: int) -> Cell:
    operator, size = site.use.node.operator, site.use.read_integer("hidden_size", 0)
    inward, around = operands[1:3]
    assert inward is not None, f"{operator} without weights"
    assert around is not None, f"{operator} without recurrent weights"
    weights, recurrent = (matrix[direction].astype(np.float64) for matrix in (inward, around))
    gates = _GATES[operator]
    offsets = np.zeros((2, gates * size))
    bias = find(operands, 3)
    if bias is not None:
        offsets = bias[direction].astype(np.float64).reshape(2, -1)
    peepholes = None
    peeks = find(operands, 7)
    if peeks is not None:
        peepholes = peeks[direction].astype(np.float64).reshape(3, size)
    names = _read_names(site, operator)
    each = len(_DEFAULTS[operator])
    joint = slice(0, 2 * size) if operator == "GRU" else slice(None)
    last = slice(2 * size, None)
    return Cell(
        operator,
        size,
        tuple(_ACTIVATIONS[name] for name in names[direction * each : (direction + 1) * each]),
        site.read_number("clip", 0.0) or None,
        bool(site.use.read_integer("linear_before_reset", 0)),
        bool(site.use.read_integer("input_forget", 0)),
        prepare_columns(
            np.concatenate([weights[joint], recurrent[joint]], axis=1).T,
            offsets[0][joint] + offsets[1][joint],
        ),
        prepare_columns(recurrent[last].T, offsets[1][last]) if operator == "GRU" else None,
        prepare_columns(weights[last].T, offsets[0][last]) if operator == "GRU" else None,
        peepholes,
        site.get(0).dtype,
    )


def _read_names(site: Site, operator: str) -> tuple[str, ...]:
    given = site.use.node.attributes.get("activations")
    if not given:
        return _DEFAULTS[operator] * 2
    assert isinstance(given, list | tuple), "activations are a list"
    return tuple(bytes(name).decode().lower() for name in given)


def _recur(site: Site) -> Compute:
    direction = site.use.read_text("direction", "forward")
    batch_first = bool(site.use.read_integer("layout", 0))
    size = site.use.read_integer("hidden_size", 0)
    count = 2 if direction == "bidirectional" else 1
    constants = [site.find_constant(index) for index in range(len(site.operands))]
    ready = all(
        constants[index] is not None or not site.has(index)
        for index in (1, 2, 3, 7)
        if index < len(constants)
    )
    held = [_build_cell(site, constants, index) for index in range(count)] if ready else None

    def compute(operands: Operands) -> tuple[Array, ...]:
        cells = held or [_build_cell(site, operands, index) for index in range(count)]
        x = operands[0].swapaxes(0, 1) if batch_first else operands[0]
        steps, batch = x.shape[:2]
        given = find(operands, 4)
        lengths = np.full(batch, steps) if given is None else given
        outputs = np.zeros((steps, count, batch, size), x.dtype)
        hidden, memory = [], []
        for index, cell in enumerate(cells):
            h, c = (_read_state(operands, place, index, batch_first) for place in (5, 6))
            h = np.zeros((batch, size), x.dtype) if h is None else h
            c = np.zeros((batch, size), x.dtype) if c is None else c
            backward = index == 1 or direction == "reverse"
            for step in range(steps - 1, -1, -1) if backward else range(steps):
                fresh, kept = cell.step(x[step], h, c)
                alive = (lengths > step)[:, None] if given is not None else True
                h, c = np.where(alive, fresh, h), np.where(alive, kept, c)
                outputs[step, index] = np.where(alive, h, x.dtype.type(0))
            hidden.append(h)
            memory.append(c)
        results = [outputs, np.stack(hidden), np.stack(memory)]
        if batch_first:
            results = [outputs.transpose(2, 0, 1, 3), *(r.swapaxes(0, 1) for r in results[1:])]
        return tuple(results)

    return compute


def _read_state(operands: Operands, place: int, index: int, batch_first: bool) -> Array | None:
    state = find(operands, place)
    if state is None:
        return None
    return state[:, index] if batch_first else state[index]


RULES: dict[str, Rule] = {"GRU": _recur, "LSTM": _recur, "RNN": _recur}
