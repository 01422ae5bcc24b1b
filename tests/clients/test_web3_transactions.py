"""Typed transactions that eth_account signs, over HTTP: what a node takes, web3.py reads back."""

from __future__ import annotations

from typing import Any

import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount
from hexbytes import HexBytes
from web3 import HTTPProvider, Web3
from web3.exceptions import Web3RPCError

from contracts import load

GWEI = 10**9
BLOB = b"\x00" * 131_072
GAS_PER_BLOB = 1 << 17
RECIPIENT = Web3.to_checksum_address("0x" + "11" * 20)


@pytest.fixture(scope="module")
def w3(served: Any) -> Web3:
    """A client over HTTP."""
    return Web3(HTTPProvider(served.url))


@pytest.fixture
def signer(w3: Web3) -> LocalAccount:
    """A new account with money."""
    signer: LocalAccount = Account.create()
    rich = w3.eth.accounts[0]
    w3.eth.send_transaction({"from": rich, "to": signer.address, "value": w3.to_wei(1, "ether")})
    return signer


def build(w3: Web3, signer: LocalAccount, **fields: Any) -> dict[str, Any]:
    """A transaction to somebody with room for its fees."""
    return {
        "chainId": w3.eth.chain_id,
        "nonce": w3.eth.get_transaction_count(signer.address),
        "to": RECIPIENT,
        "value": 1,
        "gas": 100_000,
        "maxFeePerGas": 3 * GWEI,
        "maxPriorityFeePerGas": GWEI,
        **fields,
    }


def test_blobs_are_taken_and_accounted_for(w3: Web3, signer: LocalAccount) -> None:
    """Type 3 with cell proofs: hashes, fee cap, blob gas in receipt and block; not the blobs.

    One bit of a proof is enough to be refused, and costs nothing.
    """
    sent = build(w3, signer, type=3, maxFeePerBlobGas=GWEI)
    raw = bytearray(signer.sign_transaction(sent, blobs=[BLOB]).raw_transaction)
    raw[-1] ^= 1
    with pytest.raises(Web3RPCError, match="proof"):
        w3.eth.send_raw_transaction(HexBytes(bytes(raw)))
    raw[-1] ^= 1
    taken = w3.eth.send_raw_transaction(HexBytes(bytes(raw)))
    receipt: Any = w3.eth.wait_for_transaction_receipt(taken)
    found: Any = w3.eth.get_transaction(taken)
    block: Any = w3.eth.get_block(receipt["blockNumber"])
    kept = w3.eth.get_raw_transaction(taken)  # without blobs, as it is hashed
    assert (Web3.keccak(kept), len(kept) < 1_000) == (taken, True)
    assert (receipt["type"], found["type"], found["maxFeePerBlobGas"]) == (3, 3, GWEI)
    (blob_hash,) = found["blobVersionedHashes"]
    assert (len(blob_hash), bytes(blob_hash)[0]) == (32, 1)
    assert receipt["blobGasUsed"] == block["blobGasUsed"] == GAS_PER_BLOB
    assert receipt["blobGasPrice"] >= 1
    assert "blobs" not in found
    spent = receipt["gasUsed"] * receipt["effectiveGasPrice"]
    spent += receipt["blobGasUsed"] * receipt["blobGasPrice"] + 1
    assert w3.eth.get_balance(signer.address) == w3.to_wei(1, "ether") - spent


def test_an_account_takes_code_and_gives_it_back(w3: Web3, signer: LocalAccount) -> None:
    """Type 4: signed here and sent raw, then sent by the node for an account of its own."""
    target = load("DigitReader")
    rich = w3.eth.accounts[0]
    made = w3.eth.contract(abi=target.abi, bytecode=target.bytecode)
    receipt = w3.eth.wait_for_transaction_receipt(
        made.constructor(b"\x01" * 32).transact({"from": rich})
    )
    chain_id = w3.eth.chain_id
    authorization = {"chainId": chain_id, "address": receipt["contractAddress"], "nonce": 1}
    signed_authorization = signer.sign_authorization(authorization)
    sent = build(w3, signer, authorizationList=[signed_authorization], to=RECIPIENT)
    signed = signer.sign_transaction(sent)
    receipt = w3.eth.wait_for_transaction_receipt(
        w3.eth.send_raw_transaction(signed.raw_transaction)
    )
    found: Any = w3.eth.get_transaction(signed.hash)
    assert (receipt["type"], receipt["status"], found["type"]) == (4, 1, 4)
    (shown,) = found["authorizationList"]
    assert (shown["chainId"], shown["address"], shown["nonce"]) == tuple(authorization.values())
    code = w3.eth.get_code(signer.address)
    assert code == b"\xef\x01\x00" + bytes.fromhex(str(authorization["address"])[2:])
    back = signer.sign_authorization({"chainId": chain_id, "address": "0x" + "00" * 20, "nonce": 2})
    sponsored: Any = {
        "from": rich,
        "to": signer.address,
        "value": 0,
        "gas": 100_000,
        "authorizationList": [back],
    }
    w3.eth.wait_for_transaction_receipt(w3.eth.send_transaction(sponsored))
    assert w3.eth.get_code(signer.address) == b""


def test_access_lists_and_old_kinds_are_told_apart(w3: Web3, signer: LocalAccount) -> None:
    """Types 0, 1 and 2, each with the fields of its kind."""
    entry = {"address": RECIPIENT, "storageKeys": ["0x" + "00" * 32]}
    dynamic = ("maxFeePerGas", "maxPriorityFeePerGas")
    for kind, fields in (
        (0, {"gasPrice": 2 * GWEI}),
        (1, {"gasPrice": 2 * GWEI, "type": 1, "accessList": [entry]}),
        (2, {"type": 2, "accessList": [entry]}),
    ):
        sent = build(w3, signer, **fields)
        if kind < 2:
            sent = {name: value for name, value in sent.items() if name not in dynamic}
        signed = signer.sign_transaction(sent)
        w3.eth.send_raw_transaction(signed.raw_transaction)
        found: Any = w3.eth.get_transaction(signed.hash)
        assert found["type"] == w3.eth.get_transaction_receipt(signed.hash)["type"] == kind
        assert all((name in found) == (kind == 2) for name in dynamic)
        assert ("accessList" in found) == (kind > 0)
        assert ("yParity" in found) == (kind > 0)
        assert w3.eth.get_raw_transaction(signed.hash) == signed.raw_transaction
