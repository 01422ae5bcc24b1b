"""The one table of our precompile addresses."""

from functools import partial

from precompiles.gas import Schedule
from precompiles.inference import INFERENCE, run_inference
from precompiles.interface import Engine, Table
from precompiles.operators import OPERATORS, run_operators
from precompiles.registry import REGISTRY, run_registry


def build_table(engine: Engine, schedule: Schedule, has_disputes: bool = False) -> Table:
    """Precompiles of one host: each address with its name and function.

    Args:
        has_disputes: whether the chain's rule is the optimistic one.
    """
    judging = {OPERATORS: ("IOperators", partial(run_operators, engine, schedule))}
    return {
        INFERENCE: ("IInference", partial(run_inference, engine, schedule)),
        REGISTRY: ("IModelRegistry", partial(run_registry, engine, schedule)),
        **(judging if has_disputes else {}),
    }
