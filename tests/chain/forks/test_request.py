"""EIP-7685: what contracts ask of the consensus layer leaves the block as requests."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from eth.vm.forks.prague.constants import (
    CONSOLIDATION_REQUEST_PREDEPLOY_ADDRESS,
    HISTORY_STORAGE_ADDRESS,
    WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS,
)

from devnet.chain.forks.request import DEPOSIT_TOPIC, compute_requests_hash, read_deposits
from devnet.chain.forks.rules import DEPOSIT_CONTRACT
from devnet.chain.forks.system import take_requests
from devnet.chain.header import EMPTY_REQUESTS_HASH
from devnet.chain.transaction import decode_included
from devnet.errors import BadBlock, BadTransaction

if TYPE_CHECKING:
    from tests.chain.forks.conftest import Chain

KEY = bytes(range(48))
AMOUNT = (7).to_bytes(8, "big")


def build_event() -> bytes:
    """Data of a deposit event, as the deposit contract writes it."""
    parts = [KEY, b"\x0c" * 32, AMOUNT, b"\x0a" * 96, (1).to_bytes(8, "little")]
    offsets, body = [], b""
    for part in parts:
        offsets.append((160 + len(body)).to_bytes(32, "big"))
        padded = part.ljust(-(-len(part) // 32) * 32, b"\0")
        body += len(part).to_bytes(32, "big") + padded
    return b"".join(offsets) + body


def test_empty_blocks_make_no_requests(make_chain: Callable[..., Chain]) -> None:
    """The hash is that of nothing; the queues keep their state."""
    chain = make_chain("osaka")
    block = chain.run()
    assert block.requests == ()
    assert block.header.requests_hash == EMPTY_REQUESTS_HASH == hashlib.sha256().digest()


def test_withdrawals_are_asked_for_by_transaction(make_chain: Callable[..., Chain]) -> None:
    """EIP-7002: address, key and amount; the fee is what the contract asks."""
    chain = make_chain("osaka")
    block = chain.send(to=WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS, data=KEY + AMOUNT, value=1)
    assert block.receipts[0].succeeded
    sender = chain.accounts[0].address
    assert block.requests == (b"\x01" + sender + KEY + AMOUNT[::-1],)
    assert block.header.requests_hash == compute_requests_hash(block.requests)
    assert chain.run().requests == ()


def test_consolidations_are_asked_for_by_transaction(make_chain: Callable[..., Chain]) -> None:
    """EIP-7251: address, source and target; at most two leave a block."""
    chain = make_chain("prague")
    target = CONSOLIDATION_REQUEST_PREDEPLOY_ADDRESS
    raws = [chain.sign(n, to=target, data=KEY + KEY[::-1], value=10) for n in range(3)]
    first = chain.run(*raws)
    senders = [account.address for account in chain.accounts[:3]]
    wanted = [sender + KEY + KEY[::-1] for sender in senders]
    assert first.requests == (b"\x02" + wanted[0] + wanted[1],)
    assert chain.run().requests == (b"\x02" + wanted[2],)


def test_requests_stand_in_the_order_of_their_types(make_chain: Callable[..., Chain]) -> None:
    """Deposits, withdrawals, consolidations; the hash is over the hash of each."""
    chain = make_chain("osaka", {DEPOSIT_CONTRACT: build_emitter(DEPOSIT_TOPIC)})
    block = chain.run(
        chain.sign(0, to=CONSOLIDATION_REQUEST_PREDEPLOY_ADDRESS, data=KEY + KEY, value=1),
        chain.sign(1, to=WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS, data=KEY + AMOUNT, value=1),
        chain.sign(2, to=DEPOSIT_CONTRACT, data=build_event()),
        chain.sign(3, to=DEPOSIT_CONTRACT, data=build_event()),
    )
    assert [request[0] for request in block.requests] == [0, 1, 2]
    deposit = KEY + b"\x0c" * 32 + AMOUNT + b"\x0a" * 96 + (1).to_bytes(8, "little")
    assert block.requests[0] == b"\0" + 2 * deposit
    hashes = b"".join(hashlib.sha256(request).digest() for request in block.requests)
    assert block.header.requests_hash == hashlib.sha256(hashes).digest()


def build_emitter(topic: bytes) -> bytes:
    """Code that emits its call data under a topic."""
    return bytes.fromhex("365f5f377f") + topic + bytes.fromhex("365fa1")


def test_deposit_event_of_another_layout_makes_its_transaction_invalid(
    make_chain: Callable[..., Chain],
) -> None:
    """No block can hold it (EIP-6110): a proposer leaves it out, and its state is undone."""
    chain = make_chain("osaka", {DEPOSIT_CONTRACT: build_emitter(DEPOSIT_TOPIC)})
    event = build_event()
    for bad in (b"", event[:-32], event + bytes(32), bytes(576), event[:31] + b"\xa1" + event[32:]):
        raw = decode_included(chain.sign(to=DEPOSIT_CONTRACT, data=bad))
        with pytest.raises(BadTransaction, match="deposit event"):
            chain.execute(raw)
        block = chain.execute(raw, on_left_out=lambda _, why: None)
        assert block.transactions == ()
        assert block.header.state_root == chain.execute().header.state_root


def test_other_events_are_no_deposits(make_chain: Callable[..., Chain]) -> None:
    """Another topic, or another contract."""
    emitter = bytes.fromhex("a1" * 20)
    chain = make_chain(
        "osaka", {DEPOSIT_CONTRACT: build_emitter(bytes(32)), emitter: build_emitter(DEPOSIT_TOPIC)}
    )
    for target in (DEPOSIT_CONTRACT, emitter):
        block = chain.send(to=target, data=build_event())
        assert len(block.receipts[0].logs) == 1
        assert block.requests == ()
        assert read_deposits(block.receipts[0].logs, DEPOSIT_CONTRACT) == b""


def test_a_chain_without_the_contracts_has_no_valid_block(make_chain: Callable[..., Chain]) -> None:
    """EIP-7002: no code, no block; also if the call fails."""
    for code, words in ((b"", "no code at system contract"), (b"\xfe", "failed")):
        chain = make_chain("prague", {WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS: code})
        with pytest.raises(BadBlock, match=words):
            chain.run()


def test_contracts_of_other_code_are_called(
    make_chain: Callable[..., Chain], assemble: Callable[..., bytes]
) -> None:
    """The shortcut is for the standard code alone: these store what they are told and by whom."""
    store = assemble(0, "CALLDATALOAD", 0, "SSTORE", "CALLER", 1, "SSTORE", "GAS", 2, "SSTORE")
    answer = assemble(0xAB, 0, "MSTORE8", 1, 0, "RETURN")
    chain = make_chain(
        "osaka",
        {HISTORY_STORAGE_ADDRESS: store, WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS: answer},
    )
    parent = chain.hashes[0]
    block = chain.run()
    assert chain.read(HISTORY_STORAGE_ADDRESS, 0).to_bytes(32, "big") == parent
    assert chain.read(HISTORY_STORAGE_ADDRESS, 1) == 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFE
    assert 29_000_000 < chain.read(HISTORY_STORAGE_ADDRESS, 2) < 30_000_000
    assert block.requests == (b"\x01\xab",)


def test_an_empty_queue_is_left_alone_by_shortcut_and_contract_alike(
    make_chain: Callable[..., Chain],
) -> None:
    """A count of past requests makes the excess fall; then nothing changes any more."""
    chain = make_chain("osaka")
    address = WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS
    raws = [chain.sign(n, to=address, data=KEY + AMOUNT, value=10) for n in range(5)]
    chain.run(*raws)
    assert [chain.read(address, slot) for slot in range(4)] == [3, 0, 0, 0]
    excess = []
    for _ in range(3):
        chain.run()
        excess.append(chain.read(address, 0))
    assert excess == [1, 0, 0]
    state = chain.world.open(chain.head.state_root, chain.head)
    assert list(take_requests(state)) == []
    assert state.make_state_root() == chain.head.state_root
