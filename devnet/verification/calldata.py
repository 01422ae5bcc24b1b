"""Call data for `BundleVerifier.sol`: a proof bundle as that contract takes it on another chain.

Tensors and model stay behind: the contract checks who signed what, and runs nothing.
"""

from dataclasses import astuple
from typing import Any

from eth_abi.abi import encode
from eth_utils.abi import (
    filter_abi_by_name,
    function_abi_to_4byte_selector,
    get_abi_input_types,
)

from contracts import load
from devnet.chain.header import encode_header
from devnet.consensus.certificate import Certificate
from devnet.consensus.validator_set import ValidatorSet
from devnet.errors import BadBundle
from devnet.verification.bundle import Bundle
from devnet.verification.signed_block import SignedBlock

_MAX_POWER = 2**96 - 1  # of one member in the contract


def encode_verify(bundle: Bundle) -> bytes:
    """`verify(bundle)`: under the set that the contract trusts. Raises: BadBundle."""
    return _encode_call("verify", list_bundle(bundle))


def encode_check(bundle: Bundle, trusted_set: bytes) -> bytes:
    """`check(bundle, trustedSet)`: under a set that the caller trusts. Raises: BadBundle."""
    return _encode_call("check", list_bundle(bundle), trusted_set)


def encode_advance(change: SignedBlock) -> bytes:
    """`advance(change)`: trust the set that signs from two blocks after this one on.

    Args:
        change: as a bundle has them; the first word that it proves is the hash of the set.
    Raises: BadBundle.
    """
    proof = change.proof
    if not proof.words:
        raise BadBundle(f"block {change.header.number} proves nothing of the validator set")
    return _encode_call(
        "advance",
        (
            encode_header(change.header),
            list_certificate(change.certificate),
            list_members(change.validators),
            proof.account,
            proof.words[0],
        ),
    )


def list_bundle(bundle: Bundle) -> tuple[Any, ...]:
    """The fields of the Solidity struct.

    Raises: BadBundle for what no contract of a chain has: power of 96 bits or more.
    """
    return (
        bundle.chain_id,
        encode_header(bundle.header),
        list_certificate(bundle.certificate),
        list_members(bundle.validators),
        astuple(bundle.receipt),
        (bundle.index, bundle.count, bundle.path),
    )


def list_certificate(certificate: Certificate) -> tuple[Any, ...]:
    """The fields of the Solidity struct."""
    votes = [(vote.validator, vote.fingerprint, vote.signature) for vote in certificate.votes]
    return certificate.height, certificate.signed_round, certificate.block_hash, votes


def list_members(validators: ValidatorSet) -> list[tuple[bytes, int]]:
    """Accounts and powers in order. Raises: BadBundle."""
    for member in validators.members:
        if member.power > _MAX_POWER:
            raise BadBundle(
                f"validator 0x{member.address.hex()} has power {member.power}, at most {_MAX_POWER}"
            )
    return [(member.address, member.power) for member in validators.members]


def _encode_call(name: str, *arguments: Any) -> bytes:
    (function,) = filter_abi_by_name(name, load("BundleVerifier").abi)
    return function_abi_to_4byte_selector(function) + encode(
        get_abi_input_types(function), arguments
    )
