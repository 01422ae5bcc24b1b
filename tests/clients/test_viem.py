"""viem against a node: public, wallet and test clients over HTTP, watchers over WebSocket."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from eth_account.messages import encode_defunct, encode_typed_data

from contracts import load
from devnet.chain.account import derive_accounts
from devnet.config import DEFAULT_MNEMONIC
from precompiles.models.samples import read_digits

pytestmark = pytest.mark.clients
KEY = "0x5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a"  # of account 2
UNLOCKED = 2  # whose signatures are asked for
SCRIPT = Path(__file__).parent / "drive_viem.mjs"
TYPED: dict[str, Any] = {
    "domain": {
        "name": "Mail",
        "version": "1",
        "chainId": 31337,
        "verifyingContract": "0x" + "cc" * 20,
    },
    "types": {
        "Person": [{"name": "name", "type": "string"}],
        "Mail": [{"name": "to", "type": "Person[]"}, {"name": "number", "type": "uint256"}],
    },
    "primaryType": "Mail",
    "message": {"to": [{"name": "Bob"}, {"name": "Eve"}], "number": 5},
}


@pytest.fixture(scope="module")
def seen(npm: Any, served: Any) -> dict[str, Any]:
    """What the script saw."""
    artifact = load("DigitReader")
    story = {
        "abi": artifact.abi,
        "bytecode": "0x" + artifact.bytecode.hex(),
        "model": served.model_id,
        "pixels": "0x" + read_digits()[0][6].tobytes().hex(),
        "typed": TYPED,
    }
    done = npm.node(SCRIPT, served.url, KEY, json.dumps(story))
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_viem_deploys_simulates_writes_and_reads_events(seen: dict[str, Any]) -> None:
    """An exact estimate, the digit, both senders' events, the contract's own error."""
    digit = int(read_digits()[1][6])
    assert seen["estimateIsExact"] is True
    assert (seen["digit"], seen["events"]) == (digit, [digit, digit])
    assert seen["reverted"] == {"name": "WrongPixelCount", "args": ["1"]}


def test_viem_gets_signatures_that_eth_account_makes(seen: dict[str, Any]) -> None:
    """`personal_sign` and `eth_signTypedData_v4` of an unlocked account."""
    account = derive_accounts(DEFAULT_MNEMONIC, UNLOCKED + 1)[UNLOCKED]
    domain_type = [
        {"name": name, "type": kind}
        for name, kind in (
            ("name", "string"),
            ("version", "string"),
            ("chainId", "uint256"),
            ("verifyingContract", "address"),
        )
    ]
    whole = TYPED | {"types": TYPED["types"] | {"EIP712Domain": domain_type}}
    for kind, message in (
        ("message", encode_defunct(text="hello")),
        ("typed", encode_typed_data(full_message=whole)),
    ):
        own = Account.sign_message(message, account.key).signature
        assert seen["unlockedSigns"][kind] == own.to_0x_hex()


def test_viem_delegates_an_account_to_a_contract(seen: dict[str, Any]) -> None:
    """A type 4 transaction: its authorization holds though its call reverts."""
    assert seen["setCode"] == ["eip7702", True]
    assert seen["code"] == "0xef0100" + seen["address"][2:]


def test_viem_holds_mining_back_moves_time_and_reverts(seen: dict[str, Any]) -> None:
    """Pool, pending block, later blocks, a snapshot."""
    assert (seen["pending"], seen["pendingBlock"]) == (1, [None, True])
    assert (seen["jump"], seen["noncesAreBack"]) == (True, True)


def test_viem_hears_of_blocks_transactions_and_events(seen: dict[str, Any]) -> None:
    """By `eth_subscribe` over WebSocket."""
    assert seen["news"] == [True, [int(read_digits()[1][6])]]


def test_viem_reads_fees_proofs_access_lists_and_simulations(seen: dict[str, Any]) -> None:
    """`eth_feeHistory`, `eth_getProof`, `eth_createAccessList`, `eth_simulateV1`."""
    assert (seen["history"], seen["proof"]) == (3, 1)
    assert (seen["accesses"], seen["simulated"]) == (True, "success")
