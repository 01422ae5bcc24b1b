"""Succession: from the genesis set through every change to the set that signs a block.

A change is a block whose state says who signs from two blocks later on, certified by who signs it
itself. Changes are complete: each proves that its entry follows the one before it in the contract's
list of sets, and the last block that no further entry is in force (decisions 0060, 0070).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from devnet.chain.header import compute_header_hash
from devnet.consensus.certificate import check_certificate
from devnet.consensus.set_change import DELAY
from devnet.consensus.staking import EPOCHS, SET_HASH, STAKING, locate_first_height
from devnet.consensus.validator_set import compute_set_hash
from devnet.consensus.vote import VoteContext
from devnet.errors import BadProof, ConsensusError
from devnet.verification.signed_block import SignedBlock
from devnet.verification.trie_proof import read_storage_root, read_word

_MAX_EPOCHS = 2**32  # entries in the contract's list of sets


@dataclass(frozen=True, slots=True)
class FoundSet:
    """A set that is in force from a height on."""

    first_height: int
    hash: bytes
    replaced_at: int | None = None  # block of the change after it, none for the last

    @property
    def vouches(self) -> bool:
        """Whether it, or a set after it, signed all that follows: a set is in force two blocks
        after its change, and what changes before that is the word of the sets before it."""
        return self.replaced_at is None or self.replaced_at >= self.first_height


def follow_changes(
    chain_id: int, changes: Sequence[SignedBlock], block: SignedBlock
) -> tuple[FoundSet, ...]:
    """The sets from the first one to the one that signs `block`.

    The certificate of `block` itself is not looked at.
    Raises: BadProof naming the change that does not hold, and why.
    """
    oldest = changes[0] if changes else block
    sets = [FoundSet(0, compute_set_hash(oldest.validators))]
    known = 1  # entries of the contract's list that are behind
    height = 0
    for number, change in enumerate(changes, 1):
        previous, height = height, change.header.number
        try:
            if height <= previous:
                raise BadProof(f"it is not after block {previous}")
            _check_signed(chain_id, change, _find_hash(sets, height))
            entry = f"entry {known} of the contract's sets"
            set_hash, total, first = _read_words(
                change,
                {
                    "hash of the set": SET_HASH,
                    "number of sets": EPOCHS,
                    entry: locate_first_height(known),
                },
            )
            if first != height + DELAY:
                raise BadProof(
                    f"{entry} is for height {first}, not {height + DELAY}: a change before it is "
                    "missing, or it is none"
                )
            if not known < total < _MAX_EPOCHS:
                raise BadProof(f"the contract knows {total} sets, {known} were known before")
        except ConsensusError as broken:
            raise BadProof(
                f"change {number} of {len(changes)}, block {height}: {broken}"
            ) from broken
        sets[-1] = replace(sets[-1], replaced_at=height)
        sets.append(FoundSet(first, set_hash.to_bytes(32, "big")))
        known = total
    _check_last(block, sets, known)
    return tuple(sets)


def require_trusted(sets: Sequence[FoundSet], trusted: bytes) -> None:
    """Raises: BadProof unless the set with this hash, or what follows from it, signed the block."""
    found = [each for each in sets if each.hash == trusted]
    if not found:
        raise BadProof(f"trusted is 0x{trusted.hex()}, which is none of them")
    if not any(each.vouches for each in found):
        raise BadProof(
            f"trusted is 0x{trusted.hex()}, which signs from {found[-1].first_height} on; the "
            f"change of block {found[-1].replaced_at} was signed by a set before it: trust that "
            "one, or a set after it"
        )


def _check_last(block: SignedBlock, sets: Sequence[FoundSet], known: int) -> None:
    height = block.header.number
    if sets[-1].first_height > height:
        raise BadProof(
            f"the last change is in force from {sets[-1].first_height} on, after block {height}"
        )
    found = compute_set_hash(block.validators)
    if found != sets[-1].hash:
        raise BadProof(f"set 0x{found.hex()} signs block {height}, not 0x{sets[-1].hash.hex()}")
    try:
        name = f"entry {known} of the contract's sets"
        (following,) = _read_words(block, {name: locate_first_height(known)})
    except BadProof as broken:
        raise BadProof(f"block {height}: {broken}") from broken
    if 0 < following <= height:
        raise BadProof(f"the change that is in force from {following} on is missing")


def _check_signed(chain_id: int, block: SignedBlock, set_hash: bytes) -> None:
    """Raises: ConsensusError."""
    found = compute_set_hash(block.validators)
    if found != set_hash:
        raise BadProof(f"set 0x{found.hex()} signs it, not 0x{set_hash.hex()}")
    block_hash = compute_header_hash(block.header)
    if block_hash != block.certificate.block_hash:
        certified = f"0x{block.certificate.block_hash.hex()}"
        raise BadProof(f"header 0x{block_hash.hex()}, the certificate is for {certified}")
    context = VoteContext(chain_id, block.header.number, set_hash)
    check_certificate(block.certificate, block.validators, context)


def _find_hash(sets: Sequence[FoundSet], height: int) -> bytes:
    """Of the set in force at a height."""
    return next(each.hash for each in reversed(sets) if each.first_height <= height)


def _read_words(block: SignedBlock, slots: Mapping[str, int]) -> tuple[int, ...]:
    """Words of the staking contract, by what they are, in the state after a block.

    Raises: BadProof.
    """
    proof = block.proof
    if len(proof.words) != len(slots):
        raise BadProof(f"{len(proof.words)} words are proven, {len(slots)} are asked for")
    root = read_storage_root(block.header.state_root, STAKING, proof.account)
    words = []
    for (name, slot), nodes in zip(slots.items(), proof.words, strict=True):
        try:
            words.append(read_word(root, slot, nodes))
        except BadProof as broken:
            raise BadProof(f"{name}: {broken}") from broken
    return tuple(words)
