"""Reads a fork schedule from the `config` object of a geth genesis file.

Source: geth's `params.ChainConfig`; EIP-7840 for `blobSchedule`.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from devnet.chain.forks.blob import DEFAULT_BLOBS, BlobParameters
from devnet.chain.forks.fork import Fork
from devnet.chain.forks.rules import DEPOSIT_CONTRACT
from devnet.chain.forks.schedule import BY_TIME, ForkSchedule
from devnet.errors import ConfigError

_NUMBER_KEYS = {
    Fork.HOMESTEAD: "homesteadBlock",
    Fork.TANGERINE_WHISTLE: "eip150Block",
    Fork.SPURIOUS_DRAGON: "eip158Block",
    Fork.BYZANTIUM: "byzantiumBlock",
    Fork.CONSTANTINOPLE: "constantinopleBlock",
    Fork.PETERSBURG: "petersburgBlock",
    Fork.ISTANBUL: "istanbulBlock",
    Fork.MUIR_GLACIER: "muirGlacierBlock",
    Fork.BERLIN: "berlinBlock",
    Fork.LONDON: "londonBlock",
    Fork.ARROW_GLACIER: "arrowGlacierBlock",
    Fork.GRAY_GLACIER: "grayGlacierBlock",
}
_OPTIONAL = (Fork.PETERSBURG, Fork.MUIR_GLACIER, Fork.ARROW_GLACIER, Fork.GRAY_GLACIER)
_TIME_KEYS = {fork: f"{fork.name.lower()}Time" for fork in BY_TIME}
_UNSUPPORTED = ("bpo3Time", "bpo4Time", "bpo5Time", "amsterdamTime", "verkleTime", "clique")
_BLOB_KEYS = ("target", "max", "baseFeeUpdateFraction")


def parse_schedule(config: Mapping[str, Any]) -> ForkSchedule:
    """The schedule that a chain configuration describes.

    Raises: ConfigError naming the key that cannot be used.
    """
    for key in _UNSUPPORTED:
        if config.get(key) is not None:
            raise ConfigError(f"genesis config: {key} is not supported; leave it out")
    if config.get("eip155Block") != config.get("eip158Block"):
        raise ConfigError("genesis config: eip155Block and eip158Block must be equal")
    if config.get("petersburgBlock") is None:  # as geth: Constantinople alone is never meant
        config = {**config, "petersburgBlock": config.get("constantinopleBlock")}
    numbers = tuple(_read_activations(config, _NUMBER_KEYS))
    times = tuple(_read_activations(config, _TIME_KEYS))
    terminal = read_optional(config, "terminalTotalDifficulty", 256)
    if times and (terminal is None or Fork.LONDON not in {fork for _, fork in numbers}):
        raise ConfigError(
            f"genesis config: {_TIME_KEYS[times[0][1]]} needs londonBlock and "
            "terminalTotalDifficulty (0 for a chain without proof of work)"
        )
    return ForkSchedule(
        numbers=numbers,
        times=times,
        terminal_difficulty=terminal,
        merge_netsplit_number=read_optional(config, "mergeNetsplitBlock"),
        dao_number=read_optional(config, "daoForkBlock"),
        supports_dao=bool(config.get("daoForkSupport")),
        blobs=_read_blobs(config.get("blobSchedule") or {}),
        deposit_contract=_read_address(config.get("depositContractAddress")),
    )


def read_number(value: Any, name: str, bits: int = 64) -> int:
    """A number written as JSON number, decimal or hex string. Raises: ConfigError."""
    try:
        number = int(value, 0) if isinstance(value, str) else value
    except ValueError:
        number = None
    if type(number) is not int or number < 0 or number >> bits:
        raise ConfigError(f"genesis: {name} is {value!r}; must be a whole number of {bits} bits")
    return number


def read_optional(config: Mapping[str, Any], key: str, bits: int = 64) -> int | None:
    """The number at a key, None if it is absent or null. Raises: ConfigError."""
    value = config.get(key)
    return None if value is None else read_number(value, key, bits)


def _read_activations(
    config: Mapping[str, Any], keys: Mapping[Fork, str]
) -> Iterator[tuple[int, Fork]]:
    last, missing = 0, ""
    for fork, key in keys.items():
        first = read_optional(config, key)
        if first is None:
            missing = missing or ("" if fork in _OPTIONAL else key)
            continue
        if missing:
            raise ConfigError(f"genesis config: {key} is given, but {missing} before it is not")
        if first < last:
            raise ConfigError(f"genesis config: {key} is {first}, before an earlier fork ({last})")
        last = first
        yield first, fork


def _read_blobs(given: Mapping[str, Any]) -> tuple[tuple[Fork, BlobParameters], ...]:
    names = {fork.name.lower(): fork for fork in DEFAULT_BLOBS}
    blobs = dict(DEFAULT_BLOBS)
    for name, entry in given.items():
        if entry is None:
            continue
        if name not in names:
            raise ConfigError(f"genesis config: blobSchedule.{name} is not supported")
        values = [read_number(entry.get(key), f"blobSchedule.{name}.{key}") for key in _BLOB_KEYS]
        target, maximum, fraction = values
        if not (0 <= target <= maximum and maximum and fraction):
            raise ConfigError(f"genesis config: blobSchedule.{name} must have 0 ≤ target ≤ max")
        blobs[names[name]] = BlobParameters(target, maximum, fraction)
    return tuple(blobs.items())


def _read_address(text: str | None) -> bytes:
    if text is None:
        return DEPOSIT_CONTRACT
    try:
        address = bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        address = b""
    if len(address) != 20:
        raise ConfigError(f"genesis config: depositContractAddress is {text!r}; 20 bytes of hex")
    return address
