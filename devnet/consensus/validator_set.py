"""Validator set: who may sign, with how much power, and who proposes when."""

from dataclasses import dataclass

from precompiles.digest import compute_keccak


@dataclass(frozen=True, slots=True)
class Member:
    """One validator as consensus sees it."""

    address: bytes  # 20 bytes
    power: int


@dataclass(frozen=True, slots=True)
class ValidatorSet:
    """Members in a fixed order, which is also the order of proposing."""

    members: tuple[Member, ...]

    @property
    def total_power(self) -> int:
        return sum(member.power for member in self.members)

    def get_power(self, address: bytes) -> int:
        """Voting power of an address, zero for a stranger."""
        return next((m.power for m in self.members if m.address == address), 0)

    def is_quorum(self, power: int) -> bool:
        """Whether `power` is more than two thirds, in integers."""
        return 3 * power > 2 * self.total_power

    @property
    def quorum_power(self) -> int:
        """The least power that is a quorum."""
        return 2 * self.total_power // 3 + 1

    def get_proposer(self, height: int, round_: int) -> Member:
        """Round robin: a new proposer at each height and at each round of it."""
        return self.members[(height - 1 + round_) % len(self.members)]


def compute_set_hash(validators: ValidatorSet) -> bytes:
    """Keccak over (address, power) words in order; signed with every vote."""
    words = (
        member.address.rjust(32, b"\0") + member.power.to_bytes(32, "big")
        for member in validators.members
    )
    return compute_keccak(b"".join(words))
