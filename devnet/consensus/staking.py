"""The staking contract's storage: what a genesis block writes, what validators and proofs read.

Slots are those of `contracts/src/ValidatorSet.sol`. A set is a pure function of the state: nothing
here executes code. What the state after block h says signs from block h + 2 on (decision 0036).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import IntEnum

from devnet.config import Staking
from devnet.consensus.set_change import Update
from devnet.consensus.validator_set import Member, ValidatorSet, compute_set_hash
from precompiles.digest import compute_keccak

STAKING = bytes(18) + b"\x10\x00"  # address, the same as in `IStaking.sol`

SET_HASH, TOTAL_POWER, MEMBERS, EPOCHS, TERMS, ACCOUNTS, PUNISHED = range(7)  # slots

Load = Callable[[int], int]  # word of a slot of the contract


class Misbehaviour(IntEnum):
    """What a validator is punished for, numbered as in `IStaking.sol`."""

    DUPLICATE_VOTE = 0
    DUPLICATE_PROPOSAL = 1
    AMNESIA = 2
    WRONG_RESULT = 3


@dataclass(frozen=True, slots=True)
class Account:
    """What the contract knows of one validator; all amounts in wei."""

    stake: int
    unbonding: int
    released_at: int  # block
    is_jailed: bool
    jailed_until: int  # block
    slashed: int


def build_storage(validators: ValidatorSet, terms: Staking) -> dict[int, int]:
    """Words by slot for a chain that begins with this set, each member at stake for its power."""
    set_hash = int.from_bytes(compute_set_hash(validators), "big")
    storage = {
        SET_HASH: set_hash,
        TOTAL_POWER: validators.total_power,
        MEMBERS: len(validators.members),
        EPOCHS: 1,
        locate_item(EPOCHS, 0): set_hash,  # from height 0 on, which is the word after it
        TERMS: pack(
            (terms.unit_wei, 128),
            (terms.slash_basis_points, 16),
            (terms.jail_blocks, 32),
            (terms.unbonding_blocks, 32),
            (terms.max_evidence_age, 32),
        ),
    }
    for index, member in enumerate(validators.members):
        word = pack((int.from_bytes(member.address, "big"), 160), (member.power, 96))
        storage[locate_item(MEMBERS, index)] = word
        storage[locate_account(member.address)] = member.power * terms.unit_wei
    return storage


def read_validators(load: Load, known: ValidatorSet) -> ValidatorSet:
    """The set in a state; `known` if that has its hash, or if there is no such contract."""
    set_hash = load(SET_HASH)
    if set_hash in (0, int.from_bytes(compute_set_hash(known), "big")):
        return known
    return ValidatorSet(tuple(_iterate_members(load)))


def list_changes(load: Load) -> tuple[int, ...]:
    """Heights at which another set than the first came into force, or will."""
    return tuple(load(locate_first_height(index)) for index in range(1, load(EPOCHS)))


def compute_updates(before: ValidatorSet, after: ValidatorSet) -> tuple[Update, ...]:
    """What turns one set of a chain into the next: `apply_updates` gives it, in the same order.

    The contract keeps the order of who stays, lets who joins come last, and nobody leave and join
    in one block.
    """
    gone = (member for member in before.members if not after.get_power(member.address))
    return tuple(
        [Update(member.address, 0) for member in gone]
        + [
            Update(member.address, member.power)
            for member in after.members
            if before.get_power(member.address) != member.power
        ]
    )


def read_account(load: Load, address: bytes) -> Account:
    """What a state knows of a validator; all zero for a stranger."""
    at = locate_account(address)
    flags = load(at + 2)
    return Account(
        stake=load(at),
        unbonding=load(at + 1),
        released_at=flags & (2**64 - 1),
        is_jailed=bool(flags >> 64 & 0xFF),
        jailed_until=flags >> 72 & (2**64 - 1),
        slashed=load(at + 3),
    )


def is_punished(load: Load, validator: bytes, height: int, what: Misbehaviour) -> bool:
    """Whether a state knows of this punishment."""
    words = validator.rjust(32, b"\0"), height.to_bytes(32, "big"), what.to_bytes(32, "big")
    key = compute_keccak(b"".join(words))
    return load(_hash(key + PUNISHED.to_bytes(32, "big"))) != 0


def read_max_age(load: Load) -> int:
    """Blocks after which a state's contract takes evidence no more."""
    return load(TERMS) >> 208


def locate_item(array: int, index: int, words: int = 1) -> int:
    """Slot of an element of an array whose elements take so many words."""
    return _hash(array.to_bytes(32, "big")) + index * words


def locate_first_height(index: int) -> int:
    """Slot of the height from which the set of an entry, 0 for the first, is in force."""
    return locate_item(EPOCHS, index, words=2) + 1


def locate_account(address: bytes) -> int:
    """Slot of the first of a validator's words."""
    return _hash(address.rjust(32, b"\0") + ACCOUNTS.to_bytes(32, "big"))


def _iterate_members(load: Load) -> Iterator[Member]:
    for index in range(load(MEMBERS)):
        word = load(locate_item(MEMBERS, index))
        yield Member((word & (2**160 - 1)).to_bytes(20, "big"), word >> 160)


def pack(*fields: tuple[int, int]) -> int:
    """One word of (value, bits), the first lowest, as Solidity packs them."""
    word = shift = 0
    for value, bits in fields:
        word |= value << shift
        shift += bits
    return word


def _hash(data: bytes) -> int:
    return int.from_bytes(compute_keccak(data), "big")
