"""eth: proofs of accounts and words; the `trie` package walks them as the oracle."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import rlp
from trie.exceptions import BadTrieProof
from trie.hexary import HexaryTrie

from precompiles.digest import compute_keccak

NOBODY = "0x" + "99" * 20
EMPTY_ROOT = "0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421"
EMPTY_CODE = "0x" + compute_keccak(b"").hex()


def walk(root: str, key: str, proof: list[str]) -> bytes:
    """What a proof says stands at a key; the trie's own error if it proves nothing."""
    nodes = [rlp.decode(bytes.fromhex(node[2:])) for node in proof]
    path = compute_keccak(bytes.fromhex(key[2:]))
    found = HexaryTrie.get_from_proof(bytes.fromhex(root[2:]), path, nodes)  # type: ignore[no-untyped-call]
    return bytes(found)


@pytest.fixture
def keeper(rpc: Any, assemble: Callable[..., bytes]) -> str:
    """A contract of one byte with 40 words, at slots 0 to 39."""
    fill = (part for slot in range(40) for part in (slot + 1, slot, "SSTORE"))
    address: str = rpc.deploy(assemble(*fill, 1, 0, "RETURN"))
    return address


def test_an_account_is_proven_against_the_state_root(rpc: Any, keeper: str) -> None:
    """Of a sender, a contract, a system contract, and that there is nobody; at any block."""
    system = "0x000f3df6d732807ef1319fb7b8bb8522d0beac02"
    for block in ("latest", "0x1", rpc("eth_getBlockByNumber", "latest")["hash"]):
        lookup = "eth_getBlockByHash" if len(block) == 66 else "eth_getBlockByNumber"
        root = rpc(lookup, block, False)["stateRoot"]
        for address in (rpc.accounts[0], rpc.accounts[5], keeper, system, NOBODY):
            found = rpc("eth_getProof", address, [], block)
            account = walk(root, address, found["accountProof"])
            if not account:
                assert (found["balance"], found["nonce"]) == ("0x0", "0x0")
                assert (found["storageHash"], found["codeHash"]) == (EMPTY_ROOT, EMPTY_CODE)
                continue
            nonce, balance, storage, code = rlp.decode(account)
            assert int(found["nonce"], 16) == int.from_bytes(nonce)
            assert int(found["balance"], 16) == int.from_bytes(balance)
            assert found["storageHash"] == "0x" + storage.hex()
            assert found["codeHash"] == "0x" + code.hex()
            assert rpc("eth_getAccount", address, block) == {
                "nonce": found["nonce"],
                "balance": found["balance"],
                "storageRoot": found["storageHash"],
                "codeHash": found["codeHash"],
            }


def test_words_are_proven_against_the_storage_root(rpc: Any, keeper: str) -> None:
    """Those that are set and those that are not."""
    slots = [0, 7, 39, 40, 2**255]
    found = rpc("eth_getProof", keeper, ["0x" + slot.to_bytes(32).hex() for slot in slots])
    for slot, word in zip(slots, found["storageProof"], strict=True):
        stored = walk(found["storageHash"], word["key"], word["proof"])
        value = int.from_bytes(rlp.decode(stored)) if stored else 0
        assert int(word["value"], 16) == value == (slot + 1 if slot < 40 else 0)
        assert rpc("eth_getStorageAt", keeper, word["key"]) == "0x" + value.to_bytes(32).hex()


def test_a_key_comes_back_as_it_was_given(rpc: Any, keeper: str) -> None:
    """32 bytes stay 32 bytes, a number stays one."""
    full = "0x" + (1).to_bytes(32).hex()
    words = rpc("eth_getProof", keeper, [full, "0x1", "0x01"])["storageProof"]
    assert [word["key"] for word in words] == [full, "0x1", "0x1"]
    assert len({tuple(word["proof"]) for word in words}) == 1


def test_a_changed_proof_proves_nothing(rpc: Any, keeper: str) -> None:
    """The oracle refuses what was tampered with, so that the tests above can fail."""
    root = rpc("eth_getBlockByNumber", "latest", False)["stateRoot"]
    proof = rpc("eth_getProof", keeper, [])["accountProof"]
    with pytest.raises(BadTrieProof):
        walk(root, keeper, [*proof[:-1], proof[-1][:-2] + "00"])


@pytest.mark.parametrize(
    ("keys", "block", "code"),
    [
        (["0x" + "00" * 33], "latest", -32602),
        ([7], "latest", -32602),
        (["0x0"] * 1025, "latest", -32602),
        ([], "0xffff", -32000),
        ([], "0x" + "12" * 32, -32000),
    ],
)
def test_what_cannot_be_proven_is_refused(rpc: Any, keys: Any, block: str, code: int) -> None:
    """Keys that are none or too many, blocks that are not there."""
    assert rpc.fail("eth_getProof", NOBODY, keys, block)[0] == code
