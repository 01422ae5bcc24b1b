"""Changes of the validator set: what a decided value changes, and from which height on.

Source: CometBFT, validator updates: what height H returns holds from H + 2 on.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from devnet.consensus.validator_set import Member, ValidatorSet
from devnet.errors import ConfigError

DELAY = 2  # heights between a change and its effect
MAX_TOTAL_POWER = 2**60  # keeps priorities and products within what others can represent


@dataclass(frozen=True, slots=True)
class Update:
    """New power of a validator, zero to remove it."""

    address: bytes
    power: int


def apply_updates(validators: ValidatorSet, updates: Sequence[Update]) -> ValidatorSet:
    """The set after changes: who stays keeps its place, who joins comes last.

    Raises: ConfigError for a repeated address, a negative or too large power, an unknown validator
        removed, or nobody left.
    """
    powers = {member.address: member.power for member in validators.members}
    seen: dict[bytes, None] = {}
    for update in updates:
        who = f"0x{update.address.hex()}"
        if update.address in seen:
            raise ConfigError(f"two changes of validator {who} at once; keep one")
        if update.power < 0:
            raise ConfigError(f"power {update.power} of validator {who} is negative")
        if update.power == 0 and update.address not in powers:
            raise ConfigError(f"validator {who} cannot be removed: it is not in the set")
        seen[update.address] = None
        powers[update.address] = update.power
    members = tuple(Member(address, power) for address, power in powers.items() if power)
    if not members:
        raise ConfigError("these changes leave no validator")
    total = sum(member.power for member in members)
    if total > MAX_TOTAL_POWER:
        raise ConfigError(f"total power {total} is above {MAX_TOTAL_POWER}")
    return ValidatorSet(members)
