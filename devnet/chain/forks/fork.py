"""The forks of Ethereum in order, by the names that other tools give them."""

import difflib
from enum import IntEnum, auto

from devnet.errors import ConfigError


class Fork(IntEnum):
    """A rule set; a later one compares greater and includes the earlier ones."""

    FRONTIER = auto()
    HOMESTEAD = auto()
    TANGERINE_WHISTLE = auto()
    SPURIOUS_DRAGON = auto()
    BYZANTIUM = auto()
    CONSTANTINOPLE = auto()
    PETERSBURG = auto()
    ISTANBUL = auto()
    MUIR_GLACIER = auto()
    BERLIN = auto()
    LONDON = auto()
    ARROW_GLACIER = auto()
    GRAY_GLACIER = auto()
    PARIS = auto()
    SHANGHAI = auto()
    CANCUN = auto()
    PRAGUE = auto()
    OSAKA = auto()
    BPO1 = auto()
    BPO2 = auto()


LATEST = max(Fork)
_ALIASES = {
    "merge": Fork.PARIS,
    "tangerine": Fork.TANGERINE_WHISTLE,
    "eip150": Fork.TANGERINE_WHISTLE,
    "spurious": Fork.SPURIOUS_DRAGON,
    "eip158": Fork.SPURIOUS_DRAGON,
    "latest": LATEST,
}


def parse_fork(name: str) -> Fork:
    """The fork of a name; case, hyphens and underscores do not matter.

    Raises: ConfigError with the nearest name.
    """
    names = {_fold(fork.name): fork for fork in Fork} | _ALIASES
    found = names.get(_fold(name))
    if found is None:
        near = difflib.get_close_matches(_fold(name), names, 1)
        hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(names)}"
        raise ConfigError(f"no hardfork {name!r}; {hint}")
    return found


def _fold(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "").replace(" ", "")
