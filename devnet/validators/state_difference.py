"""States: the first account in which two validators' states after one block part."""

from dataclasses import dataclass

from devnet.chain.world import World


@dataclass(frozen=True, slots=True)
class Account:
    """What differs in one account."""

    address: bytes
    part: str
    expected: str
    got: str

    def __str__(self) -> str:
        return f"account 0x{self.address.hex()}: {self.part} {self.got}, others {self.expected}"


def find_account(worlds: tuple[World, World], roots: tuple[bytes, bytes]) -> Account | None:
    """The first account that differs, in order of its address; every account is read for it.

    Args:
        worlds: whose states they are: of who is right, of who is not.
    """
    if not all(world.has_root(root) for world, root in zip(worlds, roots, strict=True)):
        return None
    ours, theirs = (_read(world, root) for world, root in zip(worlds, roots, strict=True))
    for address in sorted(ours | theirs):
        one, other = ours.get(address, {}), theirs.get(address, {})
        for part in sorted(one | other):
            expected, got = one.get(part, "nothing"), other.get(part, "nothing")
            if expected != got:
                return Account(address, part, expected, got)
    return None


def _read(world: World, root: bytes) -> dict[bytes, dict[str, str]]:
    """Parts of every account in words."""
    return {
        address: {
            "balance": str(account.balance),
            "code hash": "0x" + account.code_hash.hex(),
            "nonce": str(account.nonce),
            **{f"slot {slot:#x}": f"{word:#x}" for slot, word in world.iterate_words(account)},
        }
        for address, account in world.iterate_accounts(root)
    }
