"""Witness: what one attempt at a height proves against validators that took part in it."""

from collections.abc import Iterator

from devnet.chain.body import extract_block
from devnet.consensus.blame.evidence import WrongResult
from devnet.consensus.blame.fork import find_evidence
from devnet.consensus.validator_set import ValidatorSet
from devnet.consensus.vote import NIL
from devnet.validators.accusation import Proof, WrongBlock
from devnet.validators.assembly import Assembly
from devnet.validators.attempt import Attempt


def find_proofs(attempt: Attempt, assembly: Assembly, validators: ValidatorSet) -> Iterator[Proof]:
    """Contradictions of every kind, and statements for blocks that come out otherwise.

    A block counts as wrong if validators with over a third of the power found so: one of them is
    honest then.
    """
    messages = assembly.transcript.list_messages(attempt.height)
    if any(message.round for message in messages):  # in one round nobody forgets a lock
        for proof in find_evidence(messages):
            if not isinstance(proof, WrongResult):
                yield proof
    if not assembly.judges_results:
        return
    decided = attempt.decided.hash if attempt.decided else NIL
    for value in dict.fromkeys(message.value for message in messages):
        if value in (NIL, decided) or not _is_refuted(value, assembly, validators):
            continue
        bodies = (seat.executor.find_body(value) for seat in assembly.seats)
        block = extract_block(next(body for body in bodies if body is not None).block)
        for message in messages:
            if message.value == value:
                yield WrongBlock(message, block)


def _is_refuted(value: bytes, assembly: Assembly, validators: ValidatorSet) -> bool:
    power = 0
    for seat in assembly.seats:
        opinion = seat.executor.find_opinion(value)
        if opinion and opinion.execution and opinion.execution.hash != value:
            power += validators.get_power(seat.validator.address)
    return power >= validators.third_power
