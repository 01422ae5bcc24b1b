"""A validator on EELS executes and proposes with others on py-evm, and comes to the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from devnet.chain.forks.fork import Fork
from tests.validators.clients.conftest import FEES

if TYPE_CHECKING:
    from tests.validators.clients.conftest import Mix, Mixed

    Assemble = Callable[..., bytes]
    Wrap = Callable[[bytes], bytes]

pytestmark = pytest.mark.slow
FORKS = ("berlin", "shanghai", "cancun", "prague", "osaka", "bpo2")
FRESH = bytes.fromhex("f5" * 20)


def play(net: Mixed, assemble: Assemble, wrap: Wrap) -> None:
    """Transfers, contracts, reverts, self-destructs; blobs and delegations if the fork has them."""
    fork, fees = net.node.next_rules.fork, FEES
    if fork < Fork.LONDON:
        fees = {"gasPrice": 5 * 10**9}
    net.send_signed(to=FRESH, value=10**18, **fees)
    count = assemble(b"\0", "SLOAD", 1, "ADD", "DUP1", b"\0", "SSTORE", b"\0", "MSTORE")
    count += assemble(32, b"\0", "SHA3", 32, b"\0", "LOG1", "STOP")
    counter = net.send_signed(data=wrap_old(count), **fees).receipt.contract_address
    for account in range(3):
        place = net.send_signed(account, to=counter, **fees)
        assert place.receipt.succeeded
        assert len(place.receipt.logs) == 1
    assert not net.send_signed(to=counter, **{**fees, "gas": 25_000}).receipt.succeeded
    refuse = net.send_signed(
        data=wrap_old(assemble(32, b"\0", "REVERT")), **fees
    ).receipt.contract_address
    place = net.send_signed(to=refuse, **fees)
    assert (place.receipt.failure, len(place.receipt.output)) == ("Revert", 32)
    mortal = assemble(b"\x01", "SELFDESTRUCT")
    doomed = net.send_signed(data=wrap_old(mortal), value=7, **fees).receipt.contract_address
    assert net.send_signed(to=doomed, **fees).receipt.succeeded
    net.send_signed(data=mortal, value=9, **fees)  # gone in the transaction that makes it
    net.send_signed(data=b"\xfe", **fees)
    entry = {"address": "0x" + counter.hex(), "storageKeys": ["0x" + "00" * 32]}
    net.send_signed(to=counter, accessList=[entry], type=1, gasPrice=5 * 10**9)
    if fork >= Fork.CANCUN:
        assert net.send_blob(counter).receipt.blob_gas_used > 0
    if fork >= Fork.PRAGUE:
        assert net.delegate(1, counter).receipt.succeeded
        assert len(net.send_signed(to=net.node.accounts[1].address, **fees).receipt.logs) == 1
    net.node.set_automine(False)
    for account in (0, 2, 3):  # one with a delegation may have one transaction waiting
        net.send_signed(account, to=counter, **fees)
        net.send_signed(account, to=FRESH, value=account, **fees)
    net.node.mine(5)
    net.node.set_automine(True)


def wrap_old(runtime: bytes) -> bytes:
    """Creation code without PUSH0, which forks before Shanghai lack."""
    size = len(runtime).to_bytes(2)
    return b"\x61" + size + b"\x80\x60\x0c\x60\x00\x39\x60\x00\xf3" + runtime


@pytest.mark.parametrize("fork", FORKS)
def test_clients_agree_under_every_rule(
    mix: Mix, assemble: Assemble, wrap: Wrap, fork: str
) -> None:
    """State root, receipts root and gas of every block, whoever of the four proposes it."""
    net = mix(hardfork=fork)
    play(net, assemble, wrap)
    net.assert_agreed()
    last = net.node.head.header.number
    proposers = [net.node.history.get_block(n).header.coinbase for n in range(1, last + 1)]
    assert proposers.count(net.eels.address) >= 4
    assert {net.node.get_certificate(n).round for n in range(1, last + 1)} == {0}


def test_inferences_are_the_same_under_eels(mix: Mix, assemble: Assemble) -> None:
    """Registry and inference precompiles: outputs, gas, events, reverts, calls out of contracts."""
    net = mix()
    model_id = net.add_digits()
    for digit in range(5):  # each validator proposes one
        place = net.infer(model_id, digit)
        assert place.receipt.succeeded
        assert len(place.block.inferences) == 1
    unknown = net.infer(b"\x11" * 32, gas=200_000)
    assert not unknown.receipt.succeeded
    call = assemble("CALLDATASIZE", 0, 0, "CALLDATACOPY", 0, 0, "CALLDATASIZE", 0)
    calls = {
        "CALL": (0, b"\xf7", 500_000, "CALL"),
        "STATICCALL": (b"\xf7", 500_000, "STATICCALL"),
        "DELEGATECALL": (b"\xf7", 500_000, "DELEGATECALL"),
    }
    for name, parts in calls.items():
        end = ("POP", 0, 0, "REVERT") if name == "CALL" else ("STOP",)
        contract = net.deploy(call + assemble(*parts, *end))
        for digit in range(2):
            place = net.send(contract, infer_data_of(model_id, digit), gas=1_000_000)
            (inference,) = place.block.inferences
            assert inference.receipt.reverted == (name == "CALL")
            assert inference.receipt.caller == (
                net.node.accounts[0].address if name == "DELEGATECALL" else contract
            )
    net.assert_agreed()


def infer_data_of(model_id: bytes, digit: int) -> bytes:
    """Call data of one inference."""
    from tests.conftest import encode_infer

    return encode_infer(model_id, digit)


def test_two_clients_of_each_kind_decide_together(mix: Mix) -> None:
    """v1 on EELS as well: neither kind is a quorum alone."""
    from devnet.validators.misbehaviour import parse_behavior

    net = mix()
    net.node.set_behavior("v1", parse_behavior(f"engine:eels:{net.python}"))
    model_id = net.add_digits()
    net.infer(model_id)
    net.node.mine(3)
    assert net.list_signers() == ["v0", "v1", "v2", "v3"]
    net.assert_agreed()


def test_a_chain_may_run_on_eels_alone(eels_python: object, start: Callable[..., Mixed]) -> None:
    """One validator: clients ask it for state and pending blocks all the same."""
    from devnet.validators.misbehaviour import parse_behavior

    driver = start(validators=1)
    driver.node.set_behavior("v0", parse_behavior(f"engine:eels:{eels_python}"))
    model_id = driver.add_digits()
    assert driver.infer(model_id, 2).receipt.succeeded
    assert driver.node.open_state().get_balance(FRESH) == 0
