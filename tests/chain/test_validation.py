"""Blocks made elsewhere are held to every rule: header, body, uncles, what executing them gives."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from devnet.chain.body import Block, compute_uncles_hash, compute_withdrawals_root
from devnet.chain.header import Header
from devnet.chain.state.proof import compute_list_root
from devnet.errors import BadBlock
from tests.chain.suite import change

if TYPE_CHECKING:
    from tests.chain.suite import Suite


HEADER_FAULTS: list[tuple[int, dict[str, Any], str]] = [
    (1, {"difficulty": 131_073}, "difficulty is 131073, must be 131072"),
    (1, {"parent_hash": bytes(32)}, "parent_hash is 0x00"),
    (1, {"timestamp": 0}, "timestamp 0: must be after 0"),
    (1, {"gas_limit": 100_000_000 + 97_656}, "gas_limit 100097656: must be less than 97656 from"),
    (1, {"gas_limit": 4_999}, "gas_limit 4999"),
    (1, {"extra_data": bytes(33)}, "extra_data of 33 bytes: at most 32"),
    (1, {"length": 16}, "number of fields is 16, must be 15"),
    (1, {"difficulty": 0}, "total is 131072, proof of work ends at 4732352"),
    (9, {"difficulty": 131_136}, "difficulty is 131136, must be 131072"),
    (27, {"base_fee_per_gas": 999}, "base_fee_per_gas is 999, must be 1000000000"),
    (
        27,
        {"gas_limit": 100_000_000},
        "gas_limit 100000000: must be less than 195312 from 200000000",
    ),
    (28, {"base_fee_per_gas": 10**9}, "base_fee_per_gas is 1000000000, must be 875182170"),
    (36, {"difficulty": 131_968}, "proof of work ends at 4732352"),
    (36, {"nonce": b"\x01" * 8}, "nonce is 0x0101010101010101, must be 0x00"),
    (36, {"uncles_hash": bytes(32)}, "uncles_hash is 0x00"),
    (39, {"length": 16}, "number of fields is 16, must be 17"),
    (42, {"excess_blob_gas": 131_072}, "excess_blob_gas is 131072, must be 0"),
    (42, {"blob_gas_used": 131_073}, "blob_gas_used 131073: must be a multiple of 131072"),
    (42, {"blob_gas_used": 7 * 131_072}, "at most 786432"),
    (51, {"blob_gas_used": 16 * 131_072}, "at most 1966080"),
    (54, {"gas_used": 10**9}, "gas_used 1000000000: gas_limit is 200000000"),
]
BODY_FAULTS: list[tuple[int, dict[str, Any], str]] = [
    (1, {"transactions": ()}, "transactions_root is 0x"),
    (3, {"uncles": ()}, "uncles_hash is 0x"),
    (39, {"withdrawals": ()}, "withdrawals_root is 0x"),
]
RESULT_FAULTS: list[tuple[int, dict[str, Any], str]] = [
    (number, {name: value}, f"{name} is .*, own execution gives")
    for number in (1, 20, 36, 54)
    for name, value in (
        ("state_root", bytes(32)),
        ("receipts_root", bytes(32)),
        ("logs_bloom", b"\x01" * 256),
        ("gas_used", 21_000),
    )
] + [
    (45, {"requests_hash": bytes(32)}, "requests_hash is .*, own execution gives"),
    (54, {"blob_gas_used": 131_072}, "blob_gas_used is 131072, own execution gives 0"),
    (54, {"mix_hash": b"\x01" * 32}, ""),
    (54, {"parent_beacon_block_root": b"\x01" * 32}, "state_root is .*, own execution gives"),
    (54, {"coinbase": b"\x01" * 20}, "state_root is .*, own execution gives"),
]


@pytest.mark.parametrize(("number", "fields", "words"), HEADER_FAULTS + RESULT_FAULTS)
def test_each_field_of_a_header_is_held_to_its_rule(
    suite: Suite, number: int, fields: dict[str, Any], words: str
) -> None:
    """The refusal has block, field, value and what it must be; the random value alone is free."""
    bad = change(suite.blocks[number - 1], **fields)
    if not words:
        assert suite.add(bad).hash != suite.chain[number].hash
        return
    with pytest.raises(BadBlock, match=rf"block {number}: .*{words}"):
        suite.add(bad)


@pytest.mark.parametrize(("number", "parts", "words"), BODY_FAULTS)
def test_a_body_is_held_to_its_header(
    suite: Suite, number: int, parts: dict[str, Any], words: str
) -> None:
    """Nothing may be missing."""
    with pytest.raises(BadBlock, match=f"block {number}: {words}"):
        suite.add(replace(suite.blocks[number - 1], **parts))


def test_transactions_that_are_invalid_make_the_block_invalid(suite: Suite) -> None:
    """Order, signature and kind: each with its index."""
    block = suite.blocks[0]
    first, *rest = block.transactions
    later = suite.blocks[53].transactions[0]
    cut = first[:-1] + bytes([first[-1] ^ 1])
    typed = suite.blocks[26].transactions[0]
    for raws, words in (
        ((*rest, first), "nonce too high"),
        ((first, first), "nonce too low"),
        ((cut, *rest), "own execution gives|insufficient funds|does not decode|nonce"),
        ((later,), "does not decode"),  # bound to a chain, before EIP-155
        ((typed,), "transaction 0: transaction type not supported: 2 under homestead"),
    ):
        bad = replace(block, transactions=tuple(raws))
        root = compute_list_root(bad.transactions)
        with pytest.raises(BadBlock, match=words):
            suite.add(change(bad, transactions_root=root))


def name_uncles(block: Block, *uncles: Header) -> Block:
    """A block with other uncles and their hash."""
    return change(replace(block, uncles=uncles), uncles_hash=compute_uncles_hash(uncles))


@pytest.fixture
def uncled(suite: Suite) -> tuple[Block, Header]:
    """Block 4 and its uncle."""
    block = suite.blocks[3]
    (uncle,) = block.uncles
    return block, uncle


def test_uncles_are_held_to_their_rules(suite: Suite, uncled: tuple[Block, Header]) -> None:
    """At most two, each a valid child of a near ancestor, named once and no ancestor itself."""
    block, uncle = uncled
    named = suite.blocks[2].uncles[0]
    faults: list[tuple[tuple[Header, ...], str]] = [
        ((uncle, uncle), "was named before"),
        ((named,), "was named before"),
        ((suite.blocks[1].header,), "is an ancestor"),
        ((uncle, uncle, uncle), "3 uncles: at most 2"),
        ((replace(uncle, parent_hash=bytes(32)),), "no child of an ancestor"),
        ((replace(uncle, parent_hash=block.header.parent_hash),), "no child of an ancestor"),
        ((replace(uncle, difficulty=1),), "difficulty is 1, must be"),
        ((replace(uncle, timestamp=0),), "must be after"),
        ((replace(uncle, gas_used=10**9),), "gas_used 1000000000"),
        ((), "state_root is"),  # nobody is rewarded
    ]
    for uncles, words in faults:
        with pytest.raises(BadBlock, match=words):
            suite.add(name_uncles(block, *uncles))


def test_withdrawals_are_paid_as_the_header_says(suite: Suite) -> None:
    """Another amount with its root gives another state."""
    block = suite.blocks[38]
    paid = tuple(replace(one, amount_gwei=one.amount_gwei + 1) for one in block.withdrawals)
    bad = change(replace(block, withdrawals=paid), withdrawals_root=compute_withdrawals_root(paid))
    with pytest.raises(BadBlock, match=r"state_root is .*, own execution gives"):
        suite.add(bad)
