"""The inference worker: `python -m precompiles.engine.worker FD MEMORY_BYTES`, one host's engine.

Questions and answers are CBOR over the given socket: what runs untrusted models must not be able to
make its parent unpickle anything.
"""

import resource
import sys
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import cbor2

from precompiles.engine.session import SessionEngine
from precompiles.errors import Fatal, RuntimeBroken
from precompiles.models.manifest import (
    Manifest,
    Registration,
    decode_registration,
    encode_registration,
)
from precompiles.models.store import MemoryStore
from precompiles.tensor import DType, Tensor

Outputs = tuple[Tensor, ...]
_FAULTS = {kind.__name__: kind for kind in (Fatal, *Fatal.__subclasses__())}


def encode_question(manifest: Manifest, weights: bytes | None, inputs: Outputs) -> bytes:
    """One run; `weights` only if the worker does not have them yet."""
    registration = encode_registration(Registration(manifest, bytes(20)))
    return cbor2.dumps([registration, weights, _pack(inputs)])


def decode_answer(data: bytes) -> Outputs | Fatal:
    """Outputs, or the fault that the worker met.

    Raises: ValueError if the worker's bytes are no answer.
    """
    kind, body = cbor2.loads(data)
    if kind == "outputs":
        return _unpack(body)
    if kind in _FAULTS:
        return _FAULTS[kind](body)
    raise ValueError(f"answer of kind {kind!r}")


def serve(connection: Connection, memory_bytes: int) -> None:
    """Answer until the other end is gone."""
    store = MemoryStore()
    engine = SessionEngine(store)
    _limit_memory(memory_bytes)
    connection.send_bytes(cbor2.dumps(["outputs", []]))
    while True:
        try:
            registration, weights, inputs = cbor2.loads(connection.recv_bytes())
        except EOFError:
            return
        if weights is not None:
            store.put(weights)
        manifest = decode_registration(registration).manifest
        connection.send_bytes(_answer(engine, manifest, _unpack(inputs), memory_bytes))


def _answer(engine: SessionEngine, manifest: Manifest, inputs: Outputs, memory_bytes: int) -> bytes:
    try:
        return cbor2.dumps(["outputs", _pack(engine.run(manifest, inputs))])
    except MemoryError:
        text = f"the model needs more than {memory_bytes} bytes of memory"
        return cbor2.dumps([RuntimeBroken.__name__, text])
    except Fatal as fault:
        return cbor2.dumps([type(fault).__name__, str(fault)])


def _limit_memory(memory_bytes: int) -> None:
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + memory_bytes
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def _pack(tensors: Outputs) -> list[Any]:
    return [[int(tensor.dtype), list(tensor.shape), tensor.data] for tensor in tensors]


def _unpack(packed: list[Any]) -> Outputs:
    return tuple(Tensor(DType(dtype), tuple(shape), data) for dtype, shape, data in packed)


if __name__ == "__main__":
    serve(Connection(int(sys.argv[1])), int(sys.argv[2]))
