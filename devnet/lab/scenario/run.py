"""Runs a scenario: with models on a chain, else the protocol alone."""

from devnet.lab.scenario.chain import ChainRun
from devnet.lab.scenario.protocol import run_protocol
from devnet.lab.scenario.result import Result
from devnet.lab.scenario.scenario import Scenario
from devnet.lab.trace import Trace


def run_scenario(scenario: Scenario, trace: Trace | None = None) -> Result:
    """One seed, one result on one host.

    Args:
        trace: takes a line for everything that happens.
    Raises: ConfigError; NotAdmitted or TooLarge for a model.
    """
    trace = trace or Trace()
    if not scenario.models:
        return run_protocol(scenario, trace)
    run = ChainRun(scenario, trace)
    try:
        return run.run()
    finally:
        run.close()
