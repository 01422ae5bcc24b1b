"""What the keys of a scenario mean together: one that would have no effect is a mistake."""

from collections.abc import Iterator

from devnet.errors import ConfigError
from devnet.lab.scenario.scenario import Network, Scenario
from devnet.validators.faults.fault import DISPUTE


def check_scenario(scenario: Scenario, where: str) -> None:
    """Raises: ConfigError with the first key that goes with none of the others."""
    for mistake in (*_list_mistakes(scenario), *_list_faults(scenario)):
        raise ConfigError(f"{where}: {mistake}")
    for mistake in _list_network(scenario.network):
        raise ConfigError(f"{where}, network: {mistake}")


def _list_mistakes(scenario: Scenario) -> Iterator[str]:
    names, colluders = scenario.names, scenario.colluders
    if scenario.models and (scenario.twins or colluders):
        yield "twins and colluders are for runs without models"
    if not scenario.models and (scenario.rule != "exact" or scenario.calls != 1):
        yield "rule and calls are about inferences; add a [[model]]"
    if colluders and not scenario.sides:
        yield "colluders need sides: what each is told"
    if scenario.sides and not colluders:
        yield "sides are what colluders tell apart; name the colluders"
    if len(colluders) == len(names):
        yield "all validators collude: nobody is left to be told anything"
    for node in colluders:
        if node in scenario.twins or node in scenario.behaviors:
            yield f"{names[node]} is played by the adversary; it has no twin and no faults"
        if any(node in side for side in scenario.sides):
            yield f"{names[node]} colludes; sides are of those who do not"


def _list_faults(scenario: Scenario) -> Iterator[str]:
    for node, behavior in scenario.behaviors.items():
        for fault in behavior.faults:
            if fault.strategy in DISPUTE:
                yield (
                    f"faults, {scenario.names[node]}: '{fault.strategy.value}' shows in disputes "
                    "only, which no scenario has; use 'devnet up --rule optimistic'"
                )


def _list_network(network: Network) -> Iterator[str]:
    disturbances = (
        *(network.loss_permille, network.duplication_permille, network.reordering_permille),
        network.partition,
    )
    if network.heals_ms is not None and not network.partition:
        yield "heals_ms ends a partition; give one"
    if network.gst_ms and not any(disturbances):
        yield "gst_ms ends loss, duplication, reordering and partitions; give one of them"
