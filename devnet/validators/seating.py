"""Seating: the places of validators around one network: who signs, executes and hears with what."""

from collections.abc import Callable, Sequence

from devnet.consensus.agreement import Agreement
from devnet.consensus.certificate import Certificate
from devnet.consensus.participation.signing import KeySigner, KeyVerifier
from devnet.consensus.participation.wal import Wal
from devnet.consensus.rules.rule import Exchange
from devnet.consensus.signature import bind_key
from devnet.consensus.tendermint.timeout import Timeouts
from devnet.consensus.turns import Turns
from devnet.consensus.vote import Recover
from devnet.validators.agreement.assessor import Assessor
from devnet.validators.agreement.gathering import Gathering
from devnet.validators.executor import Executor
from devnet.validators.rounds import Rounds
from devnet.validators.seat import Seat
from devnet.validators.validator import Validator


def build_seats(
    validators: Sequence[Validator],
    keys: Sequence[bytes],
    wals: Sequence[Wal],
    chain_id: int,
    seed: int,
    turns: Turns,
    timeouts: Timeouts,
    recover: Recover,
    find_certificate: Callable[[int], Certificate],
    get_hash: Callable[[int], bytes],
    agreement: Agreement,
    rounds: Rounds,
) -> tuple[Seat, ...]:
    """A seat for each validator, with its key and its log.

    Args:
        seed: decides the salts of commitments.
        find_certificate: of a decided height.
        get_hash: of the decided block at a height.
    """
    verifier = KeyVerifier(chain_id, turns.get_set_hash, recover, rounds.find_shift)

    def build(node: int, validator: Validator, key: bytes, wal: Wal) -> Seat:
        executor, gathering = Executor(validator, get_hash), None
        if agreement.exchange is not Exchange.NONE:
            gathering = Gathering(
                validator.address,
                Assessor(executor, agreement, seed, f"v{node}"),
                chain_id,
                bind_key(key),
                recover,
                turns.get_validators,
                timeouts,
            )
        signer = KeySigner(key, chain_id, turns.get_set_hash, rounds.choose_shift)
        return Seat(
            *(validator, executor, wal, signer, verifier, turns, timeouts),
            *(find_certificate, gathering),
        )

    places = enumerate(zip(validators, keys, wals, strict=True))
    return tuple(build(node, *place) for node, place in places)
