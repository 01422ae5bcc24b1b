"""The inference worker: `python -m precompiles.engine.worker FD MEMORY_BYTES [ENGINE]`.

Questions and answers are CBOR over the given socket: what runs untrusted models must not be able to
make its parent unpickle anything.
"""

import resource
import sys
from collections.abc import Mapping
from enum import Enum
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import cbor2
import numpy as np

from precompiles.engine.foreign.host import ENGINES
from precompiles.engine.local import LocalEngine
from precompiles.engine.trace import Step, Trace
from precompiles.errors import (
    Fatal,
    ModelMissing,
    NotAdmitted,
    PrecompileError,
    RuntimeBroken,
    StoreCorrupt,
    TooLarge,
)
from precompiles.models.manifest import (
    Manifest,
    Registration,
    decode_registration,
    encode_registration,
)
from precompiles.models.store import MemoryStore
from precompiles.tensor import DType, Tensor

Outputs = tuple[Tensor, ...]
_WARM = 512  # rows of a product that needs all buffers
Answer = Outputs | Manifest | Trace | PrecompileError
_ERRORS = {
    kind.__name__: kind
    for kind in (Fatal, ModelMissing, StoreCorrupt, RuntimeBroken, NotAdmitted, TooLarge)
}


class Task(Enum):
    """What a worker is asked to do with a model."""

    ADMIT = "admit"
    TRY = "try"
    RUN = "run"
    TRACE = "trace"


def encode_admission(model_id: bytes, model: bytes | None, dimensions: Mapping[str, int]) -> bytes:
    """A question; the model's bytes only if the worker does not have them yet."""
    return cbor2.dumps([Task.ADMIT.value, model, [model_id, dict(dimensions)]])


def encode_trial(manifest: Manifest, model: bytes | None) -> bytes:
    return cbor2.dumps([Task.TRY.value, model, _pack_manifest(manifest)])


def encode_run(manifest: Manifest, model: bytes | None, inputs: Outputs) -> bytes:
    return cbor2.dumps([Task.RUN.value, model, [_pack_manifest(manifest), _pack(inputs)]])


def encode_trace(manifest: Manifest, model: bytes | None, inputs: Outputs) -> bytes:
    return cbor2.dumps([Task.TRACE.value, model, [_pack_manifest(manifest), _pack(inputs)]])


def decode_answer(data: bytes) -> Answer:
    """Outputs, a manifest, a trace, or the error that the worker met.

    Raises: ValueError if the worker's bytes are no answer.
    """
    kind, body = cbor2.loads(data)
    if kind == "outputs":
        return _unpack(body)
    if kind == "manifest":
        return decode_registration(body).manifest
    if kind == "trace":
        steps = (
            Step(name, tuple(names), _unpack(results), digest)
            for name, names, results, digest in body[0]
        )
        return Trace(tuple(steps), _unpack(body[1]))
    if kind in _ERRORS:
        return _ERRORS[kind](body)
    raise ValueError(f"answer of kind {kind!r}")


def serve(connection: Connection, memory_bytes: int, engine_name: str = "runtime") -> None:
    """Answer until the other end is gone, with an engine of `foreign.host`."""
    store = MemoryStore()
    engine = ENGINES[engine_name](store)
    _reserve_buffers()
    _limit_memory(memory_bytes)
    connection.send_bytes(cbor2.dumps(["outputs", []]))
    while True:
        try:
            task, model, body = cbor2.loads(connection.recv_bytes())
        except EOFError:
            return
        if model is not None:
            store.put(model)
        connection.send_bytes(_answer(engine, Task(task), body, memory_bytes))


def _answer(engine: LocalEngine, task: Task, body: Any, memory_bytes: int) -> bytes:
    try:
        match task:
            case Task.ADMIT:
                return cbor2.dumps(["manifest", _pack_manifest(engine.admit(*body))])
            case Task.TRY:
                engine.try_out(decode_registration(body).manifest)
                return cbor2.dumps(["outputs", []])
            case Task.RUN:
                manifest = decode_registration(body[0]).manifest
                return cbor2.dumps(["outputs", _pack(engine.run(manifest, _unpack(body[1])))])
            case Task.TRACE:
                manifest = decode_registration(body[0]).manifest
                return cbor2.dumps(["trace", _pack_trace(engine.trace(manifest, _unpack(body[1])))])
    except MemoryError:
        text = f"the model needs more than {memory_bytes} bytes of memory"
        return cbor2.dumps([RuntimeBroken.__name__, text])
    except PrecompileError as error:
        kind = next(c.__name__ for c in type(error).__mro__ if c.__name__ in _ERRORS)
        return cbor2.dumps([kind, str(error)])


def _pack_manifest(manifest: Manifest) -> bytes:
    return encode_registration(Registration(manifest, bytes(20)))


def _pack_trace(trace: Trace) -> list[Any]:
    steps = [[s.operator, list(s.names), _pack(s.results), s.digest] for s in trace.steps]
    return [steps, _pack(trace.outputs)]


def _reserve_buffers() -> None:
    """BLAS maps its buffers at the first large product, and ends the process if it may not."""
    square = np.ones((_WARM, _WARM))
    np.matmul(square, square)


def _limit_memory(memory_bytes: int) -> None:
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + memory_bytes
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def _pack(tensors: Outputs) -> list[Any]:
    return [[int(tensor.dtype), list(tensor.shape), tensor.data] for tensor in tensors]


def _unpack(packed: list[Any]) -> Outputs:
    return tuple(Tensor(DType(dtype), tuple(shape), data) for dtype, shape, data in packed)


if __name__ == "__main__":
    serve(Connection(int(sys.argv[1])), int(sys.argv[2]), *sys.argv[3:])
