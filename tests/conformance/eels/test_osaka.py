"""What Prague and Osaka brought, each in blocks of its own: the specification agrees."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from eth_account import Account

from devnet.chain.body import compute_block_bytes
from devnet.chain.forks.blob import GAS_PER_BLOB
from devnet.chain.forks.fork import Fork
from devnet.chain.forks.rules import MAX_BLOCK_BYTES, MAX_TRANSACTION_GAS
from devnet.chain.forks.schedule import build_schedule
from tests.conformance.dice import CHAIN_ID, Dice
from tests.conformance.eels.conftest import assert_agreed
from tests.conformance.eels.inputs import (
    address,
    list_bls,
    list_modexp,
    list_p256,
    list_point_evaluations,
)
from tests.conformance.random_chain import RandomChain, as_block
from tests.conformance.random_code import CONTRACTS

if TYPE_CHECKING:
    from devnet.chain.block import Execution
    from tests.conformance.eels.conftest import Replay

pytestmark = pytest.mark.slow
FORKS = (Fork.PRAGUE, Fork.OSAKA, Fork.BPO1, Fork.BPO2)
CALLER, CREATOR, COUNTER = CONTRACTS[:3]
FEES = {"maxFeePerGas": 10**10, "maxPriorityFeePerGas": 1}
IDS = [fork.name.lower() for fork in FORKS]


def build_codes(assemble: Callable[..., bytes]) -> dict[bytes, bytes]:
    """One that calls what its data name and keeps what comes of it; one that creates; CLZ."""
    copy = ("CALLDATASIZE", 0, 0, "CALLDATACOPY")
    target = (0, "CALLDATALOAD", 96, "SHR")
    size = (20, "CALLDATASIZE", "SUB")
    return {
        CALLER: assemble(
            *copy, "GAS", 256, 8_192, *size, 20, *target, 1_000_000, "STATICCALL", 0, "SSTORE",
            "GAS", "SWAP1", "SUB", 1, "SSTORE", "RETURNDATASIZE", 2, "SSTORE",
            256, 8_192, "SHA3", 3, "SSTORE",
        ),
        CREATOR: assemble(320, 0, 0, "CREATE", 0, "SSTORE", "GAS", 1, "SSTORE"),
        COUNTER: assemble(0, "CALLDATALOAD") + b"\x1e" + assemble(32, "CALLDATALOAD", "SSTORE"),
    }  # fmt: skip


@pytest.fixture
def make(assemble: Callable[..., bytes]) -> Callable[..., RandomChain]:
    """A chain with those contracts."""

    def build(fork: Fork, **options: Any) -> RandomChain:
        schedule = build_schedule(fork, options.pop("caps_transaction_gas", True))
        return RandomChain(Dice(0, fork), schedule, build_codes(assemble), **options)

    return build


def list_inputs(fork: Fork) -> Iterator[tuple[bytes, bytes]]:
    """Precompiles of the fork with input."""
    yield from list_modexp()
    yield from list_point_evaluations()
    yield from list_bls()
    yield from list_p256()  # before Osaka an account like any other


@pytest.mark.parametrize("fork", FORKS, ids=IDS)
def test_precompiles_are_as_specified(
    replay: Replay, make: Callable[..., RandomChain], fork: Fork
) -> None:
    """Success, gas, size and hash of the output, for valid and hostile input."""
    chain = make(fork)
    for target, data in list_inputs(fork):
        block = chain.send(0, CALLER, target + data, gas=6_000_000, gasPrice=10**10)
        assert block.receipts[0].succeeded
    assert_agreed(chain, replay)


@pytest.mark.parametrize("fork", FORKS, ids=IDS)
def test_leading_zeros_are_counted_as_specified(
    replay: Replay, make: Callable[..., RandomChain], fork: Fork
) -> None:
    """Of every power of two, one less, and random words; before Osaka it is no instruction."""
    chain = make(fork)
    pick = chain.dice.random
    words = [0, 2**256 - 1, *(2 ** (16 * n) - (n % 2) for n in range(1, 16)), pick.getrandbits(256)]
    for slot, word in enumerate(words):
        data = word.to_bytes(32, "big") + slot.to_bytes(32, "big")
        block = chain.send(slot % 6, COUNTER, data, gasPrice=10**10)
        assert block.receipts[0].succeeded == (fork >= Fork.OSAKA)
    assert_agreed(chain, replay)


@pytest.mark.parametrize("fork", FORKS, ids=IDS)
def test_delegations_are_as_specified(
    replay: Replay, make: Callable[..., RandomChain], fork: Fork
) -> None:
    """To a creator, a precompile, a caller, another delegated account, oneself, and undone."""
    chain = make(fork)
    owners = chain.dice.owners
    sender, key = owners[1], chain.dice.keys[1].to_bytes()
    for delegate in (CREATOR, address(2), CALLER, owners[2], sender, bytes(20), COUNTER):
        nonce = chain.get_nonces()[1]
        fields = {"chainId": CHAIN_ID, "address": delegate, "nonce": nonce + 1}
        signed = [Account.sign_authorization(fields, key)]
        block = chain.send(1, sender, address(4) + b"data", authorizationList=signed, **FEES)
        assert len(block.receipts) == 1
        chain.send(0, sender, address(4) + b"more", **FEES)
    for chain_id, ahead in ((0, 0), (99, 0), (CHAIN_ID, 1), (CHAIN_ID, 0)):
        nonce = chain.get_nonces()[3]
        fields = {"chainId": chain_id, "address": CALLER, "nonce": nonce + ahead}
        signed = [Account.sign_authorization(fields, chain.dice.keys[3].to_bytes())] * 2
        chain.send(0, owners[3], address(3) + b"data", authorizationList=signed, **FEES)
    assert_agreed(chain, replay)


@pytest.mark.parametrize("fork", FORKS, ids=IDS)
def test_blocks_full_of_blobs_are_as_specified(
    replay: Replay, make: Callable[..., RandomChain], fork: Fork
) -> None:
    """Up to the block's bound for some blocks, and then none, with a dear and a cheap base fee."""
    chain = make(fork)
    most = chain.schedule.get_rules(fork).blob.maximum
    for turn in range(12):
        nonces = chain.get_nonces()
        left = most if turn % 4 else turn
        counts = [min(6, left - first) for first in range(0, left, 6)]
        target = (200_000, CALLER, 0, address(4))
        batch = [chain.dice.sign_blobs(i, nonces[i], *target, n) for i, n in enumerate(counts)]
        block = chain.add(*batch)
        assert block.header.blob_gas_used == left * GAS_PER_BLOB
    assert chain.head.excess_blob_gas > 0
    assert_agreed(chain, replay)


