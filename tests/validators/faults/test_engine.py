"""The engine of a validator is chosen by its behaviour, call by call."""

from devnet.validators.faults.engine import SwitchedEngine
from devnet.validators.faults.fault import Strategy
from precompiles.engine.local import LocalEngine
from precompiles.models.admission import admit_model
from precompiles.models.samples import read_digits, read_sample
from precompiles.models.store import MemoryStore
from precompiles.tensor import Tensor


def test_switched_engine_lies_only_while_it_is_told_to() -> None:
    """One engine, switched back and forth, gives the honest bits whenever it is honest."""
    store = MemoryStore()
    model = read_sample("digits_exact")
    store.put(model)
    manifest, (pixels, _) = admit_model(model), read_digits()
    inputs = tuple(Tensor(k.dtype, k.shape, pixels[0].tobytes()) for k in manifest.inputs)
    engine = SwitchedEngine(LocalEngine(store), store)
    honest = engine.run(manifest, inputs)
    for strategy in (Strategy.WRONG_MODEL, None, Strategy.WRONG_MODEL):
        engine.strategy = strategy
        assert (engine.run(manifest, inputs) != honest) == (strategy is Strategy.WRONG_MODEL)
        assert engine.load(manifest.model_id) == model
