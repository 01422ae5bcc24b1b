"""Executor: the chain as a participant asks for it: builds, checks and takes over blocks.

A value is a block's hash; the block itself travels beside the message that names it. No block is
executed twice by one validator.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from devnet.chain.block import Execution
from devnet.consensus.set_change import Update
from devnet.consensus.tendermint import message
from devnet.consensus.tendermint.message import NO_ROUND
from devnet.consensus.vote import NIL
from devnet.errors import HostError
from devnet.validators.attempt import Attempt
from devnet.validators.faults.fault import Strategy
from devnet.validators.faults.screening import Predicate, allow, is_about
from devnet.validators.opinion import Opinion
from devnet.validators.proposal import Proposal, hide_outputs
from devnet.validators.validator import Validator


class Executor:
    """One validator's blocks of the height in progress."""

    def __init__(
        self,
        validator: Validator,
        get_hash: Callable[[int], bytes],
    ) -> None:
        """
        Args:
            get_hash: of the decided block at a height.
        """
        self._attempt: Attempt | None = None  # nothing is built without one
        self._validator, self._get_hash = validator, get_hash
        self._bodies: dict[bytes, Proposal] = {}
        self._opinions: dict[bytes, Opinion] = {}

    def begin(self, attempt: Attempt) -> None:
        """Serve another attempt; blocks that are behind are forgotten."""
        self._attempt = attempt
        head = self._validator.head.number
        for value in [v for v, body in self._bodies.items() if body.block.header.number <= head]:
            self._bodies.pop(value)
            self._opinions.pop(value, None)

    def keep(self, body: Proposal) -> None:
        """A block that came beside a message."""
        self._bodies.setdefault(body.block.hash, body)

    def show(self, body: Proposal) -> None:
        """The outputs of a block that came without them."""
        known = self._bodies.get(body.block.hash)
        if known is not None and not known.block.inferences:
            self._bodies[body.block.hash] = body

    def find_body(self, value: bytes) -> Proposal | None:
        """The block that a value names, if it is known here."""
        return self._bodies.get(value)

    def find_opinion(self, value: bytes) -> Opinion | None:
        """What it found about the block that a value names, if it has looked."""
        return self._opinions.get(value)

    def clear(self) -> None:
        """Forget the blocks of a height that is over."""
        self._bodies, self._opinions = {}, {}

    def build_value(self, height: int, round_: int) -> bytes:
        """A block of the waiting transactions; NIL if there should be none, or can be none."""
        attempt, validator = self._attempt, self._validator
        if attempt is None or attempt.height != height or validator.head.number != height - 1:
            return NIL
        try:
            body = validator.propose(
                round_, attempt.ingredients, self._get_predicate(height, round_)
            )
        except HostError as fault:
            attempt.note(round_, Opinion(validator.name, None, f"{type(fault).__name__}: {fault}"))
            return NIL
        if not body.block.transactions and not attempt.allow_empty:
            attempt.idle[validator.name] = None
            return NIL
        self._form(body, round_, Opinion(validator.name, body.block, ""))
        return body.block.hash

    def vary(self, proposal: message.Proposal) -> bytes:
        """Another valid block than the proposed one, for those who equivocate."""
        body = self._bodies.get(proposal.value)
        other = None if body is None else self._validator.vary(body)
        if other is None:
            return proposal.value
        self.keep(other)
        return other.block.hash

    def is_valid(self, proposal: message.Proposal) -> bool:
        """Whether executing the block gives its hash."""
        known = self._opinions.get(proposal.value)
        body = self._bodies.get(proposal.value)
        if body is None or not _fits(body, proposal):
            return False
        if known is not None:
            self._note(proposal.height, proposal.round, known)
            return not known.reason
        if self.is_lazy(proposal):
            return True
        opinion = self._validator.check(body)
        self.settle(proposal, opinion)
        return not opinion.reason

    def is_lazy(self, proposal: message.Proposal) -> bool:
        """Whether it signs a proposal without executing it."""
        place = (proposal.height, proposal.round)
        return self._validator.conduct.shows(Strategy.LAZY, *place)

    def examine(self, proposal: message.Proposal) -> Opinion | None:
        """What it finds about a block, told to nobody; nothing if it may not be proposed there."""
        body = self._bodies.get(proposal.value)
        if body is None or not _fits(body, proposal):
            return None
        return self._validator.check(body)

    def examine_alone(self, proposal: message.Proposal) -> Execution | None:
        """Its own result for a block, with no output taken over."""
        return self._validator.check(hide_outputs(self._bodies[proposal.value])).execution

    def settle(self, proposal: message.Proposal, opinion: Opinion) -> None:
        """Hold an opinion from now on."""
        body = self._bodies[proposal.value]
        if opinion.execution is not None and not opinion.reason:
            body = replace(body, block=opinion.execution)  # what it has found itself
        self._form(body, proposal.round, opinion)

    def can_follow(self, height: int, value: bytes) -> bool:
        """Execute what others have decided; with another result it is stuck."""
        body, validator = self._bodies.get(value), self._validator
        if body is None or validator.stuck or validator.head.number != height - 1:
            return False
        own = validator.execute_decided(body.block)
        if own is None:
            return False
        self._bodies[value] = replace(body, block=own)
        self._opinions[value] = Opinion(validator.name, own, "")
        return True

    def commit(self, height: int, value: bytes) -> tuple[Update, ...]:
        """Take over a decided block; one that the chain does not have is a fork.

        A block that the chain gets now is accepted when it has it (decision 0022).
        """
        validator = self._validator
        is_executed = value in self._opinions or self.can_follow(height, value)  # a lazy one: now
        block = self._bodies[value].block
        if not self._is_decided(height, block):
            validator.stuck = f"at block {height}: decided 0x{value.hex()}, the chain has another"
            return ()
        if is_executed:
            self._take(height, block)
        return ()  # the set of a height is read from the state two blocks before

    def is_censored(self, value: bytes) -> bool:
        """Whether a censor would not have this block."""
        body = self._bodies.get(value)
        targets = [
            f.target for f in self._validator.conduct.faults if f.strategy is Strategy.CENSOR
        ]
        return body is not None and any(
            is_about(transaction, targets) for transaction in body.block.transactions
        )

    def _get_predicate(self, height: int, round_: int) -> Predicate:
        conduct = self._validator.conduct
        targets = conduct.list_targets(height, round_)
        return partial(is_about, targets=targets) if targets else allow

    def _take(self, height: int, block: Execution) -> None:
        assert self._attempt is not None, "without an attempt nobody decides"
        if height == self._attempt.height:
            self._attempt.followers.append(self._validator)
        else:
            self._validator.accept(block)

    def _is_decided(self, height: int, block: Execution) -> bool:
        """Whether the chain has this block at a height, or gets it now."""
        attempt = self._attempt
        assert attempt is not None, "without an attempt nobody decides"
        if height == attempt.height:
            return attempt.decide(self._validator.name, block)
        if self._get_hash(height) == block.hash:
            return True
        attempt.strays.append((self._validator.name, height, block.hash))
        return False

    def _form(self, body: Proposal, round_: int, opinion: Opinion) -> None:
        value = body.block.hash
        self._bodies[value] = body
        known = self._opinions[value] = replace(opinion, value=value)
        self._note(body.block.header.number, round_, known)

    def _note(self, height: int, round_: int, opinion: Opinion) -> None:
        """For the report; what one that lags finds about an earlier height belongs to none."""
        if self._attempt is not None and self._attempt.height == height:
            self._attempt.note(round_, opinion)


def _fits(body: Proposal, proposal: message.Proposal) -> bool:
    """Whether the block may be proposed there: its proposer's own, or one that had a polka."""
    header = body.block.header
    if header.number != proposal.height or body.round > proposal.round:
        return False
    return proposal.pol_round != NO_ROUND or header.coinbase == proposal.validator
