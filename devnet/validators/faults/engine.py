"""Engines that validators run models in by their behaviour: one builder for each strategy.

A strategy that gives other results than the honest engine is a line in `BUILDERS`.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypeAlias

import numpy as np
import onnx
from onnx import numpy_helper

from devnet.validators.faults.fault import Strategy
from precompiles.engine.local import LocalEngine
from precompiles.interface import Engine
from precompiles.models.manifest import Manifest
from precompiles.models.store import ModelStore
from precompiles.tensor import Tensor

Builder: TypeAlias = Callable[[ModelStore], Engine]


class WrongWeightEngine(LocalEngine):
    """An engine that runs every model with one weight changed."""

    def read_weights(self, model_id: bytes) -> bytes:
        return change_weight(self.load(model_id))


BUILDERS: Mapping[Strategy, Builder] = MappingProxyType({Strategy.WRONG_MODEL: WrongWeightEngine})


class SwitchedEngine:
    """The engine of a validator whose behavior may change while it runs."""

    def __init__(
        self, honest: Engine, store: ModelStore, builders: Mapping[Strategy, Builder] = BUILDERS
    ) -> None:
        self.honest = honest
        self.strategy: Strategy | None = None  # nothing for the honest engine
        self._store, self._builders = store, builders
        self._built: dict[Strategy, Engine] = {}

    def load(self, model_id: bytes) -> bytes:
        return self.honest.load(model_id)

    def admit(self, model_id: bytes, dimensions: Mapping[str, int]) -> Manifest:
        return self.honest.admit(model_id, dimensions)

    def try_out(self, manifest: Manifest) -> None:
        self.honest.try_out(manifest)

    def run(self, manifest: Manifest, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        return self._choose().run(manifest, inputs)

    def _choose(self) -> Engine:
        if self.strategy is None:
            return self.honest
        engine = self._built.get(self.strategy)
        if engine is None:
            engine = self._built[self.strategy] = self._builders[self.strategy](self._store)
        return engine


def change_weight(model: bytes) -> bytes:
    """The model with one element changed: the largest of the last weight matrix, mirrored.

    A model without weights comes back as it is.
    """
    proto = onnx.load_from_string(model)
    tensors = [tensor for tensor in proto.graph.initializer if 0 not in tensor.dims]
    if not tensors:
        return model
    target = ([tensor for tensor in tensors if len(tensor.dims) >= 2] or tensors)[-1]
    array = numpy_helper.to_array(target).copy()
    flat = array.reshape(-1)
    middle = np.median(flat)
    index = int(np.argmax(np.abs(flat - middle)))
    flat[index] = flat.min() if flat[index] > middle else flat.max()
    target.CopyFrom(numpy_helper.from_array(array, target.name))
    changed: bytes = proto.SerializeToString()
    return changed
