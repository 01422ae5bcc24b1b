"""The rules of a scenario's network, from a moment of virtual time on."""

from collections.abc import Sequence

from devnet.lab.scenario.scenario import Network
from devnet.network.fault import Duplication, During, Loss, Partition, Reordering, UntilGst
from devnet.network.latency import LogNormal, Uniform, build_regions, compute_exp
from devnet.network.rule import Rule
from devnet.validators.links import FOREVER_US, Groups

_MS = 1_000  # microseconds


def build_links(
    network: Network, groups: Groups, start_us: int = 0, twins: Sequence[int] = ()
) -> tuple[Rule, ...]:
    """Partition, loss, duplication, reordering and latency; before GST they do as they like.

    Args:
        groups: nodes by side of the partition.
        start_us: when the times of `network` begin.
        twins: validators whose second copies are the last nodes, each where the first one is.
    """
    latency, bound_us = _build_latency(network, twins)
    rules: list[Rule] = []
    if groups:
        heals = FOREVER_US if network.heals_ms is None else start_us + network.heals_ms * _MS
        rules.append(During(Partition(groups), 0, heals))
    if network.loss_permille:
        rules.append(Loss(network.loss_permille))
    if network.duplication_permille:
        rules.append(Duplication(network.duplication_permille, latency))
    if network.reordering_permille:
        rules.append(Reordering(network.reordering_permille, max(bound_us, 1)))
    if network.gst_ms and rules:
        gst = start_us + network.gst_ms * _MS
        return (UntilGst(gst, bound_us, (*rules, latency)), latency)
    return (*rules, latency)


def _build_latency(network: Network, twins: Sequence[int]) -> tuple[Rule, int]:
    """The latency and its longest, in microseconds; a log-normal one at four sigma."""
    if network.log_normal is not None:
        median, sigma = network.log_normal
        longest = median * _MS * compute_exp((4 * sigma << 32) // 1000) >> 32
        return LogNormal(median * _MS, sigma), longest
    if network.regions:
        region_of = {node: n for n, region in enumerate(network.regions) for node in region}
        nodes = (*sorted(region_of), *twins)
        longest = max(map(max, network.region_ms))
        return build_regions([region_of[node] for node in nodes], network.region_ms), longest * _MS
    least, most = network.latency_ms
    return Uniform(least * _MS, most * _MS), most * _MS


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
