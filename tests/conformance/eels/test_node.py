"""A chain as users make it: a node's own blocks, with its validators, are the specification's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from eth_account import Account

from contracts import load
from devnet.chain.forks.fork import Fork
from devnet.chain.forks.kzg import (
    BLOB_BYTES,
    compute_blob_proof,
    compute_commitment,
    compute_versioned_hash,
)
from devnet.chain.forks.system import SYSTEM_CONTRACTS
from devnet.chain.genesis_file import Genesis, GenesisAccount
from devnet.chain.sidecar import Sidecar, encode_network_form, split_network_form
from devnet.config import Config
from devnet.node import Node
from devnet.validators.founding import build_founding
from tests.conformance.random_chain import as_block
from tests.conformance.random_code import ops, push

if TYPE_CHECKING:
    from tests.conformance.eels.conftest import Replay

pytestmark = pytest.mark.slow
FORKS = ("london", "shanghai", "cancun", "prague", "osaka", "bpo1", "bpo2")
FRESH = bytes.fromhex("f5" * 20)
FEES = {"maxFeePerGas": 5 * 10**9, "maxPriorityFeePerGas": 10**9}


class Sender:
    """An unlocked account of a node that signs for itself."""

    def __init__(self, node: Node, index: int) -> None:
        self.node, self.account = node, node.accounts[index]

    def send(self, **fields: object) -> bytes | None:
        """Sign and send with the next nonce; the address of a new contract, if it is one."""
        nonce = self.node.get_pending_nonce(self.account.address)
        common = {"nonce": nonce, "gas": 500_000, "value": 0, "data": b"", "chainId": 31337}
        signed = Account.sign_transaction({**common, **fields}, self.account.key)
        sent = self.node.send_raw(bytes(signed.raw_transaction))
        place = self.node.history.find_transaction(sent)
        return place.receipt.contract_address if place else None

    def send_blob(self, to: bytes) -> None:
        """A blob with its proof."""
        blob = bytes(31) + b"\x07" + bytes(BLOB_BYTES - 32)
        commitment = compute_commitment(blob)
        nonce = self.node.get_pending_nonce(self.account.address)
        fields = {
            **FEES, "nonce": nonce, "gas": 100_000, "value": 1, "data": b"", "chainId": 31337,
            "to": to, "maxFeePerBlobGas": 10**9, "type": 3,
            "blobVersionedHashes": [compute_versioned_hash(commitment)],
        }  # fmt: skip
        signed = Account.from_key(self.account.key).sign_transaction(fields, blobs=[blob])
        raw, sidecar = split_network_form(bytes(signed.raw_transaction))
        if self.node.next_rules.fork < Fork.OSAKA:
            sidecar = Sidecar(
                0, sidecar.blobs, (commitment,), (compute_blob_proof(blob, commitment),)
            )
        self.node.send_raw(encode_network_form(raw, sidecar))


def read_genesis(node: Node) -> Genesis:
    """Block 0 as its state has it: funded accounts, stubs of precompiles, contracts."""
    world, header = node.cluster.world, node.history.get_block(0).header
    state = world.open(header.state_root, header)
    placed = {placed.address: placed.storage for placed in build_founding(node.config).predeploys}
    funded = (account.address for account in node.accounts)
    accounts = tuple(
        GenesisAccount(
            *(a, state.get_balance(a), state.get_nonce(a), bytes(state.get_code(a))),
            storage=tuple(placed[a].items() if a in placed else ()),
        )
        for a in (*funded, *placed, *sorted(world.table), *SYSTEM_CONTRACTS)
        if state.account_exists(a)
    )
    return Genesis(node.config.chain_id, world.schedule, header, accounts)


def build_counter() -> bytes:
    """Creation code of a contract that counts its calls and logs the count and a hash."""
    body = push(0) + ops("SLOAD") + push(1) + ops("ADD", "DUP1") + push(0) + ops("SSTORE")
    body += push(0) + ops("MSTORE") + push(32, 0) + ops("SHA3") + push(32, 0) + ops("LOG1", "STOP")
    size = len(body)
    return push(size) + ops("DUP1") + push(11, 0) + ops("CODECOPY") + push(0) + ops("RETURN") + body


def make_history(node: Node, fork: Fork) -> Iterator[None]:
    """What users do, one thing after another."""
    first, second = Sender(node, 0), Sender(node, 1)
    first.send(to=FRESH, value=10**18, gasPrice=5 * 10**9)
    counter = first.send(data=build_counter(), **FEES)
    assert counter is not None
    yield
    for value in range(3):
        second.send(to=counter, **FEES)
        first.send(to=node.accounts[2].address, value=value, **FEES)
    entry = {"address": "0x" + counter.hex(), "storageKeys": ["0x" + "00" * 32]}
    second.send(to=counter, accessList=[entry], type=1, gasPrice=5 * 10**9)
    second.send(to=counter, gas=30_000, **FEES)  # runs out of gas
    node.mine(2)
    yield
    node.set_automine(False)
    for index in range(4):
        Sender(node, index).send(to=counter, **{**FEES, "maxPriorityFeePerGas": index + 1})
        Sender(node, index).send(to=FRESH, value=index, **FEES)
    node.mine()
    node.set_automine(True)
    if fork >= Fork.CANCUN:
        for _ in range(3):
            first.send_blob(counter)
        yield
    if fork >= Fork.PRAGUE:
        nonce = node.get_pending_nonce(second.account.address)
        fields = {"chainId": 31337, "address": counter, "nonce": nonce}
        signed = Account.sign_authorization(fields, second.account.key)
        first.send(to=second.account.address, authorizationList=[signed], **FEES)
        first.send(to=second.account.address, **FEES)
        yield
    if fork >= Fork.SHANGHAI:  # it has PUSH0
        reader = first.send(data=load("DigitReader").bytecode + bytes(32), gas=2_000_000, **FEES)
        assert reader is not None
    node.mine(2)


@pytest.mark.parametrize("name", FORKS)
def test_a_nodes_own_chain_is_the_specifications(replay: Replay, name: str) -> None:
    """Every block that four validators have agreed on."""
    node = Node(Config(validators=4, hardfork=name))
    fork = node.next_rules.fork
    assert len(list(make_history(node, fork))) >= 2
    genesis = read_genesis(node)
    last = node.head.header.number
    blocks = [node.history.get_block(number) for number in range(1, last + 1)]
    found = replay(genesis, node.history.get_block(0).header, [as_block(b) for b in blocks])
    assert [each["error"] for each in found] == [""] * len(blocks), found[-1]
    for block, each in zip(blocks, found, strict=True):
        assert each["stateRoot"] == block.header.state_root.hex()
        assert each["gasUsed"] == block.header.gas_used
        assert each["receiptsRoot"] == block.header.receipts_root.hex()
