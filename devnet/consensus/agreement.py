"""Agreement on one height, pure: counts precommits round by round and says when to decide.

    apply(state, event) -> state, outputs

| event    | when                                        | output                  |
|----------|---------------------------------------------|-------------------------|
| Voted    | the block has more than 2/3 of the power    | Decided(block hash)     |
| Voted    | no block of this round can get there        | NextRound(round + 1)    |
| TimedOut | the round is not decided                    | NextRound(round + 1)    |

Votes that come after the decision still go into the certificate. Sound while messages arrive in
order within a round; holds no clock and sends nothing.
"""

from dataclasses import dataclass, replace

from devnet.consensus.certificate import Certificate
from devnet.consensus.validator_set import ValidatorSet
from devnet.consensus.vote import NIL, Vote


@dataclass(frozen=True, slots=True)
class State:
    """One height in progress."""

    validators: ValidatorSet
    height: int
    round: int = 0
    votes: tuple[Vote, ...] = ()  # of this round
    decided: bytes = NIL  # block hash, once there is a quorum


@dataclass(frozen=True, slots=True)
class Voted:
    """A checked vote arrived."""

    vote: Vote


@dataclass(frozen=True, slots=True)
class TimedOut:
    """The time for this round is over."""

    round: int


@dataclass(frozen=True, slots=True)
class Decided:
    """The height has its block."""

    block_hash: bytes


@dataclass(frozen=True, slots=True)
class NextRound:
    """A new proposer's turn."""

    round: int


Event = Voted | TimedOut
Output = Decided | NextRound


def apply(state: State, event: Event) -> tuple[State, tuple[Output, ...]]:
    """Next state and what follows from the event."""
    match event:
        case Voted(vote):
            return _on_vote(state, vote)
        case TimedOut(round_) if round_ == state.round and state.decided == NIL:
            return _next_round(state)
    return state, ()


def build_certificate(state: State) -> Certificate:
    """All votes for the decided block, in the order of the validator set."""
    assert state.decided != NIL, "no certificate before the decision"
    by_address = {vote.validator: vote for vote in state.votes if vote.block_hash == state.decided}
    votes = tuple(
        by_address[member.address]
        for member in state.validators.members
        if member.address in by_address
    )
    return Certificate(state.height, state.round, state.decided, votes)


def _on_vote(state: State, vote: Vote) -> tuple[State, tuple[Output, ...]]:
    known = any(other.validator == vote.validator for other in state.votes)
    if vote.round != state.round or known or not state.validators.get_power(vote.validator):
        return state, ()
    state = replace(state, votes=(*state.votes, vote))
    if state.decided != NIL:
        return state, ()
    if vote.block_hash != NIL and state.validators.is_quorum(_get_power(state, vote.block_hash)):
        return replace(state, decided=vote.block_hash), (Decided(vote.block_hash),)
    if not _can_decide(state):
        return _next_round(state)
    return state, ()


def _next_round(state: State) -> tuple[State, tuple[Output, ...]]:
    following = state.round + 1
    return replace(state, round=following, votes=()), (NextRound(following),)


def _can_decide(state: State) -> bool:
    """Whether some block may still get a quorum from those who have not voted."""
    voted = sum(state.validators.get_power(vote.validator) for vote in state.votes)
    missing = state.validators.total_power - voted
    hashes = {vote.block_hash: None for vote in state.votes if vote.block_hash != NIL}
    best = max((_get_power(state, block_hash) for block_hash in hashes), default=0)
    return state.validators.is_quorum(best + missing)


def _get_power(state: State, block_hash: bytes) -> int:
    return sum(
        state.validators.get_power(vote.validator)
        for vote in state.votes
        if vote.block_hash == block_hash
    )
