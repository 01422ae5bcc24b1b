"""The contract on a chain of another id, and its answers beside those of the Python verifier."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from eth_abi.abi import decode, encode
from eth_utils.abi import (
    abi_to_signature,
    filter_abi_by_name,
    filter_abi_by_type,
    get_abi_input_types,
    get_abi_output_types,
)

from contracts import load
from devnet.chain.call import Call
from devnet.consensus.validator_set import compute_set_hash
from devnet.errors import ExecutionReverted
from devnet.verification.bundle import Bundle
from devnet.verification.calldata import encode_check
from devnet.verification.step import Mark
from devnet.verification.verifier import verify_bundle
from precompiles.digest import compute_keccak
from tests.conftest import Driver
from tests.contracts.bundles.notary import CHAIN_ID

OTHER_CHAIN = 4242
SET, HEADER, SIGNATURES, RECEIPT = (
    *("validator set", "block header"),
    *("signatures", "inference receipt"),
)
STEPS = {  # error: the Python verifier's step of this name fails
    "WrongSet": SET,
    "WrongHeader": HEADER,
    "WrongHeight": SIGNATURES,
    "CertifiesNothing": SIGNATURES,
    "RepeatedMember": SIGNATURES,
    "PowerlessMember": SIGNATURES,
    "NotInOrder": SIGNATURES,
    "WrongSignature": SIGNATURES,
    "NotEnoughPower": SIGNATURES,
    "WrongBlock": RECEIPT,
    "BadPath": RECEIPT,
    "WrongRoot": RECEIPT,
}
ERRORS = {
    compute_keccak(abi_to_signature(error).encode())[:4]: error
    for name in ("IBundleVerifier", "Rlp")
    for error in filter_abi_by_type("error", load(name).abi)
}


@dataclass(frozen=True)
class Refusal:
    """A custom error of the contract."""

    error: str
    arguments: tuple[Any, ...]


@dataclass(frozen=True)
class Deployed:
    """A `BundleVerifier` on another chain."""

    driver: Driver
    address: bytes

    def call(self, data: bytes) -> bytes | Refusal:
        """What the contract returns, or the error it reverts with."""
        sender = self.driver.node.accounts[0].address
        try:
            return self.driver.node.call(Call(sender, self.address, 0, data)).output
        except ExecutionReverted as reverted:
            error = ERRORS[reverted.output[:4]]
            arguments = decode(get_abi_input_types(error), reverted.output[4:])
            return Refusal(str(error["name"]), arguments)

    def check(self, bundle: Bundle, trusted: bytes) -> bytes | Refusal:
        """`check(bundle, trusted)`."""
        return self.call(encode_check(bundle, trusted))

    def ask(self, name: str, *arguments: Any) -> Any:
        """The values that a view returns."""
        (function,) = filter_abi_by_name(name, load("BundleVerifier").abi)
        selector = compute_keccak(abi_to_signature(function).encode())[:4]
        answer = self.call(selector + encode(get_abi_input_types(function), arguments))
        assert isinstance(answer, bytes), answer
        return decode(get_abi_output_types(function), answer)


def deploy(driver: Driver, set_hash: bytes, first: int = 0, chain_id: int = CHAIN_ID) -> Deployed:
    """The contract with the set it trusts from block `first` on."""
    arguments = encode(["uint256", "bytes32", "uint256"], [chain_id, set_hash, first])
    place = driver.send(None, load("BundleVerifier").bytecode + arguments)
    assert place.receipt.succeeded
    assert place.receipt.contract_address is not None
    return Deployed(driver, place.receipt.contract_address)


def find_failure(bundle: Bundle, trusted: bytes) -> str | None:
    """The first step that both check and at which the Python verifier refuses."""
    if compute_set_hash(bundle.validators) != trusted:
        return SET
    steps = verify_bundle(bundle, None).steps
    shared = (HEADER, SIGNATURES, RECEIPT)
    return next((s.name for s in steps if s.name in shared and s.mark is Mark.FAILS), None)


def assert_same_answer(deployed: Deployed, bundle: Bundle, trusted: bytes | None = None) -> bool:
    """Contract and Python verifier accept, or refuse at the same step. Returns: whether they do.

    Args:
        trusted: the bundle's own set if none is given.
    """
    trusted = compute_set_hash(bundle.validators) if trusted is None else trusted
    answer = deployed.check(bundle, trusted)
    found = STEPS[answer.error] if isinstance(answer, Refusal) else None
    assert found == find_failure(bundle, trusted), answer
    return found is None


@pytest.fixture(scope="session")
def elsewhere() -> Driver:
    """A chain of another id with one validator."""
    return Driver(validators=1, chain_id=OTHER_CHAIN)


@pytest.fixture(scope="session")
def deployed(elsewhere: Driver) -> Deployed:
    """A contract that trusts nobody by itself."""
    return deploy(elsewhere, bytes(32))
