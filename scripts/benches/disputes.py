"""Gas of the optimistic rule, move by move, beside that of `infer`: one liar for each model."""

from functools import partial
from typing import Any

from devnet.chain.block import Execution
from devnet.chain.call import Call
from devnet.chain.signing import UnsignedTransaction, sign_transaction
from devnet.config import Config, Optimistic
from devnet.consensus.optimistic import OPTIMISTIC
from devnet.models import Models
from devnet.node import Node
from devnet.validators.misbehaviour import parse_behavior
from devnet.validators.optimistic.contract import (
    Status,
    encode_call,
    list_tensors,
    read_request,
)
from precompiles.engine.generation import generate_inputs
from precompiles.models.admission import admit_model
from precompiles.models.samples import list_samples, read_sample

MOVES = ("request", "post", "challenge", "bisect", "judge", "finalize")
TERMS = Optimistic(window_blocks=4)
REPEATED = 2  # requests for each model: the first one counts its operators


def measure() -> list[dict[str, Any]]:
    """One row a model; `bisect` is the mean of one move, `dispute` the sum of one dispute's."""
    return [_measure(sample) for sample in list_samples()]


def _measure(sample: str) -> dict[str, Any]:
    node = Node(Config(validators=2, rule="optimistic", optimistic=TERMS))
    model = read_sample(sample)
    manifest = admit_model(model, {})
    model_id = Models(node).add(model).model_id
    node.set_behavior("v1", parse_behavior("lazy"))  # lies, and disputes nobody
    node.set_automine(False)
    _, inputs = next(generate_inputs(manifest, 0, ("varied",)))
    for number in range(1, REPEATED + 1):
        _send(node, encode_call("request", model_id, list_tensors(inputs), 0))
        node.mine()
        while node.docket.matters[number].status is not Status.FINAL:
            node.mine()
    gas: dict[str, list[int]] = {move: [] for move in MOVES}
    for number in range(1, node.head.header.number + 1):
        _collect(node.history.get_block(number), gas)
    (conflict,) = node.docket.matters[1].conflicts
    return {
        "model": sample,
        "operators": read_request(partial(_ask, node), 1).operators,
        "rounds": conflict.rounds,
        "infer": Models(node).quote("0x" + model_id.hex()),
        "first request": gas["request"][0],
        "request": gas["request"][1],
        **{move: round(sum(used) / len(used)) for move, used in gas.items() if move != "request"},
        "dispute": gas["challenge"][0] + sum(gas["bisect"]) + gas["judge"][0],
    }


def _collect(block: Execution, gas: dict[str, list[int]]) -> None:
    selectors = {encode_call(move, *_EMPTY[move])[:4]: move for move in MOVES}
    for transaction, receipt in zip(block.transactions, block.receipts, strict=True):
        move = selectors.get(transaction.evm.data[:4])
        if move is not None and transaction.evm.to == OPTIMISTIC:
            assert receipt.succeeded, f"{move} of block {block.header.number} failed"
            gas[move].append(receipt.gas_used)


_EMPTY: dict[str, tuple[Any, ...]] = {
    "request": (bytes(32), (), 0),
    "post": (0, (), bytes(32), bytes(32), ()),
    "challenge": (0, bytes(32)),
    "bisect": (0, bytes(32), bytes(32)),
    "judge": (0, ()),
    "finalize": (0, (), ()),
}


def _ask(node: Node, data: bytes) -> bytes:
    return node.call(Call(to=OPTIMISTIC, data=data)).output


def _send(node: Node, data: bytes) -> None:
    sender = node.accounts[0]
    nonce, fee = node.get_pending_nonce(sender.address), 4 * node.next_base_fee
    unsigned = UnsignedTransaction(nonce, OPTIMISTIC, 1_000, data, 3_000_000, fee, 1)
    node.send_raw(sign_transaction(unsigned, node.config.chain_id, sender.key))
