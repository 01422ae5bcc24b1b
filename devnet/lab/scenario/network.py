"""The table [network] of a scenario: one kind of latency, and what else happens to messages."""

from devnet.errors import ConfigError
from devnet.lab.scenario.scenario import Network
from devnet.lab.scenario.table import Table, read_groups

_MAX_MS = 10**9
_MAX_SIGMA = 3_000  # permille; one in six is then 20 medians late
_KINDS = ("latency_ms", "log_normal", "regions")


def read_network(table: Table, names: list[str]) -> Network:
    """Read it; what is not given is the default of `Network`. Raises: ConfigError."""
    values = table.take("network", dict, {})
    network = Table(values, f"{table.where}, network")
    given = [kind for kind in _KINDS if kind in values]
    if len(given) > 1:
        raise ConfigError(f"{network.where}: give only one of {', '.join(given)}")
    least, most = _take_pair(network, "latency_ms", "the least and the most") or (20, 80)
    if not 0 <= least <= most <= _MAX_MS:
        raise ConfigError(
            f"{network.where}: latency_ms is {[least, most]}, it takes the least and the most"
        )
    heals = network.take_number("heals_ms", -1, -1, _MAX_MS)
    regions, region_ms = _read_regions(network, names)
    read = Network(
        latency_ms=(least, most),
        loss_permille=network.take_number("loss_permille", 0, 0, 1000),
        duplication_permille=network.take_number("duplication_permille", 0, 0, 1000),
        partition=read_groups(network, "partition", names),
        heals_ms=None if heals < 0 else heals,
        gst_ms=network.take_number("gst_ms", 0, 0, _MAX_MS),
        reordering_permille=network.take_number("reordering_permille", 0, 0, 1000),
        log_normal=_read_log_normal(network),
        regions=regions,
        region_ms=region_ms,
    )
    network.close()
    return read


def _read_log_normal(network: Table) -> tuple[int, int] | None:
    pair = _take_pair(network, "log_normal", "the median in ms and sigma in permille")
    if pair is not None and not (0 <= pair[0] <= _MAX_MS and 0 <= pair[1] <= _MAX_SIGMA):
        raise ConfigError(
            f"{network.where}: log_normal is {list(pair)}; use a median from 0 to {_MAX_MS} ms "
            f"and a sigma from 0 to {_MAX_SIGMA} permille"
        )
    return pair


def _read_regions(
    network: Table, names: list[str]
) -> tuple[tuple[tuple[int, ...], ...], tuple[tuple[int, ...], ...]]:
    regions = read_groups(network, "regions", names)
    rows = network.take_list("region_ms", list) or ()
    placed = sorted(node for region in regions for node in region)
    if regions and placed != list(range(len(names))):
        raise ConfigError(f"{network.where}: regions must have every validator exactly once")
    if rows and not regions:
        raise ConfigError(f"{network.where}: region_ms is between regions; give regions")
    if len(rows) != len(regions) or any(len(row) != len(regions) for row in rows):
        raise ConfigError(
            f"{network.where}: region_ms must have {len(regions)} rows of {len(regions)}, "
            f"from each region to each"
        )
    for delay in (delay for row in rows for delay in row):
        if type(delay) is not int or not 0 <= delay <= _MAX_MS:
            raise ConfigError(f"{network.where}: region_ms has {delay!r}; use 0 to {_MAX_MS}")
    return regions, tuple(tuple(row) for row in rows)


def _take_pair(network: Table, key: str, meaning: str) -> tuple[int, int] | None:
    pair = network.take_list(key, int)
    if pair is None:
        return None
    if len(pair) != 2:
        raise ConfigError(f"{network.where}: {key} is {list(pair)}, it takes {meaning}")
    return pair[0], pair[1]
