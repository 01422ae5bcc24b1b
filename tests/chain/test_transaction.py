"""Transactions: canonical bytes, a sound signature and a known type, or a clear refusal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import rlp
from eth.vm.forks.prague.transactions import PragueTransactionBuilder
from eth_account import Account
from eth_keys.datatypes import PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from devnet.chain.account import derive_accounts
from devnet.chain.signing import UnsignedTransaction, sign_transaction
from devnet.chain.transaction import MAX_TRANSACTION_BYTES, decode_transaction
from devnet.config import DEFAULT_MNEMONIC
from devnet.errors import (
    BadTransaction,
    ChainError,
    InsufficientFunds,
    IntrinsicGasTooLow,
    UnsupportedTransaction,
)

if TYPE_CHECKING:
    from tests.chain.conftest import Bench

FRESH = bytes.fromhex("f5" * 20)
ACCOUNT = derive_accounts(DEFAULT_MNEMONIC, 1)[0]
HALF_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141 // 2
VALID = sign_transaction(
    UnsignedTransaction(0, FRESH, 1, b"", 21_000, 10**10, 1), 31337, ACCOUNT.key
)
ACCESS = [{"address": "0x" + "a1" * 20, "storageKeys": ["0x" + "00" * 32]}]
TYPES: list[tuple[int, dict[str, Any]]] = [
    (0, {"gasPrice": 10**10}),
    (1, {"gasPrice": 10**10, "accessList": ACCESS}),
    (2, {}),
    (2, {"accessList": ACCESS}),
]


@pytest.mark.parametrize(("type_id", "fields"), TYPES)
def test_every_type_signed_elsewhere_is_understood(
    bench: Bench, type_id: int, fields: dict[str, Any]
) -> None:
    """Type, hash and sender are those of eth_account."""
    sent = {"nonce": 3, "to": FRESH, "value": 5, "data": b"\x01", "gas": 50_000, "chainId": 31337}
    if "gasPrice" not in fields:
        fields = {**fields, "maxFeePerGas": 10**10, "maxPriorityFeePerGas": 1}
    signed = Account.from_key(ACCOUNT.key).sign_transaction({**sent, **fields})
    transaction = decode_transaction(bytes(signed.raw_transaction))
    assert transaction.type_id == type_id
    assert transaction.hash == bytes(signed.hash)
    assert transaction.sender == ACCOUNT.address
    assert (transaction.nonce, transaction.is_creation) == (3, False)


@given(key=st.integers(1, 2 * HALF_ORDER), nonce=st.integers(0, 2**64 - 2))
def test_the_sender_is_the_one_that_py_evm_finds(key: int, nonce: int) -> None:
    """Either parity, signatures of any length: the hash is taken over the bytes as they came."""
    unsigned = UnsignedTransaction(nonce, bytes(20), 1, b"", 21_000, 10**9, 1)
    raw = sign_transaction(unsigned, 31337, key.to_bytes(32, "big"))
    found = decode_transaction(raw).sender
    assert found == PragueTransactionBuilder.decode(raw).sender
    assert found == PrivateKey(key.to_bytes(32, "big")).public_key.to_canonical_address()


def test_legacy_transaction_without_chain_id_is_understood() -> None:
    """Before EIP-155 a signature bound no chain; such transactions are still valid."""
    fields = {"nonce": 0, "to": FRESH, "value": 5, "data": b"", "gas": 21_000, "gasPrice": 10**10}
    signed = Account.from_key(ACCOUNT.key).sign_transaction(fields)
    transaction = decode_transaction(bytes(signed.raw_transaction))
    assert transaction.evm.chain_id is None
    assert transaction.sender == ACCOUNT.address


@given(
    nonce=st.integers(0, 2**64 - 2),
    to=st.none() | st.binary(min_size=20, max_size=20),
    value=st.integers(0, 2**256 - 1),
    data=st.binary(max_size=50),
    gas=st.integers(60_000, 2**64 - 1),
    fee=st.integers(0, 2**256 - 1),
)
@settings(max_examples=30)
def test_signing_and_decoding_keep_every_field(
    nonce: int, to: bytes | None, value: int, data: bytes, gas: int, fee: int
) -> None:
    """What unlocked accounts sign decodes to the same fields and sender."""
    unsigned = UnsignedTransaction(nonce, to, value, data, gas, fee, fee)
    transaction = decode_transaction(sign_transaction(unsigned, 31337, ACCOUNT.key))
    evm = transaction.evm
    assert transaction.sender == ACCOUNT.address
    assert (evm.nonce, evm.to or None, evm.value, evm.data) == (nonce, to, value, data)
    assert (evm.gas, evm.max_fee_per_gas, evm.max_priority_fee_per_gas) == (gas, fee, fee)


@pytest.mark.parametrize(
    ("raw", "error", "words"),
    [
        (b"", BadTransaction, "empty transaction"),
        (b"\x02", BadTransaction, "does not decode"),
        (b"\xc0", BadTransaction, "does not decode"),
        (b"\x80", BadTransaction, "does not decode"),
        (VALID[:-1], BadTransaction, "does not decode"),
        (VALID + b"\x00", BadTransaction, "does not decode"),
        (b"\x03" + VALID[1:], BadTransaction, "blob transaction"),
        (b"\x05" + VALID[1:], UnsupportedTransaction, "type not supported: 5"),
        (b"\x7f" + VALID[1:], UnsupportedTransaction, "type not supported: 127"),
        (bytes(MAX_TRANSACTION_BYTES + 1), BadTransaction, "131073 bytes, at most 131072"),
    ],
)
def test_bytes_that_are_no_transaction_are_refused(
    raw: bytes, error: type[ChainError], words: str
) -> None:
    """Each refusal says what is wrong."""
    with pytest.raises(error, match=words):
        decode_transaction(raw)


def build_raw(type_id: int, **changes: int) -> bytes:
    """A transfer with fields and signature as given."""
    names = {"nonce": 0, "value": 0, "gas": 21_000, "parity": 0, "r": 1, "s": 1, **changes}
    parity, r, s = names["parity"], names["r"], names["s"]
    ends = [names["gas"], FRESH, names["value"], b""]
    if type_id == 0:
        return bytes(rlp.encode([names["nonce"], 10**10, *ends, 27 + parity, r, s]))
    fees = [10**10] if type_id == 1 else [10**10, 10**10]
    lists: list[object] = [[]]
    if type_id == 4:
        lists = [[], [[31337, FRESH, 0, 0, 1, 1]]]
    body = [31337, names["nonce"], *fees, *ends, *lists, parity, r, s]
    return bytes([type_id, *rlp.encode(body)])


@pytest.mark.parametrize("type_id", [0, 1, 2, 4])
@pytest.mark.parametrize(
    "changes",
    [
        {"s": HALF_ORDER + 1},
        {"s": 0},
        {"r": 0},
        {"r": 2**256 - 1},
        {"parity": 2},
        {"parity": 300},
        {"nonce": 2**64 - 1},
        {"value": 2**256},
        {"gas": 2**300},
    ],
    ids=str,
)
def test_unsound_fields_are_refused_in_every_type(
    bench: Bench, type_id: int, changes: dict[str, int]
) -> None:
    """Signatures off the curve or with a high s (EIP-2), and numbers past their range."""
    with pytest.raises(InsufficientFunds):  # sound, but signed by nobody who owns anything
        bench.run(build_raw(type_id, gas=60_000))
    with pytest.raises(BadTransaction) as refusal:
        bench.run(build_raw(type_id, **{"gas": 60_000, **changes}))
    assert type(refusal.value) is not InsufficientFunds or "value" in changes


@pytest.mark.parametrize("type_id", [0, 1, 2, 4])
def test_gas_below_intrinsic_is_refused_with_both_values(type_id: int) -> None:
    """Whatever the type, the message says what was given and what it takes."""
    with pytest.raises(IntrinsicGasTooLow, match=r"have 20999, want (21000|46000)"):
        decode_transaction(build_raw(type_id, gas=20_999))


@settings(max_examples=200)
@given(
    raw=st.binary(max_size=120)
    | st.tuples(st.integers(0, len(VALID) - 1), st.integers(0, 255)).map(
        lambda at: VALID[: at[0]] + bytes([at[1]]) + VALID[at[0] + 1 :]
    )
    | st.recursive(
        st.binary(max_size=33), lambda inner: st.lists(inner, max_size=12), max_leaves=20
    ).map(lambda tree: b"\x02" + rlp.encode(tree))
    | st.recursive(
        st.binary(max_size=33), lambda inner: st.lists(inner, max_size=12), max_leaves=20
    ).map(rlp.encode)
)
def test_arbitrary_bytes_decode_canonically_or_are_refused(raw: bytes) -> None:
    """No other error leaves, and what is taken encodes back to the same bytes."""
    try:
        transaction = decode_transaction(raw)
    except (BadTransaction, UnsupportedTransaction):
        return
    assert transaction.evm.encode() == raw
