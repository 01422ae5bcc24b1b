"""Evidence on chain: what convicts, what is forged, stale, or was punished before."""

from typing import Any, TypeVar

import pytest
from msgspec.structs import replace
from web3.logs import DISCARD

from devnet.chain.body import Block
from devnet.chain.header import Header, compute_header_hash
from devnet.config import WEI_PER_ETHER
from devnet.consensus.blame.evidence import Amnesia
from devnet.consensus.participation.signing import KeySigner
from devnet.consensus.signature import compute_address
from devnet.consensus.staking import Misbehaviour, is_punished
from devnet.consensus.tendermint.duplicate import DuplicateProposal, DuplicateVote
from devnet.consensus.tendermint.message import Message, Precommit, Prevote, Proposal
from devnet.consensus.validator_set import compute_set_hash
from devnet.consensus.vote import NIL
from devnet.validators.accusation import Proof, WrongBlock, encode_accusation
from tests.contracts.conftest import Stakes, build_stakes

KEYS = [bytes([index]) * 32 for index in range(1, 5)]
ADDRESSES = [compute_address(key) for key in KEYS]
A, B = b"\xaa" * 32, b"\xbb" * 32
FINGERPRINT = b"\xee" * 32
ACCUSED = ADDRESSES[1]
M = TypeVar("M", bound=Message)

PREVOTE = Prevote(1, 0, A, -1, ACCUSED)
PRECOMMIT = Precommit(1, 0, A, FINGERPRINT, ACCUSED)
PROPOSAL = Proposal(1, 0, A, -1, ACCUSED)


@pytest.fixture
def court() -> Stakes:
    """Four validators of power 1 whose keys are known, at block 1."""
    stakes = build_stakes(addresses=ADDRESSES, jail_blocks=5, max_evidence_age=20)
    stakes.mine(1)
    return stakes


class Bench:
    """Signs for a validator of a chain, and brings evidence."""

    def __init__(self, stakes: Stakes) -> None:
        self.stakes = stakes
        self.set_hash = compute_set_hash(stakes.founders)

    def sign(self, said: M, key: bytes = KEYS[1]) -> M:
        chain_id = self.stakes.w3.eth.chain_id
        signed: Any = KeySigner(key, chain_id, lambda height: self.set_hash).sign(said)
        return signed  # type: ignore[no-any-return]

    def encode(self, proof: Proof) -> bytes:
        return encode_accusation(proof, self.set_hash)

    def duplicate(self, first: M, second: M, key: bytes = KEYS[1]) -> bytes:
        """Call data for two statements."""
        pair: Any = self.sign(first, key), self.sign(second, key)
        kind = DuplicateProposal if isinstance(first, Proposal) else DuplicateVote
        return self.encode(kind(*pair))


def has_punished(stakes: Stakes, what: Misbehaviour) -> bool:
    """As validators read it, from storage."""

    def load(slot: int) -> int:
        return int.from_bytes(stakes.w3.eth.get_storage_at(stakes.contract.address, slot), "big")

    return is_punished(load, ACCUSED, 1, what)


@pytest.mark.parametrize(
    ("first", "second", "what"),
    [
        (PREVOTE, replace(PREVOTE, value=B), Misbehaviour.DUPLICATE_VOTE),
        (PREVOTE, replace(PREVOTE, value=NIL), Misbehaviour.DUPLICATE_VOTE),
        (PRECOMMIT, replace(PRECOMMIT, value=B), Misbehaviour.DUPLICATE_VOTE),
        (PROPOSAL, replace(PROPOSAL, value=B), Misbehaviour.DUPLICATE_PROPOSAL),
    ],
)
def test_two_statements_in_one_place_cost_stake_and_seat(
    court: Stakes, first: Message, second: Message, what: Misbehaviour
) -> None:
    """A twentieth of the stake, jail, and no power in the set that follows; all is logged."""
    mined = court.send_data(Bench(court).duplicate(first, second))
    functions, address = court.contract.functions, court.w3.to_checksum_address(ACCUSED)
    taken = WEI_PER_ETHER // 20
    until = mined["blockNumber"] + 5
    account: Any = functions.account(address).call()
    assert (account[0], account[3], account[4], account[6]) == (
        WEI_PER_ETHER - taken, True, until, taken,
    )  # fmt: skip
    assert [m.address for m in court.read().members] == [a for a in ADDRESSES if a != ACCUSED]
    events = court.contract.events
    (slashed,) = events.Slashed().process_receipt(mined, DISCARD)
    assert dict(slashed["args"]) == {
        "validator": address, "height": 1, "misbehaviour": what, "amount": taken,
    }  # fmt: skip
    (jailed,) = events.Jailed().process_receipt(mined, DISCARD)
    assert dict(jailed["args"]) == {"validator": address, "until": until}
    assert has_punished(court, what)
    assert functions.punished(address, 1, what).call()


