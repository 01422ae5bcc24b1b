"""Powers of validators as the command line writes them: `v0=10,v1=0`."""

import re
from collections.abc import Iterable

from devnet.config import MAX_POWER
from devnet.errors import ConfigError

_PART = re.compile(r"(?P<name>[^=]+)=(?P<power>[0-9]{1,20})")
_NAME = re.compile(r"v(0|[1-9][0-9]{0,8})")


def parse_powers(texts: Iterable[str], validators: int) -> tuple[int, ...]:
    """Powers in order, up to the last that is not 1; whoever is not named has 1.

    Raises: ConfigError with the part that is wrong.
    """
    given: dict[int, int] = {}
    for text in texts:
        for part in text.split(","):
            index, power = _parse(part.strip(), validators)
            if index in given:
                raise ConfigError(f"--power '{part}': v{index} has power {given[index]} already")
            given[index] = power
    last = max((index for index, power in given.items() if power != 1), default=-1)
    return tuple(given.get(index, 1) for index in range(last + 1))


def _parse(part: str, validators: int) -> tuple[int, int]:
    found = _PART.fullmatch(part)
    if found is None:
        raise ConfigError(f"--power '{part}' is not VALIDATOR=POWER, as in v0=10")
    name, power = found["name"], int(found["power"])
    known = _NAME.fullmatch(name)
    if known is None or int(known[1]) >= validators:
        raise ConfigError(
            f"--power '{part}': no validator '{name}'; there are v0 to v{max(validators, 1) - 1}"
        )
    if power > MAX_POWER:
        raise ConfigError(f"--power '{part}': use 0 to {MAX_POWER}")
    return int(known[1]), power
