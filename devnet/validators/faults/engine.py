"""Engines that validators run models in by their behaviour: one builder for each strategy.

A strategy that gives other results than the honest engine is a line in `BUILDERS`.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypeAlias

from devnet.validators.faults.fault import Strategy
from precompiles.engine.foreign.wrong_weight import WrongWeightEngine
from precompiles.interface import Engine
from precompiles.models.manifest import Manifest
from precompiles.models.store import ModelStore
from precompiles.tensor import Tensor

Builder: TypeAlias = Callable[[ModelStore], Engine]


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
