"""Behaviour of a validator: honest, or faults = strategy x trigger, as users write them.

    honest   wrong-model@height>=5   crash(500)@at heights 3,7-9   drop-votes@random(0.3) + lazy

Several faults of one validator are joined by `+`. Strategies and triggers are in `faults/`.
"""

from dataclasses import dataclass

from devnet.errors import ConfigError
from devnet.validators.faults.fault import Fault, Strategy, check_faults, parse_fault, suggest

_HONEST = "honest"


@dataclass(frozen=True, slots=True)
class Behavior:
    """What a validator does: nothing but the protocol, or the faults."""

    text: str = _HONEST  # as it was given
    faults: tuple[Fault, ...] = ()

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
    known = ", ".join((_HONEST, *(strategy.value for strategy in Strategy)))
    parts = [part.strip() for part in text.split("+")]
    faults = []
    for part in parts:
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
    return Behavior(" + ".join(parts), tuple(faults))
