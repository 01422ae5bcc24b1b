"""Networks in which the last validator runs EELS, and what users send to them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from eth_account import Account

from devnet.chain.forks.fork import Fork
from devnet.chain.forks.kzg import (
    BLOB_BYTES,
    compute_blob_proof,
    compute_cell_proofs,
    compute_commitment,
    compute_versioned_hash,
)
from devnet.chain.sidecar import Sidecar, encode_network_form
from devnet.config import Config, Host
from devnet.node import Node
from devnet.validators.misbehaviour import parse_behavior
from tests.conftest import MAX_FEE_WEI, TIP_WEI, Driver

FEES = {"maxFeePerGas": MAX_FEE_WEI, "maxPriorityFeePerGas": TIP_WEI}


class Mixed(Driver):
    """Validators v0 to v2 run py-evm, v3 runs EELS."""

    def __init__(self, python: Path, node: Node | None = None, **options: Any) -> None:
        super().__init__(node=node, **options)
        self.python = python
        self.node.set_behavior("v3", parse_behavior(f"engine:eels:{python}"))

    @property
    def eels(self) -> Any:
        """The validator on EELS."""
        return self.node.cluster.validators[3]

    def assert_agreed(self) -> None:
        """v3 has every block, as its own result, and has signed the last ones of its height."""
        head = self.node.head
        assert self.eels.client.name == "eels"
        assert self.eels.stuck == ""
        chain = [self.node.history.get_hash(n) for n in range(head.header.number + 1)]
        assert self.eels.hashes == chain
        assert self.node.cluster.record.disagreements == []
        assert "v3" in self.list_signers()

    def send_signed(self, account: int = 0, **fields: Any) -> Any:
        """Sign with eth_account, which knows every type; where it was mined."""
        sender = self.node.accounts[account]
        nonce = self.node.get_pending_nonce(sender.address)
        common = {"nonce": nonce, "gas": 500_000, "value": 0, "data": b"", "chainId": 31337}
        signed = Account.sign_transaction({**common, **fields}, sender.key)
        return self.node.history.find_transaction(self.node.send_raw(signed.raw_transaction))

    def send_blob(self, to: bytes) -> Any:
        """A transaction with one blob."""
        sender = self.node.accounts[0]
        blob = bytes(31) + b"\x07" + bytes(BLOB_BYTES - 32)
        commitment = compute_commitment(blob)
        fields = {
            **FEES, "nonce": self.node.get_pending_nonce(sender.address), "gas": 100_000,
            "value": 1, "data": b"", "chainId": 31337, "to": to, "maxFeePerBlobGas": 10**9,
            "type": 3, "blobVersionedHashes": [compute_versioned_hash(commitment)],
        }  # fmt: skip
        raw = bytes(Account.sign_transaction(fields, sender.key).raw_transaction)
        if self.node.next_rules.fork < Fork.OSAKA:
            proof = compute_blob_proof(blob, commitment)
            sidecar = Sidecar(0, (blob,), (commitment,), (proof,))
        else:
            sidecar = Sidecar(1, (blob,), (commitment,), compute_cell_proofs(blob))
        sent = self.node.send_raw(encode_network_form(raw, sidecar))
        return self.node.history.find_transaction(sent)

    def delegate(self, account: int, target: bytes) -> Any:
        """Let an account run a contract's code (EIP-7702)."""
        owner = self.node.accounts[account]
        nonce = self.node.get_pending_nonce(owner.address)
        fields = {"chainId": 31337, "address": target, "nonce": nonce}
        signed = Account.sign_authorization(fields, owner.key)
        return self.send_signed(to=owner.address, authorizationList=[signed], **FEES)


Mix: TypeAlias = Callable[..., Mixed]


@pytest.fixture
def mix(eels_python: Path) -> Mix:
    """Starts a network of four: `mix(hardfork="cancun")`."""

    def start(folder: Path | None = None, **options: Any) -> Mixed:
        if folder is None:
            return Mixed(eels_python, **options)
        return Mixed(eels_python, Node(Config(**options), Host(data_dir=folder)))

    return start
