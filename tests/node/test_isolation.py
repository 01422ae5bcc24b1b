"""`--isolate`: a model that takes too much is a fault of the host; the node lives on."""

from itertools import pairwise

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from devnet.config import Config, Host
from devnet.errors import HostError
from devnet.models import Models
from devnet.node import Node
from precompiles.engine.isolated import IsolatedEngine
from precompiles.models.graph import PINNED_PROPERTY
from precompiles.models.samples import read_digits, read_sample
from precompiles.tensor import DType, Tensor

MIB = 1 << 20


def _build_products(size: int, count: int) -> bytes:
    names = ["x", *(f"t{index}" for index in range(count - 1)), "y"]
    nodes = [helper.make_node("MatMul", [left, "x"], [right]) for left, right in pairwise(names)]
    kind = (TensorProto.FLOAT, [size, size])
    graph = helper.make_graph(
        nodes,
        "products",
        [helper.make_tensor_value_info("x", *kind)],
        [helper.make_tensor_value_info("y", *kind)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    onnx.checker.check_model(model)
    onnx.helper.set_model_props(model, dict([PINNED_PROPERTY]))  # the runtime's own products
    return bytes(model.SerializeToString())


def _read_digit(models: Models) -> int:
    pixels, _ = read_digits()
    call = models.run("digits", {"pixels": Tensor(DType.UINT8, (1, 64), pixels[0].tobytes())})
    return int(np.frombuffer(call.outputs[0].data, "<i8")[0])


def test_isolated_validators_agree_on_the_same_bits() -> None:
    """Blocks with inferences are equal with and without isolation."""
    hashes = []
    for isolate in (False, True):
        node = Node(Config(validators=2), Host(isolate=isolate))
        models = Models(node)
        models.add(read_sample("digits_exact"), "digits")
        assert _read_digit(models) == read_digits()[1][0]
        hashes.append(node.head.hash)
    assert hashes[0] == hashes[1]


def test_a_model_that_takes_too_long_is_a_fault_and_the_node_lives_on() -> None:
    """The call has no answer here, never a wrong one; the next model works."""
    node = Node(Config(validators=1), Host(isolate=True, time_s=20))
    models = Models(node)
    models.add(_build_products(1000, 19), "slow")
    models.add(read_sample("digits_exact"), "digits")
    height = node.head.header.number
    engine = node.cluster.validators[0].engine.honest
    assert isinstance(engine, IsolatedEngine)
    engine.time_s = 0.05
    x = np.ones((1000, 1000), np.float32)
    with pytest.raises(HostError, match=r"did not run the model within 0\.05 s"):
        models.run("slow", {"x": Tensor(DType.FLOAT32, x.shape, x.tobytes())})
    engine.time_s = 20
    assert _read_digit(models) == read_digits()[1][0]
    node.mine()
    assert node.head.header.number == height + 1


def test_a_model_that_takes_too_much_memory_is_refused_by_the_host_alone() -> None:
    """The call has no answer here, with the reason; the chain goes on."""
    node = Node(Config(validators=1), Host(isolate=True, memory_bytes=16 * MIB))
    models = Models(node)
    height = node.head.header.number
    models.add(_build_products(1500, 5), "large")
    x = np.ones((1500, 1500), np.float32)
    with pytest.raises(HostError, match="RuntimeBroken"):
        models.run("large", {"x": Tensor(DType.FLOAT32, x.shape, x.tobytes())})
    node.mine()
    assert node.head.header.number > height
