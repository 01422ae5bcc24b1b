"""Validator set: who may sign, with how much power."""

from dataclasses import dataclass, field

from devnet.consensus.threshold import compute_quorum, compute_third, is_quorum
from precompiles.digest import compute_keccak


@dataclass(frozen=True, slots=True)
class Member:
    """One validator as consensus sees it."""

    address: bytes  # 20 bytes
    power: int


@dataclass(frozen=True, slots=True)
class ValidatorSet:
    """Members in a fixed order."""

    members: tuple[Member, ...]
    powers: dict[bytes, int] = field(init=False, repr=False, compare=False)  # by address
    total_power: int = field(init=False, repr=False, compare=False)
    quorum_power: int = field(init=False, repr=False, compare=False)  # the least quorum
    third_power: int = field(init=False, repr=False, compare=False)  # the least over a third

    def __post_init__(self) -> None:
        powers: dict[bytes, int] = {}
        for member in self.members:
            powers.setdefault(member.address, member.power)
        total = sum(member.power for member in self.members)
        object.__setattr__(self, "powers", powers)
        object.__setattr__(self, "total_power", total)
        object.__setattr__(self, "quorum_power", compute_quorum(total))
        object.__setattr__(self, "third_power", compute_third(total))

    def get_power(self, address: bytes) -> int:
        """Voting power of an address, zero for a stranger."""
        return self.powers.get(address, 0)

    def is_quorum(self, power: int) -> bool:
        """Whether `power` is more than two thirds, in integers."""
        return is_quorum(power, self.total_power)


def compute_set_hash(validators: ValidatorSet) -> bytes:
    """Keccak over (address, power) words in order; signed with every vote."""
    words = (
        member.address.rjust(32, b"\0") + member.power.to_bytes(32, "big")
        for member in validators.members
    )
    return compute_keccak(b"".join(words))
