"""What a contract can read of earlier blocks: EIP-4788, EIP-2935 and BLOCKHASH."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from eth.vm.forks.cancun.constants import BEACON_ROOTS_ADDRESS
from eth.vm.forks.prague.constants import HISTORY_STORAGE_ADDRESS

from devnet.chain.transaction import decode_transaction
from devnet.errors import ExecutionReverted

if TYPE_CHECKING:
    from tests.chain.conftest import Bench

READER = bytes.fromhex("a1" * 20)  # asks the contract in word 0 about word 1, stores the answer
HASHER = bytes.fromhex("a2" * 20)  # stores and returns the hash of the block in word 0


@pytest.fixture
def bench(make_bench: Callable[..., Bench], assemble: Callable[..., bytes]) -> Bench:
    """A world with both readers."""
    ask = (32, "CALLDATALOAD", 0, "MSTORE", 32, 0, 32, 0, 0, "CALLDATALOAD", "GAS", "STATICCALL")
    answer = (0, "MLOAD", 0, "SSTORE", 1, "SSTORE")
    hashed = (0, "CALLDATALOAD", "BLOCKHASH", "DUP1", 0, "SSTORE", 0, "MSTORE", 32, 0, "RETURN")
    return make_bench({READER: assemble(*ask, *answer), HASHER: assemble(*hashed)})


def ask(bench: Bench, contract: bytes, key: int) -> bytes:
    """What a contract reads in a transaction of the next block."""
    data = contract.rjust(32, b"\0") + key.to_bytes(32, "big")
    assert bench.run(bench.sign(to=READER, data=data)).receipts[0].succeeded
    assert bench.read(READER, 1) == 1, "the system contract reverted"
    return bench.read(READER, 0).to_bytes(32, "big")


def test_parent_beacon_root_is_readable_by_timestamp(bench: Bench) -> None:
    """EIP-4788: in the block itself and in later ones."""
    template = bench.template()
    root = template.parent_beacon_block_root
    assert root != bytes(32)
    assert ask(bench, BEACON_ROOTS_ADDRESS, template.timestamp) == root
    assert ask(bench, BEACON_ROOTS_ADDRESS, template.timestamp) == root
    query = template.timestamp.to_bytes(32, "big")
    assert bench.call(to=BEACON_ROOTS_ADDRESS, data=query).output == root
    with pytest.raises(ExecutionReverted):
        bench.call(to=BEACON_ROOTS_ADDRESS, data=(5).to_bytes(32, "big"))


def test_block_hashes_are_readable_by_number(bench: Bench) -> None:
    """EIP-2935: the parent's hash, genesis included, stays readable."""
    for number in (0, 1, 0, 2):
        while bench.head.number <= number:
            bench.run()
        assert ask(bench, HISTORY_STORAGE_ADDRESS, number) == bench.hashes[number]
    with pytest.raises(ExecutionReverted):
        bench.call(to=HISTORY_STORAGE_ADDRESS, data=(10**6).to_bytes(32, "big"))


def test_system_writes_happen_in_an_empty_block_too(bench: Bench) -> None:
    """They come before any transaction, so they do not need one."""
    before = bench.head.state_root
    bench.run()
    assert bench.head.state_root != before
    query = (0).to_bytes(32, "big")
    assert bench.call(to=HISTORY_STORAGE_ADDRESS, data=query).output == bench.hashes[0]


def test_blockhash_sees_256_blocks_in_transactions_and_in_calls(bench: Bench) -> None:
    """The last 256 ancestors have their hash; the block itself, later and older ones read zero."""
    for _ in range(258):
        bench.run()
    number = bench.head.number + 1
    for back, known in ((0, False), (1, True), (2, True), (256, True), (257, False)):
        asked = number - back
        query = asked.to_bytes(32, "big")
        raw = bench.sign(9, nonce=0, to=HASHER, data=query)
        block = bench.execute([decode_transaction(raw)])
        assert block.receipts[0].output == (bench.hashes[asked] if known else bytes(32))
    for back, known in ((0, False), (1, True), (256, True), (257, False)):
        asked = bench.head.number - back
        output = bench.call(to=HASHER, data=asked.to_bytes(32, "big")).output
        assert output == (bench.hashes[asked] if known else bytes(32))
