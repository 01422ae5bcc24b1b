"""Taking back: heights that begin anew after a revert, and what was signed at them before."""

from collections.abc import Sequence

from devnet.validators.assembly import Assembly
from devnet.validators.council import Council
from devnet.validators.links import Links
from devnet.validators.rounds import Rounds
from devnet.validators.validator import Validator


def is_calm(validators: Sequence[Validator], links: Links, number: int) -> bool:
    """Whether all are honest and at a block, and hear each other at once."""
    return links == Links() and all(
        v.behavior.is_honest and not v.stuck and v.head.number == number for v in validators
    )


def take_back(rounds: Rounds, assembly: Assembly, council: Council, number: int) -> None:
    """Let nobody sign again for rounds of heights above `number`."""
    head = council.head.number
    for height in range(number + 1, head + 2):
        last, value = assembly.find_last_round(height), b""
        shift = rounds.get_shift(height)
        if height <= head:
            certificate = council.get_certificate(height)
            value = certificate.block_hash
            last = max(last or 0, certificate.signed_round - shift)
        if last is not None:
            rounds.take_back(height, last + shift, value)
