"""A proposal that breaks a rule gets nil from everybody, with the reason."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from devnet.chain.header import Header, compute_header_hash
from devnet.chain.pool.arrival import Arrival
from devnet.chain.pool.selection import Order, Prices, Selection
from devnet.chain.transaction import Transaction, decode_transaction
from devnet.consensus.certificate import Certificate
from devnet.consensus.tendermint import message
from devnet.consensus.tendermint.message import NO_ROUND
from devnet.consensus.validator_set import compute_set_hash
from devnet.consensus.vote import Vote, VoteContext, sign_vote
from devnet.streams import draw
from devnet.validators.executor import Executor
from devnet.validators.opinion import Opinion
from devnet.validators.proposal import Proposal, build_template, extract_template
from devnet.validators.proposer import Ingredients
from devnet.validators.validator import Validator

if TYPE_CHECKING:
    from tests.conftest import Driver

FRESH = bytes.fromhex("f5" * 20)
OTHER_HASH = b"\x99" * 32


@pytest.fixture(scope="module")
def network(start: type[Driver]) -> Driver:
    """Two blocks, two transactions that wait, and v2 about to propose block 3."""
    driver = start()
    driver.send(FRESH)
    driver.send(FRESH)
    driver.node.automine = False
    driver.node.send_raw(driver.sign(FRESH, value=1))
    driver.node.send_raw(driver.sign(FRESH, value=2))
    return driver


@pytest.fixture
def proposal(network: Driver) -> Proposal:
    """What v2 honestly proposes."""
    return propose(network)


def propose(network: Driver, transactions: Sequence[Transaction] | None = None) -> Proposal:
    """v2's proposal, of other transactions than those that wait if given."""
    node = network.node

    def select(get_nonce: Callable[[bytes], int]) -> Selection:
        if transactions is None:
            return node.pool.select(get_nonce)
        runs = [(Arrival(given, place, 0),) for place, given in enumerate(transactions)]
        return Selection(runs, Prices(), Order.FIFO)

    timestamp = node.head.header.timestamp + 1
    certificate = node.get_certificate(2)
    ingredients = Ingredients(timestamp, certificate, select, print)
    return node.cluster.validators[2].propose(0, ingredients)


def tamper(proposal: Proposal, **changes: Any) -> Proposal:
    """The proposal with header fields changed and hashed again."""
    header: Header = replace(proposal.block.header, **changes)
    block = replace(proposal.block, header=header, hash=compute_header_hash(header))
    return replace(proposal, block=block)


def judge(network: Driver, proposal: Proposal) -> list[Opinion]:
    """What the three others find; each that finds fault votes nil."""
    opinions = []
    for index in (0, 1, 3):
        validator: Validator = network.node.cluster.validators[index]
        opinion = validator.check(proposal)
        executor = Executor(validator, network.node.history.get_hash)
        executor.keep(proposal)
        proposer = proposal.block.header.coinbase
        said = message.Proposal(3, proposal.round, proposal.block.hash, NO_ROUND, proposer)
        assert executor.is_valid(said) == (not opinion.reason)
        opinions.append(opinion)
    return opinions


def assert_refused(network: Driver, proposal: Proposal, *words: str) -> None:
    """All three refuse without executing, for this reason."""
    for opinion in judge(network, proposal):
        assert opinion.execution is None
        for word in words:
            assert word in opinion.reason


def test_honest_proposal_is_signed_by_all(network: Driver, proposal: Proposal) -> None:
    """Nothing wrong, no reason, a vote for the block."""
    assert len(proposal.block.transactions) == 2
    for opinion in judge(network, proposal):
        assert opinion.reason == ""
        assert opinion.execution is not None
        assert opinion.execution.hash == proposal.block.hash


TEMPLATE_CHANGES: dict[str, Any] = {
    "parent_hash": OTHER_HASH,
    "uncles_hash": OTHER_HASH,
    "coinbase": FRESH,
    "difficulty": 1,
    "number": 4,
    "gas_limit": 30_000_001,
    "mix_hash": OTHER_HASH,
    "nonce": b"\x01" * 8,
    "base_fee_per_gas": 1,
    "withdrawals_root": OTHER_HASH,
    "excess_blob_gas": 1,
    "parent_beacon_block_root": OTHER_HASH,
    "length": 20,
}


@pytest.mark.parametrize("field", TEMPLATE_CHANGES)
def test_every_prescribed_field_is_checked(network: Driver, proposal: Proposal, field: str) -> None:
    """The reason names the field with what it is and what it must be."""
    value = TEMPLATE_CHANGES[field]
    wanted = getattr(proposal.block.header, field)
    shown = [f"0x{v.hex()}" if isinstance(v, bytes) else str(v) for v in (value, wanted)]
    words = f"header field {field} is {shown[0]}, must be {shown[1]}"
    assert_refused(network, tamper(proposal, **{field: value}), "BadProposal", words)


