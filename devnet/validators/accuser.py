"""Accuser: brings pending evidence into the blocks that its validator proposes, as transactions."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from devnet.chain.forks.fork import Fork
from devnet.chain.header import Header
from devnet.chain.signing import UnsignedPricedTransaction, find_binding, sign_transaction
from devnet.chain.transaction import Transaction, decode_transaction
from devnet.consensus.signature import compute_address
from devnet.consensus.staking import STAKING
from devnet.errors import BadEvidence, BadTransaction, HostError
from devnet.validators.accusation import WrongBlock
from devnet.validators.evidence_pool import Accusation, EvidencePool
from devnet.validators.judge import Judge

GAS_REPORT = 1_500_000  # more than a change of any set takes
GAS_REPORT_PER_BYTE = 40  # of call data, EIP-7623


class Accuser:
    """One validator's key, used to report others."""

    def __init__(self, key: bytes, evidence: EvidencePool, chain_id: int) -> None:
        self._key, self._evidence, self._chain_id = key, evidence, chain_id

    def build_reports(
        self, state: Any, template: Header, judge: Judge, hashes: Sequence[bytes]
    ) -> tuple[Transaction, ...]:
        """Transactions that go first in the block; what the judge does not confirm stays out.

        Args:
            state: before the block.
            hashes: of the chain, by number.
        """
        fork = judge.find_fork(template)
        if fork < Fork.CANCUN or not len(self._evidence):  # before, the contract does not run
            return ()
        load = partial(state.get_storage, STAKING)
        due = self._evidence.list_due(load, template.number)
        confirmed = (accusation for accusation in due if _is_confirmed(accusation, judge, hashes))
        return tuple(self._sign(confirmed, state, template, fork))

    def _sign(
        self, accusations: Iterable[Accusation], state: Any, template: Header, fork: Fork
    ) -> Iterator[Transaction]:
        nonce = state.get_nonce(compute_address(self._key))
        for accusation in accusations:
            unsigned = UnsignedPricedTransaction(
                nonce=nonce,
                to=STAKING,
                value=0,
                data=accusation.data,
                gas=GAS_REPORT + GAS_REPORT_PER_BYTE * len(accusation.data),
                gas_price=template.base_fee_per_gas,
            )
            with suppress(BadTransaction):  # a block too large for a transaction is not reported
                raw = sign_transaction(unsigned, find_binding(self._chain_id, fork), self._key)
                transaction = decode_transaction(raw, fork)
                nonce += 1
                yield transaction


def _is_confirmed(accusation: Accusation, judge: Judge, hashes: Sequence[bytes]) -> bool:
    proof = accusation.proof
    if not isinstance(proof, WrongBlock):
        return True
    try:
        judge.check_wrong(proof.first.height, proof.block, hashes)
    except (BadEvidence, HostError):
        return False
    return True
