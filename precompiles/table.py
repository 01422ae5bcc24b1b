"""The one table of our precompile addresses."""

from functools import partial

from precompiles.gas import Schedule
from precompiles.inference import INFERENCE, run_inference
from precompiles.interface import Engine, Table
from precompiles.registry import REGISTRY, run_registry


def build_table(engine: Engine, schedule: Schedule) -> Table:
    """Precompiles of one host: each address with its name and function."""
    return {
        INFERENCE: ("IInference", partial(run_inference, engine, schedule)),
        REGISTRY: ("IModelRegistry", partial(run_registry, engine, schedule)),
    }