@pytest.mark.parametrize("back", [0, 1])
def test_time_must_move_forward(network: Driver, proposal: Proposal, back: int) -> None:
    """A timestamp at or before the parent's is named with it."""
    parent = network.node.head.header.timestamp
    words = f"timestamp {parent - back} is not after {parent}"
    assert_refused(network, tamper(proposal, timestamp=parent - back), words)


RESULT_CHANGES: dict[str, Any] = {
    "state_root": OTHER_HASH,
    "transactions_root": OTHER_HASH,
    "receipts_root": OTHER_HASH,
    "logs_bloom": b"\x01" * 256,
    "gas_used": 1,
    "blob_gas_used": 1,
    "requests_hash": OTHER_HASH,
    "extra_data": OTHER_HASH,
}


@pytest.mark.parametrize("field", RESULT_CHANGES)
def test_every_result_is_computed_again(network: Driver, proposal: Proposal, field: str) -> None:
    """Executing gives another header: the validator has its own result and votes nil."""
    for opinion in judge(network, tamper(proposal, **{field: RESULT_CHANGES[field]})):
        assert opinion.reason == "own execution gives another result"
        assert opinion.execution is not None
        assert opinion.execution.hash == proposal.block.hash


def test_template_and_results_are_all_the_fields() -> None:
    """No header field is left out of both tables."""
    covered = {*TEMPLATE_CHANGES, *RESULT_CHANGES, "timestamp"}
    assert covered == set(Header.__dataclass_fields__)


def test_transactions_must_be_those_of_the_header(network: Driver, proposal: Proposal) -> None:
    """Dropped or added ones change the result; what is invalid in their order is named."""
    first, second = proposal.block.transactions
    for transactions, words in (
        ((first,), "own execution gives another result"),
        ((), "own execution gives another result"),
        ((second, first), "NonceTooHigh: nonce too high: next nonce 2, tx nonce 3"),
        ((first, first, second), "NonceTooLow: nonce too low: next nonce 3, tx nonce 2"),
    ):
        changed = replace(proposal.block, transactions=transactions)
        for opinion in judge(network, replace(proposal, block=changed)):
            assert words in opinion.reason


def test_invalid_transaction_is_refused(network: Driver, proposal: Proposal) -> None:
    """A proposer that includes what its own rules would leave out gets nil."""
    poor = decode_transaction(network.sign(FRESH, value=10**30, gas=21_000, account=5))
    transactions = (*proposal.block.transactions, poor)
    changed = replace(proposal.block, transactions=transactions)
    assert_refused(network, replace(proposal, block=changed), "InsufficientFunds")


def test_only_the_proposer_of_the_round_may_propose(network: Driver, proposal: Proposal) -> None:
    """Another round has another proposer, also when that one is asked to sign."""
    assert_refused(network, replace(proposal, round=1), "header field coinbase")
    for index in (0, 1, 3):
        thief = network.node.cluster.validators[index].address
        assert_refused(network, tamper(proposal, coinbase=thief), "header field coinbase")


def sign_parent(network: Driver, block_hash: bytes) -> Certificate:
    """A certificate of height 2 by all, for a block that is not the parent."""
    context = VoteContext(31337, 2, compute_set_hash(network.node.cluster.get_validators(2)))
    votes = [
        sign_vote(context, Vote(0, block_hash, v.address, bytes(32)), draw(0, "validator", index))
        for index, v in enumerate(network.node.cluster.validators)
    ]
    return Certificate(2, 0, block_hash, tuple(votes))


def test_parent_must_be_certified(network: Driver, proposal: Proposal) -> None:
    """No certificate, too few votes, forged ones, or one of another block."""
    good = network.node.get_certificate(2)
    bad: list[tuple[Certificate | None, str]] = [
        (None, "no certificate of block 2"),
        (replace(good, votes=good.votes[:2]), "signed by power 2 of 4"),
        (replace(good, votes=(good.votes[1], *good.votes[1:])), "signs twice"),
        (network.node.get_certificate(1), "certifies height 1, not 2"),
        (sign_parent(network, OTHER_HASH), "certifies block 0x9999"),
    ]
    for certificate, words in bad:
        header = proposal.block.header
        template = build_template(
            network.node.head.header,
            network.node.head.hash,
            certificate,
            header.coinbase,
            header.timestamp,
        )
        root = template.parent_beacon_block_root
        changed = tamper(proposal, parent_beacon_block_root=root)
        assert_refused(network, replace(changed, last_commit=certificate), words)


def test_template_is_the_header_without_results(proposal: Proposal) -> None:
    """What a proposer fixed before executing is what a validator starts from."""
    header = proposal.block.header
    template = extract_template(header)
    blank = {name: getattr(template, name) for name in RESULT_CHANGES}
    assert replace(header, **blank) == template
    for name, value in blank.items():
        assert value == Header.__dataclass_fields__[name].default or value == bytes(32)