def test_lock_that_was_forgotten_is_amnesia(court: Stakes) -> None:
    """A later prevote for another value convicts unless it names a polka as new as the lock."""
    bench = Bench(court)
    lock = bench.sign(replace(PRECOMMIT, round=2))
    for pol_round in (2, 3):
        excused = bench.sign(replace(PREVOTE, round=4, value=B, pol_round=pol_round))
        court.refuse_data(bench.encode(Amnesia(lock, excused)), "NoContradiction")
    for round_, value in ((4, NIL), (4, A), (2, B), (1, B)):
        innocent = bench.sign(replace(PREVOTE, round=round_, value=value, pol_round=-1))
        court.refuse_data(bench.encode(Amnesia(lock, innocent)), "NoContradiction")
    guilty = bench.sign(replace(PREVOTE, round=4, value=B, pol_round=1))
    court.send_data(bench.encode(Amnesia(lock, guilty)))
    assert has_punished(court, Misbehaviour.AMNESIA)


def test_forged_evidence_is_refused(court: Stakes) -> None:
    """Statements of two signers, of two places, of one content, or that nobody signed."""
    bench = Bench(court)
    first, second = bench.sign(PREVOTE), bench.sign(replace(PREVOTE, value=B))
    other = bench.sign(replace(PREVOTE, value=B), KEYS[2])
    assert isinstance(first, Prevote)
    court.refuse_data(bench.encode(DuplicateVote(first, other)), "DifferentSigners")
    court.refuse_data(bench.encode(DuplicateVote(first, first)), "SameContent")
    later = bench.sign(replace(PREVOTE, round=1, value=B))
    court.refuse_data(bench.encode(DuplicateVote(first, later)), "DifferentPlaces")
    precommit = bench.sign(replace(PRECOMMIT, value=B))
    court.refuse_data(bench.encode(DuplicateVote(first, precommit)), "DifferentPlaces")
    changed = replace(second, value=b"\xcc" * 32)  # recovers to somebody else
    court.refuse_data(bench.encode(DuplicateVote(first, changed)), "DifferentSigners")
    for signature in (b"", bytes(65), second.signature[:64] + b"\x1b"):
        broken = replace(second, signature=signature)
        court.refuse_data(bench.encode(DuplicateVote(first, broken)), "BadSignature")


def test_mirrored_signature_is_refused(court: Stakes) -> None:
    """The high s of EIP-2: one statement has one signature."""
    bench = Bench(court)
    first, second = bench.sign(PREVOTE), bench.sign(replace(PREVOTE, value=B))
    order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
    r, s, v = second.signature[:32], second.signature[32:64], second.signature[64]
    high = (order - int.from_bytes(s, "big")).to_bytes(32, "big")
    mirrored = replace(second, signature=r + high + bytes([1 - v]))
    court.refuse_data(bench.encode(DuplicateVote(first, mirrored)), "BadSignature")


def test_evidence_convicts_once_for_a_height_and_kind(court: Stakes) -> None:
    """Another pair of the same kind adds nothing; another kind does, in jail too."""
    bench = Bench(court)
    court.send_data(bench.duplicate(PREVOTE, replace(PREVOTE, value=B)))
    again = bench.duplicate(PRECOMMIT, replace(PRECOMMIT, value=B))
    court.refuse_data(again, "AlreadyPunished")
    court.send_data(bench.duplicate(PROPOSAL, replace(PROPOSAL, value=B)))
    slashed = court.contract.functions.slashed(court.w3.to_checksum_address(ACCUSED)).call()
    assert slashed == WEI_PER_ETHER // 20 + WEI_PER_ETHER * 19 // 400


