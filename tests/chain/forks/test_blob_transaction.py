"""Blob transactions in blocks: paid for, bounded, visible to contracts."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
import rlp
from eth_keys.datatypes import PrivateKey

from devnet.chain.forks.blob import GAS_PER_BLOB, compute_blob_base_fee
from devnet.chain.transaction import Transaction, decode_included
from devnet.errors import BadTransaction, BlockFull, FeeTooLow, InsufficientFunds

if TYPE_CHECKING:
    from tests.chain.forks.conftest import Chain

READER = bytes.fromhex("a1" * 20)  # stores BLOBHASH of 0, 1 and 2, and BLOBBASEFEE
EXCESS = 40_000_000  # high enough for a price above 1 under every schedule
HASHES = tuple(b"\x01" + bytes([index]) * 31 for index in range(10))


@pytest.fixture
def codes(assemble: Callable[..., bytes]) -> dict[bytes, bytes]:
    """The reader."""
    hashes = [part for index in range(3) for part in (index, "BLOBHASH", index, "SSTORE")]
    return {READER: assemble(*hashes, "BLOBBASEFEE", 3, "SSTORE")}


def sign(
    chain: Chain,
    count: int,
    *,
    account: int = 0,
    hashes: tuple[bytes, ...] = (),
    to: bytes = READER,
    gas: int = 200_000,
    blob_fee: int = 10**9,
) -> Transaction:
    """A blob transaction of an account's next nonce."""
    sender = chain.accounts[account]
    nonce = chain.world.open(chain.head.state_root, chain.head).get_nonce(sender.address)
    fees = [10**9, 10**10, gas]
    body = [31337, nonce, *fees, to, 0, b"", [], blob_fee, list(hashes or HASHES[:count])]
    signature = PrivateKey(sender.key).sign_msg(b"\x03" + rlp.encode(body))
    raw = b"\x03" + rlp.encode([*body, signature.v, signature.r, signature.s])
    return decode_included(raw)


@pytest.mark.parametrize("fork", ["cancun", "prague", "osaka", "bpo1", "bpo2"])
def test_blobs_are_paid_for_and_named(
    make_chain: Callable[..., Chain], codes: dict[bytes, bytes], fork: str
) -> None:
    """Blob gas is burnt at its own price; contracts read the hashes, one beyond them is zero."""
    chain = make_chain(fork, codes)
    sender = chain.accounts[0].address
    before = chain.world.open(chain.head.state_root, chain.head).get_balance(sender)
    block = chain.keep(chain.execute(sign(chain, 2), excess_blob_gas=EXCESS))
    receipt, header = block.receipts[0], block.header
    rules = chain.schedule.find_rules(header)
    price = compute_blob_base_fee(EXCESS, rules.blob)
    assert receipt.succeeded
    assert (header.blob_gas_used, receipt.blob_gas_used) == (2 * GAS_PER_BLOB,) * 2
    assert receipt.blob_gas_price == price > 1
    after = chain.world.open(header.state_root, header).get_balance(sender)
    paid = receipt.gas_used * receipt.effective_gas_price + receipt.blob_gas_used * price
    assert before - after == paid
    words = [chain.read(READER, slot).to_bytes(32, "big") for slot in range(4)]
    assert words == [*HASHES[:2], bytes(32), price.to_bytes(32, "big")]


def test_blobs_are_paid_for_though_the_transaction_fails(
    make_chain: Callable[..., Chain], codes: dict[bytes, bytes]
) -> None:
    """They were carried."""
    chain = make_chain("osaka", codes)
    block = chain.execute(sign(chain, 1, gas=21_001))
    assert not block.receipts[0].succeeded
    assert block.header.blob_gas_used == GAS_PER_BLOB


@pytest.mark.parametrize(
    ("fork", "most", "per_transaction"),
    [("cancun", 6, 6), ("prague", 9, 9), ("osaka", 9, 6), ("bpo1", 15, 6), ("bpo2", 21, 6)],
)
def test_blobs_are_bounded_by_block_and_transaction(
    make_chain: Callable[..., Chain], codes: dict[bytes, bytes], fork: str, most: int,
    per_transaction: int,
) -> None:  # fmt: skip
    """The schedule bounds the block, from Osaka on six the transaction (EIP-7594)."""
    chain = make_chain(fork, codes)
    with pytest.raises(BadTransaction, match=f"have {per_transaction + 1}, permitted"):
        chain.execute(sign(chain, per_transaction + 1))
    full, rest = divmod(most, per_transaction)
    counts = [per_transaction] * full + [rest] * bool(rest)
    batch = [sign(chain, count, account=n) for n, count in enumerate(counts)]
    assert chain.execute(*batch).header.blob_gas_used == most * GAS_PER_BLOB
    one_more = sign(chain, 1, account=9)
    with pytest.raises(BlockFull, match="131072 blob gas do not fit: 0 left"):
        chain.execute(*batch, one_more)


def test_invalid_blob_transactions_leave_no_trace(
    make_chain: Callable[..., Chain], codes: dict[bytes, bytes]
) -> None:
    """Each is refused before it is executed."""
    chain = make_chain("osaka", codes)
    dear = 10**10 * 200_000 + 10_000 * 10**18 // GAS_PER_BLOB
    for bad, error, words in (
        (sign(chain, 0, hashes=(b"\x02" + bytes(31),)), BadTransaction, "version 2, must be 1"),
        (sign(chain, 1, to=b""), BadTransaction, "cannot create a contract"),
        (sign(chain, 1, blob_fee=0), FeeTooLow, "maxFeePerBlobGas 0, blobBaseFee 1"),
        (sign(chain, 1, blob_fee=dear), InsufficientFunds, "tx cost"),
    ):
        with pytest.raises(error, match=words):
            chain.execute(bad)
    empty = sign(chain, 0)
    raw = rlp.decode(empty.raw[1:])
    assert raw[10] == []
    with pytest.raises(BadTransaction, match="blobless blob transaction"):
        chain.execute(empty)


def test_price_follows_use(make_chain: Callable[..., Chain], codes: dict[bytes, bytes]) -> None:
    """Blocks above the target make blobs dearer, empty ones cheaper; Prague has no reserve."""
    chain = make_chain("prague", codes)
    for _ in range(3):
        chain.keep(chain.execute(sign(chain, 9)))
    assert chain.template().excess_blob_gas == 3 * 3 * GAS_PER_BLOB
    chain.run()
    assert chain.template().excess_blob_gas == 3 * GAS_PER_BLOB
    chain.run()
    assert chain.template().excess_blob_gas == 0
