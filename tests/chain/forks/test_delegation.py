"""EIP-7702 where py-evm is wrong: senders that are delegated create and call as the book says."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import eth.consensus  # noqa: F401  # py-evm has an import cycle that only this order resolves
import pytest
from eth.vm.forks.prague.computation import PragueComputation
from eth_account import Account

if TYPE_CHECKING:
    from devnet.chain.block import Receipt
    from tests.chain.forks.conftest import Chain

CREATOR = bytes.fromhex(
    "a1" * 20
)  # stores the gas that creating a contract of 320 zero bytes takes
PARENT = bytes.fromhex("a2" * 20)  # calls CREATOR's code by DELEGATECALL
OURS = bytes.fromhex("a3" * 20)  # a contract whose code fails
SHA256 = bytes(19) + b"\x02"
INITCODE_WORDS = 10


@pytest.fixture
def codes(assemble: Callable[..., bytes]) -> dict[bytes, bytes]:
    """The contracts."""
    create = ("GAS", 32 * INITCODE_WORDS, 0, 0, "CREATE", "POP", "GAS", "SWAP1", "SUB")
    warm = (0, 320, "MSTORE")  # memory grows before it is measured
    delegate = (0, 0, 0, 0, CREATOR, "GAS", "DELEGATECALL")
    return {
        CREATOR: assemble(*warm, *create, 0, "SSTORE"),
        PARENT: assemble(*delegate),
        OURS: b"\xfe",
    }


def authorize(chain: Chain, account: int, to: bytes, nonce: int) -> Any:
    """A signed authorization of an account."""
    unsigned = {"chainId": 31337, "address": to, "nonce": nonce}
    return Account.sign_authorization(unsigned, chain.accounts[account].key)


def delegate(chain: Chain, account: int, to: bytes, **fields: Any) -> Receipt:
    """Delegate an account by a transaction of its own, to itself."""
    signed = authorize(chain, account, to, 1)
    fees = {"maxFeePerGas": 10**10, "maxPriorityFeePerGas": 1}
    me = chain.accounts[account].address
    block = chain.send(account, **{"to": me, **fees, "authorizationList": [signed], **fields})
    return block.receipts[0]


@pytest.mark.parametrize("fork", ["prague", "osaka"])
@pytest.mark.parametrize("target", [CREATOR, PARENT])
def test_initcode_is_charged_once_where_a_delegated_sender_creates(
    make_chain: Callable[..., Chain], codes: dict[bytes, bytes], fork: str, target: bytes
) -> None:
    """The same code takes the same gas in a contract and in the sender itself."""
    chain = make_chain(fork, codes)
    chain.send(1, to=CREATOR)
    receipt = delegate(chain, 0, target)
    assert receipt.succeeded
    spent = chain.read(CREATOR, 0)
    assert spent > 32_000 + 2 * INITCODE_WORDS
    assert chain.read(chain.accounts[0].address, 0) == spent


def test_py_evm_takes_any_frame_of_the_sender_for_the_outermost() -> None:
    """What is replaced: only the address is compared, so it charges initcode again."""

    class Frame:
        class msg:  # noqa: N801  # as py-evm names it
            sender = b"\x01"
            depth = 1

        class transaction_context:  # noqa: N801
            origin = b"\x01"

    upstream: Any = PragueComputation.is_origin_computation
    assert upstream.fget(Frame) is True


@pytest.mark.parametrize("target", [SHA256, OURS])
def test_a_precompile_as_delegate_runs_nothing(
    make_chain: Callable[..., Chain], codes: dict[bytes, bytes], target: bytes
) -> None:
    """A transaction to such an account succeeds without output; to other code it runs."""
    chain = make_chain("osaka", codes)
    receipt = delegate(chain, 0, target, data=b"\x01")
    assert receipt.succeeded == (target == SHA256)
    assert receipt.output == b""


def test_delegation_persists_though_the_call_fails_and_its_refund_counts(
    make_chain: Callable[..., Chain], codes: dict[bytes, bytes]
) -> None:
    """The authority existed, so half of the charge comes back, even from a failed call."""
    chain = make_chain("osaka", codes)
    receipt = delegate(chain, 0, OURS, gas=100_000)
    assert not receipt.succeeded
    assert receipt.gas_used == 100_000 - 12_500
    state = chain.world.open(chain.head.state_root, chain.head)
    sender = chain.accounts[0].address
    assert state.get_code(sender) == b"\xef\x01\x00" + OURS
    assert state.get_nonce(sender) == 2
    assert chain.send(to=PARENT).receipts[0].succeeded  # a delegated account may still send


def test_authorizations_that_do_not_hold_are_passed_over(
    make_chain: Callable[..., Chain], codes: dict[bytes, bytes]
) -> None:
    """Wrong nonce, wrong chain; the others count, also for the zero address, which ends it."""
    chain = make_chain("osaka", codes)
    other = Account.sign_authorization(
        {"chainId": 5, "address": PARENT, "nonce": 0}, chain.accounts[3].key
    )
    signed = [
        authorize(chain, 1, PARENT, 0),
        authorize(chain, 2, PARENT, 7),
        other,
        authorize(chain, 4, PARENT, 0),
        authorize(chain, 4, bytes(20), 1),
    ]
    fees = {"maxFeePerGas": 10**10, "maxPriorityFeePerGas": 1}
    assert chain.send(to=PARENT, authorizationList=signed, **fees).receipts[0].succeeded
    state = chain.world.open(chain.head.state_root, chain.head)
    codes_now = [state.get_code(account.address) for account in chain.accounts[1:5]]
    assert codes_now == [b"\xef\x01\x00" + PARENT, b"", b"", b""]
    assert [state.get_nonce(account.address) for account in chain.accounts[1:5]] == [1, 0, 0, 2]
