"""One host in memory: real store, engine, schedule and table over a dict for contract storage."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

import onnx
import pytest
from eth_abi.abi import decode, encode
from eth_typing import ABIFunction
from eth_utils.abi import (
    filter_abi_by_type,
    function_abi_to_4byte_selector,
    get_abi_input_types,
    get_abi_output_types,
)
from hypothesis import settings
from onnx import TensorProto, helper

from contracts import load
from precompiles.engine.local import LocalEngine
from precompiles.errors import PrecompileError, WriteProtection
from precompiles.gas import Schedule
from precompiles.inference import INFERENCE
from precompiles.interface import InferenceCall, Meter, Table
from precompiles.models.manifest import Manifest
from precompiles.models.samples import read_sample
from precompiles.models.store import MemoryStore
from precompiles.registry import REGISTRY
from precompiles.table import build_table
from precompiles.tensor import Tensor

settings.register_profile("devnet", deadline=None)  # hosts differ in speed; CI has a time limit
settings.load_profile("devnet")

ALICE, BOB = b"\xa1" * 20, b"\xb0" * 20
PLENTY = 10**9  # gas
INTERFACES: Mapping[bytes, Mapping[str, ABIFunction]] = {
    address: {function["name"]: function for function in filter_abi_by_type("function", abi)}
    for address, abi in (
        (INFERENCE, load("IInference").abi),
        (REGISTRY, load("IModelRegistry").abi),
    )
}


class MemoryState:
    """`StateView` over a dict, as one frame of the EVM sees it."""

    def __init__(self) -> None:
        self.caller = ALICE
        self.address = REGISTRY
        self.static = False
        self.slots: dict[tuple[bytes, int], int] = {}
        self.logs: list[tuple[tuple[bytes, ...], bytes]] = []
        self.calls: list[InferenceCall] = []
        self.loads = 0

    def load(self, address: bytes, slot: int) -> int:
        self.loads += 1
        return self.slots.get((address, slot), 0)

    def store(self, slot: int, value: int) -> None:
        self._require_mutable()
        assert 0 <= value < 1 << 256
        self.slots[self.address, slot] = value

    def log(self, topics: tuple[bytes, ...], data: bytes) -> None:
        self._require_mutable()
        self.logs.append((topics, data))

    def record(self, call: InferenceCall) -> None:
        self.calls.append(call)

    def _require_mutable(self) -> None:
        if self.static:
            raise WriteProtection("state change in a static call")


class CountingEngine(LocalEngine):
    """The engine, and how often it ran a model."""

    runs = 0

    def run(self, manifest: Manifest, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        self.runs += 1
        return super().run(manifest, inputs)


class Answer(NamedTuple):
    output: bytes
    gas: int


@dataclass
class Host:
    """A store, an engine, a table, the state they work on and the ids added to it, in order."""

    store: MemoryStore
    engine: CountingEngine
    table: Table
    state: MemoryState
    models: list[bytes]

    def call(
        self,
        to: bytes,
        data: bytes,
        *,
        gas: int = PLENTY,
        caller: bytes = ALICE,
        static: bool = False,
        storage: bytes | None = None,
    ) -> Answer:
        """One call frame; `storage` is whose storage it writes, by default the precompile's."""
        state, meter = self.state, Meter(gas)
        state.caller, state.static, state.address = caller, static, storage or to
        with _rollback(state):
            return Answer(self.table[to][1](data, meter, state), meter.used)

    def ask(self, to: bytes, function: str, *arguments: object, **frame: Any) -> Any:
        """`call` through the committed ABI; the result decoded, a tuple if there are several."""
        types = get_abi_output_types(INTERFACES[to][function])
        answer = self.call(to, encode_call(to, function, *arguments), **frame)
        results = decode(types, answer.output)
        return results[0] if len(results) == 1 else results or None

    def add(self, model: bytes) -> bytes:
        """Store and register a model."""
        model_id = self.store.put(model)
        self.ask(REGISTRY, "register", model_id)
        self.models.append(model_id)
        return model_id


@contextmanager
def _rollback(state: MemoryState) -> Iterator[None]:
    slots, logs, calls = dict(state.slots), list(state.logs), list(state.calls)
    try:
        yield
    except PrecompileError:
        state.slots, state.logs, state.calls = slots, logs, calls
        raise


def encode_call(to: bytes, function: str, *arguments: object) -> bytes:
    """Call data by the committed ABI."""
    element = INTERFACES[to][function]
    return function_abi_to_4byte_selector(element) + encode(get_abi_input_types(element), arguments)


def build_model(
    operator: str,
    inputs: Mapping[str, tuple[int, tuple[int, ...]]],
    outputs: Mapping[str, tuple[int, tuple[int, ...]]],
    **attributes: Any,
) -> bytes:
    """Bytes of a model with one operator; types are (ONNX dtype code, shape)."""
    graph = helper.make_graph(
        [helper.make_node(operator, list(inputs), list(outputs), **attributes)],
        operator.lower(),
        [helper.make_tensor_value_info(name, *kind) for name, kind in inputs.items()],
        [helper.make_tensor_value_info(name, *kind) for name, kind in outputs.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def build_host() -> Host:
    """A fresh host with an empty chain."""
    store = MemoryStore()
    engine = CountingEngine(store)
    return Host(store, engine, build_table(engine, Schedule()), MemoryState(), [])


@pytest.fixture
def host() -> Host:
    return build_host()


@pytest.fixture(scope="session")
def make_host() -> Callable[[], Host]:
    """Fresh hosts for tests that cannot take a new fixture for each example."""
    return build_host


@pytest.fixture(scope="session")
def digits() -> bytes:
    return read_sample("digits_exact")


@pytest.fixture(scope="session")
def joiner() -> bytes:
    """Two inputs whose order shows in the output: uint8 [2] and [3] to [5]."""
    kind = TensorProto.UINT8
    return build_model(
        "Concat", {"left": (kind, (2,)), "right": (kind, (3,))}, {"whole": (kind, (5,))}, axis=0
    )
