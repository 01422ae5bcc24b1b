"""The engine of a validator whose behavior may change while it runs, down to single inferences.

A strategy that gives other results than the honest engine is a line in `BUILDERS`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import MappingProxyType
from typing import TypeAlias

from devnet.chain.block import Inference
from devnet.streams import draw
from devnet.validators.faults.conduct import Conduct
from devnet.validators.faults.copying import CopyingEngine
from devnet.validators.faults.fault import COMPUTING, Fault, Strategy
from precompiles.engine.foreign.host import parse_host
from precompiles.engine.foreign.noisy import NoisyEngine
from precompiles.engine.foreign.quantised import QuantisedEngine
from precompiles.engine.foreign.saturation import SaturatingEngine
from precompiles.engine.foreign.shuffled import ShuffledEngine
from precompiles.engine.foreign.wrong_weight import WrongWeightEngine
from precompiles.engine.isolated import IsolatedEngine
from precompiles.engine.trace import Suspect, Trace, TracedEngine
from precompiles.errors import ModelMissing
from precompiles.models.manifest import Manifest
from precompiles.models.store import ModelStore
from precompiles.tensor import Tensor

Builder: TypeAlias = Callable[[ModelStore, Fault, bytes], Suspect]  # store, fault, seed
MAX_MISSING = 64  # models that are remembered as asked for in vain
_WORKER_BYTES = 1 << 30  # beyond what the loaded runtime has
_WORKER_TIME_S = 60.0  # an emulated processor is slow


def _build_foreign(store: ModelStore, fault: Fault, seed: bytes) -> Suspect:
    return IsolatedEngine(store, _WORKER_BYTES, _WORKER_TIME_S, parse_host(fault.host))


BUILDERS: Mapping[Strategy, Builder] = MappingProxyType(
    {
        Strategy.WRONG_MODEL: lambda store, fault, seed: WrongWeightEngine(store),
        Strategy.QUANTISED: lambda store, fault, seed: QuantisedEngine(store),
        Strategy.DRIFT: _build_foreign,
        Strategy.SATURATE: lambda store, fault, seed: SaturatingEngine(store),
        Strategy.GPU_ORDER: lambda store, fault, seed: ShuffledEngine(store, seed),
        Strategy.RANDOM_OPERATOR: lambda store, fault, seed: NoisyEngine(store),
    }
)


class SwitchedEngine:
    """Runs each inference honestly, or as the faults say where their triggers hold."""

    def __init__(
        self, honest: TracedEngine, store: ModelStore, conduct: Conduct, seed: int = 0
    ) -> None:
        """`seed` decides in which order sums are drawn."""
        self.honest = honest
        self.conduct = conduct
        self._store, self._seed = store, draw(seed, "engine")
        self._built: dict[tuple[Strategy, str], Suspect] = {}
        self._copying = CopyingEngine(honest)
        self._place = (0, 0)
        self._calls = 0  # in the block so far
        self.missing: dict[bytes, None] = {}  # models that were asked for in vain
        self._received: dict[bytes, int] = {}  # heights at which models came from a peer
        self._used: dict[tuple[bytes, tuple[Tensor, ...]], Suspect] = {}  # at this height

    def enter(self, height: int, round_: int, claims: Sequence[Inference] = ()) -> None:
        """A block is executed next; `claims` are the inferences its proposer reports."""
        if height != self._place[0]:
            self._used.clear()
        self._place, self._calls = (height, round_), 0
        self._copying.claims = tuple(claims)

    def recount(self) -> None:
        """The same block is executed once more."""
        self._calls = 0

    def receive(self, model_id: bytes) -> None:
        """A model's bytes have come."""
        self.missing.pop(model_id, None)
        self._received[model_id] = self._place[0]

    def load(self, model_id: bytes) -> bytes:
        """As the honest engine."""
        with self._need(model_id):
            return self.honest.load(model_id)

    def admit(self, model_id: bytes, dimensions: Mapping[str, int]) -> Manifest:
        """As the honest engine."""
        with self._need(model_id):
            return self.honest.admit(model_id, dimensions)

    def try_out(self, manifest: Manifest) -> None:
        """As the honest engine."""
        with self._need(manifest.model_id):
            self.honest.try_out(manifest)

    def run(self, manifest: Manifest, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """One inference, counted."""
        with self._need(manifest.model_id):
            suspect = self.pick(manifest.model_id)
            if suspect is None:
                return self.honest.run(manifest, inputs)
            self._used[manifest.model_id, inputs] = suspect
            return suspect.run(manifest, inputs)

    def trace(self, manifest: Manifest, inputs: tuple[Tensor, ...]) -> Trace:
        """Operator by operator, in the way this inference was run at this height."""
        suspect = self._used.get((manifest.model_id, inputs))
        return (suspect or self.honest).trace(manifest, inputs)

    @contextmanager
    def _need(self, model_id: bytes) -> Iterator[None]:
        """Whether the bytes are here: remembers what is missing, also where it has been lost."""
        lost = self._received.get(model_id) != self._place[0] and self.conduct.picks(
            (Strategy.MISSING_MODEL,), *self._place, self._calls, model_id
        )
        try:
            if lost:
                raise ModelMissing(f"0x{model_id.hex()} was lost by this host")
            yield
        except ModelMissing:
            self.missing[model_id] = None
            for oldest in tuple(self.missing)[:-MAX_MISSING]:
                del self.missing[oldest]
            raise

    def pick(self, model_id: bytes) -> Suspect | None:
        """What runs the next inference, counted, if it is not the honest engine."""
        suspect = self._find(model_id)
        self._calls += 1
        return suspect

    def _find(self, model_id: bytes) -> Suspect | None:
        conduct = self.conduct
        if not conduct.faults:
            return None
        if self._copying.claims and conduct.picks(
            (Strategy.LAZY,), *self._place, self._calls, model_id
        ):
            return self._copying
        fault = conduct.picks(COMPUTING, *self._place, self._calls, model_id)
        return None if fault is None else self._get(fault)

    def _get(self, fault: Fault) -> Suspect:
        key = (fault.strategy, fault.host)
        if key not in self._built:
            self._built[key] = BUILDERS[fault.strategy](self._store, fault, self._seed)
        return self._built[key]
