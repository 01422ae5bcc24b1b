"""Behaviour of a validator: honest, or faults = strategy x trigger, as users write them.

    honest   wrong-model@height>=5   crash(500)@at heights 3,7-9   drop-votes@random(0.3) + lazy
    engine:eels   engine:eels + delay(200)

What it does and what executes blocks for it are joined by `+`. Strategies and triggers are in
`faults/`.
"""

from dataclasses import dataclass

from devnet.errors import ConfigError
from devnet.validators.client import DEFAULT, check_engine
from devnet.validators.faults.fault import Fault, Strategy, check_faults, parse_fault, suggest

_HONEST = "honest"
_ENGINE = "engine:"


@dataclass(frozen=True, slots=True)
class Behavior:
    """What a validator does: nothing but the protocol, or the faults."""

    text: str = _HONEST  # as it was given
    faults: tuple[Fault, ...] = ()
    engine: str = DEFAULT  # the client that executes blocks, as `check_engine` takes it

    @property
    def is_honest(self) -> bool:
        """Whether it follows the protocol everywhere."""
        return not self.faults

    def __str__(self) -> str:
        return self.text


HONEST = Behavior()


def parse_behavior(text: str) -> Behavior:
    """Read `honest`, or faults joined by `+`, each `strategy[(MS)][@trigger]`.

    Raises: ConfigError with what exists, or with what contradicts what.
    """
    known = ", ".join((_HONEST, *(strategy.value for strategy in Strategy), f"{_ENGINE}NAME"))
    parts = [part.strip() for part in text.split("+")]
    faults, engines = [], []
    for part in parts:
        if part.startswith(_ENGINE):
            engines.append(_read_engine(part))
            continue
        head, at, when = part.partition("@")
        name = head.partition("(")[0].strip()
        if not name or (at and not when.strip()):
            raise ConfigError(
                f"behavior '{text}' is not of the form strategy[(MS)][@trigger] [+ ...]: {known}"
            )
        if name == _HONEST and len(parts) == 1 and not at:
            return HONEST
        if name == _HONEST:
            raise ConfigError(f"behavior '{text}': 'honest' stands alone, without a trigger")
        if name not in (strategy.value for strategy in Strategy):
            raise ConfigError(f"no behavior '{name}'; {suggest(name)}there are {known}")
        faults.append(parse_fault(part))
    check_faults(faults)
    if len(engines) > 1:
        raise ConfigError(f"behavior '{text}': one engine executes blocks, {len(engines)} given")
    return Behavior(" + ".join(parts), tuple(faults), *engines)


def name_client(text: str) -> str:
    """The client of a behaviour that another process reports; `unknown` if it tells none."""
    try:
        return parse_behavior(text).engine.partition(":")[0]
    except ConfigError:
        return "unknown"


def _read_engine(part: str) -> str:
    engine, at, _ = part.removeprefix(_ENGINE).partition("@")
    if at:
        raise ConfigError(
            f"'{part}': an engine takes no trigger; set another behavior when it is to change"
        )
    check_engine(engine)
    return engine
