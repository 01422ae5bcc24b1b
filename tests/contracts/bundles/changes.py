"""Ways to change a bundle, each drawn from a stream of its own."""

from collections.abc import Callable
from dataclasses import replace
from random import Random

from devnet.consensus.validator_set import Member, ValidatorSet
from devnet.consensus.vote import Vote
from devnet.verification.bundle import Bundle
from tests.contracts.bundles.notary import Notary

SIGNERS = Notary((1,) * 32)  # whose first ones are the members of every other notary
OTHER = SIGNERS.notarise(3, 1, nonce=1)
Change = Callable[[Bundle, Random], Bundle]


def drop_vote(bundle: Bundle, draw: Random) -> Bundle:
    votes = list(bundle.certificate.votes)
    del votes[draw.randrange(len(votes))]
    return _with_votes(bundle, votes)


def repeat_vote(bundle: Bundle, draw: Random) -> Bundle:
    votes = list(bundle.certificate.votes)
    votes.insert(draw.randrange(len(votes) + 1), draw.choice(votes))
    return _with_votes(bundle, votes)


def swap_votes(bundle: Bundle, draw: Random) -> Bundle:
    votes = list(bundle.certificate.votes)
    draw.shuffle(votes)
    return _with_votes(bundle, votes)


def swap_signatures(bundle: Bundle, draw: Random) -> Bundle:
    votes = list(bundle.certificate.votes)
    first, second = draw.sample(range(len(votes)), 2)
    votes[first] = replace(votes[first], signature=votes[second].signature)
    return _with_votes(bundle, votes)


def replace_vote(bundle: Bundle, draw: Random) -> Bundle:
    votes = list(bundle.certificate.votes)
    place = draw.randrange(len(votes))
    votes[place] = OTHER.certificate.votes[draw.randrange(len(votes))]
    return _with_votes(bundle, votes)


def garble_signature(bundle: Bundle, draw: Random) -> Bundle:
    votes = list(bundle.certificate.votes)
    place = draw.randrange(len(votes))
    signature = votes[place].signature
    kinds = (
        bytes(65),
        signature[:64] + bytes([draw.randrange(256)]),
        signature[:32] + b"\xff" * 32 + signature[64:],
        draw.randbytes(65),
        signature[:32] + bytes(32) + signature[64:],
    )
    votes[place] = replace(votes[place], signature=draw.choice(kinds))
    return _with_votes(bundle, votes)


def leave_signers(bundle: Bundle, draw: Random) -> Bundle:
    signers = [address for address in list_members(bundle) if draw.random() < 0.7]
    return SIGNERS.certify(bundle, signers)


def count_power_twice(bundle: Bundle, draw: Random) -> Bundle:
    members = list(bundle.validators.members)
    members.insert(draw.randrange(len(members) + 1), draw.choice(members))
    return _with_members(bundle, members)


def raise_power(bundle: Bundle, draw: Random) -> Bundle:
    members = list(bundle.validators.members)
    place = draw.randrange(len(members))
    members[place] = Member(members[place].address, draw.choice((1, 7, 2**40, 2**96 - 1)))
    return _with_members(bundle, members)


def lose_member(bundle: Bundle, draw: Random) -> Bundle:
    members = list(bundle.validators.members)
    del members[draw.randrange(len(members))]
    return _with_members(bundle, members)


def lose_sibling(bundle: Bundle, draw: Random) -> Bundle:
    return replace(bundle, path=bundle.path[draw.randrange(1, 3) :])


def add_siblings(bundle: Bundle, draw: Random) -> Bundle:
    return replace(bundle, path=(*bundle.path, *(draw.randbytes(32) for _ in range(70))))


def move_leaf(bundle: Bundle, draw: Random) -> Bundle:
    return replace(bundle, index=draw.choice((0, 1, 2, 4, 5, 2**255)))


def miscount(bundle: Bundle, draw: Random) -> Bundle:
    return replace(bundle, count=draw.choice((0, 1, 2, 3, 4, 6, 8, 2**64 - 1, 2**64, 2**256 - 1)))


def renumber(bundle: Bundle, draw: Random) -> Bundle:
    number = draw.choice((0, 6, 8, 2**64, 2**256 - 1))
    return replace(bundle, header=replace(bundle.header, number=number))


def forge_root(bundle: Bundle, draw: Random) -> Bundle:
    return replace(bundle, header=replace(bundle.header, extra_data=draw.randbytes(32)))


def forge_output(bundle: Bundle, draw: Random) -> Bundle:
    return replace(bundle, receipt=replace(bundle.receipt, output_digest=draw.randbytes(32)))


def certify_other(bundle: Bundle, draw: Random) -> Bundle:
    value = draw.choice((bytes(31) + b"\x01", OTHER.certificate.block_hash))
    return SIGNERS.certify(bundle, list_members(bundle), value)


def _with_votes(bundle: Bundle, votes: list[Vote]) -> Bundle:
    return replace(bundle, certificate=replace(bundle.certificate, votes=tuple(votes)))


def _with_members(bundle: Bundle, members: list[Member]) -> Bundle:
    """Signed by whoever is in the new set, once for each seat."""
    changed = replace(bundle, validators=ValidatorSet(tuple(members)))
    return SIGNERS.certify(changed, list_members(changed))


def list_members(bundle: Bundle) -> list[bytes]:
    """Addresses in the order of the set."""
    return [member.address for member in bundle.validators.members]


CHANGES: tuple[Change, ...] = (
    *(drop_vote, repeat_vote, swap_votes, swap_signatures, replace_vote, garble_signature),
    *(leave_signers, count_power_twice, raise_power, lose_member),
    *(lose_sibling, add_siblings, move_leaf, miscount),
    *(renumber, forge_root, forge_output, certify_other),
)
HARMLESS = (drop_vote, swap_votes, leave_signers, raise_power, lose_member, garble_signature)
