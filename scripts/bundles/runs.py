"""Inferences for chains on paper: sample models on held-out digits, with the outputs they give."""

from functools import cache

import onnx

from bundles.paper import Run
from precompiles.engine.session import SessionEngine
from precompiles.models.admission import admit_model
from precompiles.models.graph import PINNED_PROPERTY
from precompiles.models.samples import read_digits, read_sample
from precompiles.models.store import MemoryStore
from precompiles.tensor import DType, Tensor


@cache
def run_exact(digit: int = 0) -> Run:
    """An integer model: the same bits on every host."""
    pixels, _ = read_digits()
    return _run(read_sample("digits_exact"), Tensor(DType.UINT8, (1, 64), pixels[digit].tobytes()))


@cache
def run_portable(digit: int = 0) -> Run:
    """A float model under the portable evaluator: the same bits on every host."""
    pixels, _ = read_digits()
    data = pixels[digit].astype("<f4").tobytes()
    return _run(read_sample("digits_float"), Tensor(DType.FLOAT32, (1, 64), data))


@cache
def claim_pinned(digit: int = 0) -> Run:
    """The float model asking for the runtime's own floats, with the portable evaluator's outputs.

    So no host's own bits are in it, and only another engine can have signed it.
    """
    run = run_portable(digit)
    proto = onnx.ModelProto.FromString(run.model)
    onnx.helper.set_model_props(proto, dict([PINNED_PROPERTY]))
    return Run(bytes(proto.SerializeToString()), run.inputs, run.outputs)


def _run(model: bytes, tensor: Tensor) -> Run:
    store = MemoryStore()
    store.put(model)
    return Run(model, (tensor,), SessionEngine(store).run(admit_model(model), (tensor,)))