def test_evidence_of_the_future_and_of_the_far_past_is_refused(court: Stakes) -> None:
    """The oldest height that counts still does."""
    bench = Bench(court)
    court.mine(21 - court.w3.eth.block_number)
    ahead = replace(PREVOTE, height=40)
    court.refuse_data(bench.duplicate(ahead, replace(ahead, value=B)), "FutureHeight")
    old, oldest = replace(PREVOTE, height=0), replace(PREVOTE, height=2)
    court.refuse_data(bench.duplicate(old, replace(old, value=B)), "TooOld")
    mined = court.send_data(bench.duplicate(oldest, replace(oldest, value=B)))
    assert mined["blockNumber"] == 22
    assert ACCUSED not in court.read().powers


def test_statements_count_under_the_set_of_their_height(court: Stakes) -> None:
    """Another set's hash is refused; after a change the new one counts two heights later."""
    bench = Bench(court)
    bench.set_hash = b"\x11" * 32
    court.refuse_data(bench.duplicate(PREVOTE, replace(PREVOTE, value=B)), "UnknownSet")
    mined = court.deposit(5)
    number = mined["blockNumber"]
    court.mine(3)
    bench.set_hash = compute_set_hash(court.read())
    for height, error in ((number + 1, "UnknownSet"), (number + 2, "")):
        vote = replace(PREVOTE, height=height)
        data = bench.duplicate(vote, replace(vote, value=B))
        if error:
            court.refuse_data(data, error)
        else:
            court.send_data(data)
    assert ACCUSED not in court.read().powers


def test_stranger_without_stake_cannot_be_punished(court: Stakes) -> None:
    """There is nothing to take."""
    data = Bench(court).duplicate(PREVOTE, replace(PREVOTE, value=B), b"\x77" * 32)
    court.refuse_data(data, "NotAValidator")


def test_whoever_leaves_in_time_pays_from_what_is_unbonding() -> None:
    """A withdrawal is no way out before it is paid."""
    stakes = build_stakes((2, 2, 2, 2), jail_blocks=1)
    stakes.withdraw(1, 2 * WEI_PER_ETHER)
    accused = stakes.founders.members[1].address
    keys = stakes.w3.provider.ethereum_tester.backend.account_keys  # type: ignore[attr-defined]
    bench = Bench(stakes)
    vote = replace(PREVOTE, validator=accused)
    stakes.send_data(bench.duplicate(vote, replace(vote, value=B), keys[1].to_bytes()))
    account: Any = stakes.contract.functions.account(stakes.accounts[1]).call()
    assert (account[0], account[1]) == (0, 2 * WEI_PER_ETHER * 19 // 20)


def test_jail_ends_when_its_time_is_over_and_there_is_stake(court: Stakes) -> None:
    """Anybody may ask for it; what was slashed has to be made up for."""
    court.send_data(Bench(court).duplicate(PREVOTE, replace(PREVOTE, value=B)))
    functions, address = court.contract.functions, court.w3.to_checksum_address(ACCUSED)
    court.refuse(functions.unjail(address), 0, "NotBefore")
    court.mine(5)
    court.send(functions.deposit(address), 0, WEI_PER_ETHER // 20)
    assert ACCUSED not in court.read().powers
    court.send(functions.unjail(address), 0)
    assert court.read().members[-1].address == ACCUSED
    court.refuse(functions.unjail(address), 0, "NotJailed")


def test_last_member_is_slashed_and_stays() -> None:
    """Otherwise no block could follow."""
    stakes = build_stakes((3,), ADDRESSES[1:2])
    stakes.mine(1)
    stakes.send_data(Bench(stakes).duplicate(PREVOTE, replace(PREVOTE, value=B)))
    assert stakes.read() == stakes.founders
    assert stakes.contract.functions.jailed(stakes.w3.to_checksum_address(ACCUSED)).call()


def test_wrong_result_is_reported_by_the_proposer_alone(court: Stakes) -> None:
    """Validators judge it; whoever else sends it is refused by the contract."""
    header = Header(
        parent_hash=A, coinbase=ACCUSED, state_root=B, number=1, gas_limit=1, timestamp=1,
        mix_hash=A,
    )  # fmt: skip
    bench = Bench(court)
    said = bench.sign(replace(PROPOSAL, value=compute_header_hash(header)))
    court.refuse_data(bench.encode(WrongBlock(said, Block(header, ()))), "NotTheProposer")
