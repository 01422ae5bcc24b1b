"""Sample models with their manifests, and digits as inputs."""

from collections.abc import Callable

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from precompiles.dtypes import NUMPY_DTYPES
from precompiles.engine.canonical import to_tensor
from precompiles.models.admission import admit_model
from precompiles.models.graph import PINNED_PROPERTY
from precompiles.models.manifest import Manifest
from precompiles.models.samples import read_digits, read_sample
from precompiles.models.store import MemoryStore
from precompiles.tensor import Tensor

Inputs = tuple[Tensor, ...]
Add = Callable[[str | bytes], Manifest]
Pick = Callable[[Manifest, int], Inputs]


def pin(model: bytes) -> bytes:
    """The model, which wants to be pinned if it cannot be exact."""
    key, value = PINNED_PROPERTY
    proto = onnx.load_from_string(model)
    proto.metadata_props.add(key=key, value=value)
    return bytes(proto.SerializeToString())


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def add(store: MemoryStore) -> Add:
    """Put a sample, or given bytes, into the store; float samples ask for the runtime's bits."""

    def put(model: str | bytes) -> Manifest:
        data = pin(read_sample(model)) if isinstance(model, str) else model
        store.put(data)
        return admit_model(data)

    return put


@pytest.fixture(scope="session")
def pick() -> Pick:
    """The inputs that show one held-out digit to a model."""
    pixels, _ = read_digits()

    def show(manifest: Manifest, index: int) -> Inputs:
        (kind,) = manifest.inputs
        return (to_tensor(pixels[index].astype(NUMPY_DTYPES[kind.dtype]).reshape(kind.shape)),)

    return show


@pytest.fixture(scope="session")
def mixed() -> bytes:
    """A product of uint8 inputs with int8 weights of full range: x uint8[1, 64], y int32[1, 10]."""
    weights = np.random.default_rng(1).integers(-128, 128, (64, 10)).astype(np.int8)
    graph = helper.make_graph(
        [helper.make_node("MatMulInteger", ["x", "weights"], ["y"])],
        "mixed",
        [helper.make_tensor_value_info("x", TensorProto.UINT8, [1, 64])],
        [helper.make_tensor_value_info("y", TensorProto.INT32, [1, 10])],
        [numpy_helper.from_array(weights, "weights")],
    )
    opsets = [helper.make_opsetid("", 21)]
    return bytes(helper.make_model(graph, opset_imports=opsets, ir_version=10).SerializeToString())
