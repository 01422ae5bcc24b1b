"""A contract cannot be created over code, a nonce or storage (EIP-684, 7610)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
import rlp

from precompiles.digest import compute_keccak

if TYPE_CHECKING:
    from tests.chain.forks.conftest import Chain

FACTORY = bytes.fromhex("a1" * 20)  # CREATEs, stores the address in slot 0


def compute_address(creator: bytes, nonce: int) -> bytes:
    """Where CREATE puts a contract."""
    return compute_keccak(rlp.encode([creator, nonce]))[12:]


def occupy(state: Any, address: bytes, how: str) -> None:
    """Give an account one thing."""
    if how == "code":
        state.set_code(address, b"\x00")
    elif how == "nonce":
        state.set_nonce(address, 1)
    elif how == "storage":
        state.set_storage(address, 1, 1)
    elif how == "balance":
        state.set_balance(address, 1)


@pytest.mark.parametrize("fork", ["frontier", "byzantium", "berlin", "osaka"])
@pytest.mark.parametrize("how", ["code", "nonce", "storage", "balance", "nothing"])
def test_creation_fails_where_something_is(
    make_chain: Callable[..., Chain], assemble: Callable[..., bytes], fork: str, how: str
) -> None:
    """By transaction and by instruction; a balance is no obstacle."""
    code = assemble(*(b"\0",) * 3, "CREATE", b"\0", "SSTORE")
    chain = make_chain(fork, {FACTORY: code})
    sender = chain.accounts[0].address
    targets = (compute_address(sender, 0), compute_address(FACTORY, 1))
    state = chain.world.open(chain.head.state_root, chain.head)
    for target in targets:
        occupy(state, target, how)
    state.persist()
    chain.place(state.state_root)
    is_free = how in ("balance", "nothing")
    receipt = chain.send(to="", gas=100_000, data=b"\x00").receipts[0]
    assert receipt.succeeded == is_free
    assert (receipt.gas_used == 100_000) != is_free
    chain.send(to=FACTORY)
    assert chain.read(FACTORY, 0) == (int.from_bytes(targets[1], "big") if is_free else 0)
