"""Misbehaviour = strategy x trigger, wrapped outside honest code.

| strategy    | what the validator does                                             |
|-------------|---------------------------------------------------------------------|
| honest      | follows the protocol                                                |
| crash       | proposes nothing, votes nothing, keeps its disk                     |
| wrong-model | runs every model with one weight changed                            |

A trigger limits it: `crash@height>=5`. Unknown words are refused with what exists.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

import numpy as np
import onnx
from onnx import numpy_helper

from devnet.errors import ConfigError
from precompiles.engine.local import LocalEngine
from precompiles.interface import Engine
from precompiles.models.manifest import Manifest
from precompiles.models.store import ModelStore
from precompiles.tensor import Tensor


class Strategy(Enum):
    """What a validator does."""

    HONEST = "honest"
    CRASH = "crash"
    WRONG_MODEL = "wrong-model"


@dataclass(frozen=True, slots=True)
class Behavior:
    """A strategy and the first height at which it holds."""

    strategy: Strategy = Strategy.HONEST
    from_height: int = 0

    def get_strategy(self, height: int) -> Strategy:
        """The strategy in force at a height."""
        return self.strategy if height >= self.from_height else Strategy.HONEST

    def __str__(self) -> str:
        when = f"@height>={self.from_height}" if self.from_height else ""
        return self.strategy.value + when


HONEST = Behavior()
_FORM = re.compile(r"(?P<strategy>[a-z-]+)(?:@height>=(?P<height>[0-9]+))?")


def parse_behavior(text: str) -> Behavior:
    """Read `strategy` or `strategy@height>=N`.

    Raises: ConfigError with what exists.
    """
    match = _FORM.fullmatch(text)
    known = ", ".join(strategy.value for strategy in Strategy)
    if match is None:
        raise ConfigError(f"behavior '{text}' is not of the form strategy[@height>=N]: {known}")
    try:
        strategy = Strategy(match["strategy"])
    except ValueError:
        raise ConfigError(f"no behavior '{match['strategy']}'; there are {known}") from None
    return Behavior(strategy, int(match["height"] or 0))


class WrongWeightEngine(LocalEngine):
    """An engine that runs every model with one weight changed."""

    def read_weights(self, model_id: bytes) -> bytes:
        return change_weight(self.load(model_id))


class SwitchedEngine:
    """The engine of a validator whose behavior may change while it runs."""

    def __init__(self, honest: Engine, store: ModelStore) -> None:
        self.honest = honest
        self._wrong = WrongWeightEngine(store)
        self.strategy = Strategy.HONEST

    def load(self, model_id: bytes) -> bytes:
        return self.honest.load(model_id)

    def admit(self, model_id: bytes, dimensions: Mapping[str, int]) -> Manifest:
        return self.honest.admit(model_id, dimensions)

    def try_out(self, manifest: Manifest) -> None:
        self.honest.try_out(manifest)

    def run(self, manifest: Manifest, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        engine: Engine = self._wrong if self.strategy is Strategy.WRONG_MODEL else self.honest
        return engine.run(manifest, inputs)


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