def test_a_transaction_at_the_cap_is_valid_and_one_above_is_not(
    replay: Replay, make: Callable[..., RandomChain]
) -> None:
    """EIP-7825: the specification refuses the block that a chain without the cap makes."""
    for excess in (0, 1):
        chain = make(Fork.OSAKA, caps_transaction_gas=False)
        gas = MAX_TRANSACTION_GAS + excess
        block = chain.send(0, CALLER, address(4), gas=gas, gasPrice=10**10)
        assert len(block.transactions) == 1
        (found,) = replay(chain.genesis, chain.header, [as_block(block)])
        assert bool(found["error"]) == bool(excess)


def test_a_block_has_8_mebibytes_to_the_byte(
    replay: Replay, make: Callable[..., RandomChain]
) -> None:
    """EIP-7934: the largest block is taken; one of a byte more, made under Prague, is refused."""
    osaka = build_schedule(Fork.OSAKA)
    sizes = [1_040_000] * 8
    for excess in (0, 1):
        chain = build_bulk(make, sizes)
        while missing := MAX_BLOCK_BYTES + excess - measure(chain.blocks[0]):
            sizes[0] -= 1  # another signature: now and then one is a byte shorter
            sizes[-1] += missing + 1
            chain = build_bulk(make, sizes)
        genesis = replace(chain.genesis, schedule=osaka)
        (found,) = replay(genesis, chain.header, [as_block(chain.blocks[0])])
        assert bool(found["error"]) == bool(excess)


def build_bulk(make: Callable[..., RandomChain], sizes: list[int]) -> RandomChain:
    """A chain of one block with transactions of so many zero bytes of data."""
    chain = make(Fork.PRAGUE, gas_limit=150_000_000)
    fields = {"to": CONTRACTS[7], "value": 0, "chainId": CHAIN_ID, "gasPrice": 10**10}
    raws = []
    for number, size in enumerate(sizes):
        nonce, index = divmod(number, len(chain.dice.keys))
        gas = 21_000 + 10 * size
        signed = Account.sign_transaction(
            {**fields, "nonce": nonce, "gas": gas, "data": bytes(size)},
            chain.dice.keys[index].to_bytes(),
        )
        raws.append(bytes(signed.raw_transaction))
    assert len(chain.add(*raws).transactions) == len(sizes)
    return chain


def measure(block: Execution) -> int:
    """Bytes of a block's RLP."""
    raws = [transaction.raw for transaction in block.transactions]
    return compute_block_bytes(block.header, raws, block.uncles, block.withdrawals)
