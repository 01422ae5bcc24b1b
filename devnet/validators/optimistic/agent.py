"""Agent: what one validator does about the open matters, block by block, from its own account.

| matter is  | its executor                     | others                                      |
|------------|----------------------------------|---------------------------------------------|
| open       | posts when it is its turn        |                                             |
| posted     | settles it after the window      | the committee runs it again and, where the   |
|            |                                  | roots differ, challenges it once            |
| disputed   | opens its node in turn; brings the operands of the leaf; ends what is overdue  |

What is overdue, whoever's turn it would be now ends too: expired requests, silent parties.
"""

from collections.abc import Callable, Container, Iterator
from contextlib import suppress
from dataclasses import dataclass

from devnet.config import MIN_DISPUTE_GAS, Optimistic
from devnet.errors import HostError
from devnet.validators.faults.fault import Strategy
from devnet.validators.optimistic.claim import Claim, build_claim
from devnet.validators.optimistic.contract import (
    Dispute,
    Request,
    Status,
    encode_call,
    list_known,
    list_tensors,
)
from devnet.validators.optimistic.docket import Matter
from devnet.validators.validator import Validator
from precompiles.errors import PrecompileError
from precompiles.gas import Schedule, compute_check_gas, compute_infer_gas
from precompiles.models.manifest import Manifest

GAS_MOVE = 400_000  # more than any move takes beside its data, callback and execution
GAS_PER_BYTE = 90  # of call data: EIP-7623, and copying it


@dataclass(frozen=True, slots=True)
class Situation:
    """One open matter before the next block."""

    matter: Matter
    manifest: Manifest
    request: Request
    dispute: Dispute | None
    find_executor: Callable[[], bytes]  # whose turn it is now, or would be
    committee: tuple[bytes, ...] | None = None  # not drawn yet
    number: int = 0  # of the next block


@dataclass(frozen=True, slots=True)
class Act:
    """A call of the contract."""

    data: bytes
    value: int  # wei
    gas: int


class Agent:
    """One validator's part in all matters."""

    def __init__(self, validator: Validator, terms: Optimistic, schedule: Schedule) -> None:
        self._validator, self._terms, self._schedule = validator, terms, schedule
        self.claims: dict[tuple[int, int], Claim] = {}  # by matter and attempt

    @property
    def address(self) -> bytes:
        return self._validator.address

    def forget(self, open_matters: Container[int]) -> None:
        """Drop claims about matters that are closed."""
        self.claims = {key: c for key, c in self.claims.items() if key[0] in open_matters}

    def list_acts(self, situation: Situation) -> Iterator[Act]:
        """What it sends for the next block; nothing while it is down or cannot answer."""
        validator = self._validator
        if not validator.is_running(situation.number):
            return
        with suppress(PrecompileError, HostError):  # whoever lacks the model has no say
            match situation.request.status:
                case Status.OPEN:
                    yield from self._answer(situation)
                case Status.POSTED:
                    yield from self._watch(situation)
                case Status.DISPUTED if not self._stalls(situation):
                    yield from self._dispute(situation)

    def _answer(self, at: Situation) -> Iterator[Act]:
        if not self._is_next(at):
            return
        if at.number > at.request.opened_at + self._terms.window_blocks:
            yield self._act(encode_call("expire", at.matter.number))
            return
        claim = self._claim(at)
        outputs = list_tensors(claim.trace.outputs)
        proof = (claim.tree.root, claim.last_results, claim.last_siblings)
        data = encode_call("post", at.matter.number, outputs, *proof)
        yield self._act(data, value=self._terms.bond_wei)

    def _watch(self, at: Situation) -> Iterator[Act]:
        request = at.request
        late = at.number - request.deadline
        if late > 0:
            is_mine = request.executor == self.address
            if is_mine or (late > self._terms.move_blocks and self._is_next(at)):
                tensors = list_tensors(at.matter.inputs), list_tensors(at.matter.outputs)
                data = encode_call("finalize", at.matter.number, *tensors)
                yield self._act(data, gas=2 * request.callback_gas)
        elif self._is_drawn(at) and not self._has_tried(at):
            root = self._claim(at).tree.root
            if root != request.root:
                data = encode_call("challenge", at.matter.number, root)
                yield self._act(data, value=self._terms.bond_wei)

    def _dispute(self, at: Situation) -> Iterator[Act]:
        dispute = at.dispute
        assert dispute is not None, "a disputed matter has a dispute"
        is_executor = self.address == at.request.executor
        is_party = is_executor or self.address == dispute.challenger
        if at.number > dispute.deadline:
            if is_party or self._is_next(at):
                yield self._act(encode_call("timeout", at.matter.number))
        elif not is_party:
            return
        elif dispute.level == 0:
            waited = at.number - (dispute.deadline - self._terms.move_blocks)
            if not is_executor or waited > 1:  # the challenger first
                yield self._bring(at, dispute.index)
        elif dispute.executor_moves == is_executor:
            children = self._claim(at).tree.get_children(dispute.level, dispute.index)
            yield self._act(encode_call("bisect", at.matter.number, *children))

    def _bring(self, at: Situation, index: int) -> Act:
        known = list_known(self._claim(at).list_operands(index))
        run = compute_infer_gas(self._schedule, at.manifest)
        gas = run + compute_check_gas(self._schedule, at.manifest.size_bytes)
        return self._act(encode_call("judge", at.matter.number, known), gas=gas)

    def _act(self, data: bytes, value: int = 0, gas: int = 0) -> Act:
        most = MIN_DISPUTE_GAS  # that every block takes, and every transaction may have
        return Act(data, value, min(GAS_MOVE + GAS_PER_BYTE * len(data) + gas, most))

    def _claim(self, at: Situation) -> Claim:
        """Made once: whoever computes otherwise each time stands by the first."""
        key = at.matter.number, at.request.attempt
        if key not in self.claims:
            engine = self._validator.engine
            self.claims[key] = build_claim(engine, at.manifest, at.matter.inputs, at.number)
        return self.claims[key]

    def _is_next(self, at: Situation) -> bool:
        return at.find_executor() == self.address

    def _is_drawn(self, at: Situation) -> bool:
        """Whether it has to look, and does."""
        if self.address not in (at.committee or ()):
            return False
        place = at.number, 0, 0, at.manifest.model_id
        return not self._validator.conduct.picks((Strategy.LAZY,), *place)

    def _stalls(self, at: Situation) -> bool:
        return self._validator.conduct.shows(Strategy.STALL, at.number)

    def _has_tried(self, at: Situation) -> bool:
        return any(
            (conflict.challenger, conflict.attempt) == (self.address, at.request.attempt)
            for conflict in at.matter.conflicts
        )
