"""The rules of a scenario's network, from a moment of virtual time on."""

from devnet.lab.scenario.scenario import Network
from devnet.network.fault import Duplication, During, Loss, Partition, UntilGst
from devnet.network.latency import Uniform
from devnet.network.rule import Rule
from devnet.validators.links import FOREVER_US, Groups

_MS = 1_000  # microseconds


def build_links(network: Network, groups: Groups, start_us: int = 0) -> tuple[Rule, ...]:
    """Partition, loss, duplication and latency; before GST they do as they like.

    Args:
        groups: nodes by side of the partition.
        start_us: when the times of `network` begin.
    """
    least, most = network.latency_ms
    latency = Uniform(least * _MS, most * _MS)
    rules: list[Rule] = []
    if groups:
        heals = FOREVER_US if network.heals_ms is None else start_us + network.heals_ms * _MS
        rules.append(During(Partition(groups), 0, heals))
    if network.loss_permille:
        rules.append(Loss(network.loss_permille))
    if network.duplication_permille:
        rules.append(Duplication(network.duplication_permille, latency))
    if network.gst_ms and rules:
        gst = start_us + network.gst_ms * _MS
        return (UntilGst(gst, most * _MS, (*rules, latency)), latency)
    return (*rules, latency)


def find_change_us(network: Network, start_us: int) -> int:
    """When trying again is of no use: a partition has healed, GST is over, nothing is lost."""
    if network.loss_permille and not network.gst_ms:
        return FOREVER_US
    return start_us + (network.gst_ms or network.heals_ms or 0) * _MS


def find_healing_us(network: Network, start_us: int) -> int:
    """When a partition ends."""
    ends = (network.heals_ms, network.gst_ms or None)
    known = [end_ms for end_ms in ends if end_ms is not None]
    return start_us + min(known) * _MS if known else FOREVER_US
