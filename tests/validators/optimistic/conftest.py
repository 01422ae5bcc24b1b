"""A court: the optimistic contract on a chain of one validator, whose moves the tests make."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from eth_utils.abi import abi_to_signature

from contracts import load
from devnet.chain.block import Receipt
from devnet.chain.call import Call
from devnet.chain.signing import UnsignedTransaction, sign_transaction
from devnet.config import WEI_PER_ETHER, Config, Optimistic
from devnet.consensus.optimistic import OPTIMISTIC
from devnet.models import Models
from devnet.node import Node
from devnet.validators.founding import build_founding
from devnet.validators.optimistic.claim import Claim
from devnet.validators.optimistic.contract import (
    Dispute,
    Request,
    encode_call,
    list_known,
    list_tensors,
    read_dispute,
    read_request,
)
from devnet.validators.optimistic.tree import TraceTree
from precompiles.digest import compute_keccak
from precompiles.engine.generation import generate_inputs
from precompiles.engine.operator import Operators, list_contents
from precompiles.models.admission import admit_model
from precompiles.models.graph import read_graph
from precompiles.models.manifest import Profile
from precompiles.models.samples import read_sample
from precompiles.tensor import Tensor

TERMS = Optimistic(window_blocks=12, move_blocks=8)
BOND = TERMS.bond_wei
FEE = WEI_PER_ETHER // 100
ERRORS = {
    compute_keccak(abi_to_signature(item).encode())[:4]: str(item["name"])
    for name in ("OptimisticInference", "IOptimisticInference")
    for item in load(name).abi
    if item["type"] == "error"
}
GAS = 3_000_000
EXECUTOR, CHALLENGER, STRANGER = "v0", "challenger", "stranger"
SAMPLE = "digits_exact"


@dataclass(frozen=True, slots=True)
class Liar:
    """An operator and the results that stand in for its own."""

    operator: int
    byte: int = 1


class Court:
    """A node whose agents are silent, and accounts by name."""

    def __init__(self, config: Config) -> None:
        self.node = Node(config)
        self.node.observers.clear()
        (_, challenger, stranger) = self.node.accounts[:3]
        self._keys = {
            EXECUTOR: build_founding(config).keys[0],
            CHALLENGER: challenger.key,
            STRANGER: stranger.key,
        }
        self.addresses = {
            EXECUTOR: self.node.cluster.validators[0].address,
            CHALLENGER: challenger.address,
            STRANGER: stranger.address,
        }
        self.take(read_sample(SAMPLE))

    def take(self, model: bytes) -> None:
        """Register an exact model that the next requests are about, and some inputs."""
        self.model = Models(self.node).add(model).model_id
        _, self.inputs = next(generate_inputs(admit_model(model, {}), 1, ("varied",)))
        self.operators = Operators(read_graph(model), Profile.EXACT)

    def claim(self, *lies: Liar) -> Claim:
        """What somebody says who lies about these operators, and computes the rest from there."""
        found: dict[str, Tensor] = {}
        honest = self.operators.trace(self.inputs)
        for lie in lies:
            step = honest.steps[lie.operator]
            for name, tensor in zip(step.names, step.results, strict=True):
                data = bytes([tensor.data[0] ^ lie.byte]) + tensor.data[1:]
                found[name] = Tensor(tensor.dtype, tensor.shape, data)
        trace = self.operators.trace(self.inputs, found)
        tree = TraceTree(list_contents(trace))
        return Claim(self.operators, self.inputs, trace, tree)

    def act(self, who: str, function: str, *arguments: object, value: int = 0) -> Receipt:
        """Send one call and mine it."""
        return self.send(who, OPTIMISTIC, encode_call(function, *arguments), value)

    def send(self, who: str, to: bytes | None, data: bytes, value: int = 0) -> Receipt:
        """The same to any contract."""
        node, key = self.node, self._keys[who]
        nonce = node.open_state().get_nonce(self.addresses[who])
        fees = (2 * node.next_base_fee + 1, 1)
        gas = GAS + 90 * len(data)
        unsigned = UnsignedTransaction(nonce, to, value, data, gas, *fees)
        sent = node.send_raw(sign_transaction(unsigned, node.config.chain_id, key))
        return node.history.get_transaction(sent).receipt

    def do(self, who: str, function: str, *arguments: object, value: int = 0) -> Receipt:
        """The same, which has to succeed."""
        receipt = self.act(who, function, *arguments, value=value)
        assert receipt.succeeded, ERRORS.get(receipt.output[:4], receipt.output)
        return receipt

    def refuse(
        self, error: str, who: str, function: str, *arguments: object, value: int = 0
    ) -> None:
        """The same, which has to fail with an error of the contract."""
        receipt = self.act(who, function, *arguments, value=value)
        assert not receipt.succeeded, f"{function} was not refused"
        assert ERRORS.get(receipt.output[:4]) == error, receipt.output

    def ask(self, data: bytes) -> bytes:
        """Answer to a call in the next block's place."""
        return self.node.call(Call(to=OPTIMISTIC, data=data)).output

    def read(self, number: int = 1) -> Request:
        return read_request(self.ask, number)

    def read_dispute(self, number: int = 1) -> Dispute:
        return read_dispute(self.ask, number)

    def read_word(self, function: str, *arguments: object) -> int:
        return int.from_bytes(self.ask(encode_call(function, *arguments)), "big")

    def get_balance(self, who: str = "") -> int:
        """Of somebody, or of the contract."""
        balance: int = self.node.open_state().get_balance(self.addresses.get(who, OPTIMISTIC))
        return balance

    # steps that most tests begin with

    def request(self, fee: int = FEE, callback_gas: int = 0) -> None:
        tensors = list_tensors(self.inputs)
        self.do(STRANGER, "request", self.model, tensors, callback_gas, value=fee)

    def post(self, claim: Claim, number: int = 1) -> None:
        self.do(EXECUTOR, "post", *build_post(claim, number), value=BOND)

    def challenge(self, claim: Claim, number: int = 1) -> None:
        self.do(CHALLENGER, "challenge", number, claim.tree.root, value=BOND)

    def dispute(self, ours: Claim, theirs: Claim) -> None:
        """A request, the executor's claim and another one about it."""
        self.request()
        self.post(ours)
        self.challenge(theirs)

    def bisect(self, ours: Claim, theirs: Claim, number: int = 1) -> int:
        """Both move to the leaf; the number of rounds."""
        rounds = 0
        while (level := self.read_dispute(number).level) > 0:
            index = self.read_dispute(number).index
            for who, claim in ((EXECUTOR, ours), (CHALLENGER, theirs)):
                self.do(who, "bisect", number, *claim.tree.get_children(level, index))
            rounds += 1
        return rounds

    def judge(self, claim: Claim, who: str = STRANGER, number: int = 1) -> None:
        """Bring the operands of the leaf, as somebody proves them."""
        known = list_known(claim.list_operands(self.read_dispute(number).index))
        self.do(who, "judge", number, known)

    def finalize(self, claim: Claim, number: int = 1) -> None:
        tensors = list_tensors(self.inputs), list_tensors(claim.trace.outputs)
        self.do(EXECUTOR, "finalize", number, *tensors)


def build_post(claim: Claim, number: int = 1) -> tuple[Any, ...]:
    """Arguments of `post`."""
    outputs = list_tensors(claim.trace.outputs)
    return number, outputs, claim.tree.root, claim.last_results, claim.last_siblings


@pytest.fixture(scope="module")
def _court() -> Court:
    return Court(Config(validators=1, rule="optimistic", optimistic=TERMS))


@pytest.fixture
def court(_court: Court) -> Iterator[Court]:
    """A court without requests; undone after each test."""
    before = _court.node.snapshot()
    yield _court
    _court.node.revert(before)
    _court.take(read_sample(SAMPLE))
