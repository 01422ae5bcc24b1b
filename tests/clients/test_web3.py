"""web3.py over HTTP and in process: the same table answers both."""

from __future__ import annotations

from typing import Any, cast

import pytest
from hexbytes import HexBytes
from web3 import HTTPProvider, Web3
from web3.contract import Contract
from web3.exceptions import (
    ContractCustomError,
    ContractLogicError,
    TransactionNotFound,
    Web3RPCError,
)
from web3.types import BlockData, RPCEndpoint, Wei

from contracts import load
from devnet.config import Config
from devnet.errors import NoQuorum
from devnet.models import Models
from devnet.node import Node
from devnet.testing.provider import NodeProvider
from precompiles.models.samples import read_digits, read_sample

PIXELS, LABELS = read_digits()
RECIPIENT = Web3.to_checksum_address("0x" + "11" * 20)


@pytest.fixture(scope="module")
def over_http(served: Any) -> tuple[Web3, bytes]:
    """web3 on a node in another process, and the model."""
    return Web3(HTTPProvider(served.url)), bytes.fromhex(served.model_id[2:])


@pytest.fixture(scope="module")
def in_process() -> tuple[Web3, bytes]:
    """web3 on a node in this process, and the model."""
    node = Node(Config())
    return Web3(NodeProvider(node)), Models(node).add(read_sample("digits_exact")).model_id


@pytest.fixture(params=["over_http", "in_process"])
def chain(request: pytest.FixtureRequest) -> tuple[Web3, bytes]:
    """Either."""
    found: tuple[Web3, bytes] = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def w3(chain: tuple[Web3, bytes]) -> Web3:
    """With a default sender."""
    w3, _ = chain
    w3.eth.default_account = w3.eth.accounts[0]
    return w3


@pytest.fixture
def reader(w3: Web3, chain: tuple[Web3, bytes]) -> Contract:
    """A DigitReader, deployed by web3."""
    artifact = load("DigitReader")
    factory = w3.eth.contract(abi=artifact.abi, bytecode=artifact.bytecode)
    receipt = w3.eth.wait_for_transaction_receipt(factory.constructor(chain[1]).transact())
    address = receipt["contractAddress"]
    assert address is not None
    return w3.eth.contract(address=address, abi=artifact.abi)


def test_web3_deploys_sends_calls_and_reads_events(w3: Web3, reader: Contract) -> None:
    """Ten digits, each in a transaction that web3 fills in."""
    assert w3.is_connected()
    right = 0
    for digit in range(10):
        read = reader.functions.read(PIXELS[digit].tobytes())
        estimate = read.estimate_gas()
        receipt = w3.eth.wait_for_transaction_receipt(read.transact())
        assert (receipt["status"], receipt["gasUsed"]) == (1, estimate)
        (event,) = reader.events.DigitRead().process_receipt(receipt)
        assert event["args"]["digit"] == reader.functions.lastDigit().call()
        right += event["args"]["digit"] == LABELS[digit]
        found = w3.eth.get_transaction(receipt["transactionHash"])
        assert found["blockHash"] == w3.eth.get_block("latest")["hash"] == receipt["blockHash"]
    assert right >= 9
    assert len(reader.events.DigitRead().get_logs(from_block=0)) == 10
    wanted = reader.events.DigitRead().get_logs(from_block=0, argument_filters={"reading": 7})
    assert [log["args"]["reading"] for log in wanted] == [7]


def test_web3_signs_and_sends_raw_transactions(w3: Web3) -> None:
    """A key of its own, both kinds of fees."""
    account = w3.eth.account.create("entropy")
    w3.eth.send_transaction({"to": account.address, "value": w3.to_wei(1, "ether")})
    for fees in (
        {"gasPrice": w3.eth.gas_price},
        {"maxFeePerGas": 3 * 10**9, "maxPriorityFeePerGas": w3.eth.max_priority_fee},
    ):
        transaction = {
            "to": RECIPIENT,
            "value": 5,
            "gas": 21_000,
            "nonce": w3.eth.get_transaction_count(account.address),
            "chainId": w3.eth.chain_id,
            **fees,
        }
        signed = account.sign_transaction(transaction)
        sent = w3.eth.send_raw_transaction(signed.raw_transaction)
        assert sent == signed.hash
        assert w3.eth.get_transaction_receipt(sent)["status"] == 1


def test_web3_shows_why_a_call_reverts(w3: Web3, reader: Contract) -> None:
    """The contract's own error with its arguments, a precompile's reason, before and after."""
    wrong = reader.functions.read(b"\x00")
    for attempt in (wrong.call, wrong.estimate_gas, wrong.transact):
        with pytest.raises(ContractCustomError):
            attempt()
    sent = wrong.transact({"gas": 100_000})
    assert w3.eth.wait_for_transaction_receipt(sent)["status"] == 0
    registry = load("IModelRegistry")
    models = w3.eth.contract(
        address=w3.to_checksum_address("0x" + "00" * 19 + "f8"), abi=registry.abi
    )
    with pytest.raises(ContractLogicError, match="UnknownModel: 0x1212"):
        models.functions.manifest(b"\x12" * 32).call()


def test_web3_tells_apart_what_is_missing_and_what_is_wrong(w3: Web3) -> None:
    """Its own exceptions for both."""
    with pytest.raises(TransactionNotFound):
        w3.eth.get_transaction(HexBytes(b"\xab" * 32))
    with pytest.raises(Web3RPCError, match="insufficient funds"):
        w3.eth.send_transaction({"to": RECIPIENT, "value": Wei(10**30), "gas": 21_000})


def test_web3_batches_and_fee_history(w3: Web3) -> None:
    """The answers come in the order asked."""
    with w3.batch_requests() as batch:
        batch.add(w3.eth.get_block(0))
        batch.add(w3.eth.get_block("latest"))
        numbers = [cast(BlockData, block)["number"] for block in batch.execute()]
    assert numbers == [0, w3.eth.block_number]
    assert len(w3.eth.fee_history(1, "latest", [50])["reward"]) == 1


@pytest.mark.parametrize("chain", ["in_process"], indirect=True)
def test_in_process_a_halt_is_raised_as_what_it_is(w3: Web3, reader: Contract) -> None:
    """Two liars of four: NoQuorum with the reason, not an anonymous error; then it goes on."""

    def set_behavior(behavior: str) -> None:
        for name in ("v1", "v2"):
            w3.manager.request_blocking(RPCEndpoint("consensus_setBehavior"), [name, behavior])

    set_behavior("wrong-model")
    with pytest.raises(NoQuorum, match="needs power 3 of 4"):
        reader.functions.read(PIXELS[0].tobytes()).transact({"gas": 200_000})
    set_behavior("honest")
    assert reader.functions.readings().call() == 1
