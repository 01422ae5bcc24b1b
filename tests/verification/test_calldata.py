"""Call data of a bundle: every field that the contract reads, at its place."""

from dataclasses import astuple

from eth_abi.abi import decode
from eth_utils.abi import filter_abi_by_name, function_abi_to_4byte_selector, get_abi_input_types

from contracts import load
from devnet.chain.header import encode_header
from devnet.verification.calldata import encode_check, encode_verify
from tests.contracts.bundles.notary import Notary

BUNDLE = Notary((3, 2, 1)).notarise(5, 2)


def test_call_data_holds_what_the_bundle_holds() -> None:
    """Decoded by the ABI, it is the bundle without tensors."""
    (function,) = filter_abi_by_name("check", load("BundleVerifier").abi)
    data = encode_check(BUNDLE, b"\x22" * 32)
    assert data[:4] == function_abi_to_4byte_selector(function)
    bundle, trusted = decode(get_abi_input_types(function), data[4:])
    chain_id, header, (height, round_, block_hash, votes), members, receipt, path = bundle
    certificate = BUNDLE.certificate
    assert (chain_id, header) == (BUNDLE.chain_id, encode_header(BUNDLE.header))
    assert (height, round_, block_hash) == (
        *(certificate.height, certificate.round, certificate.block_hash),
    )
    assert [(bytes.fromhex(who[2:]), engine, signature) for who, engine, signature in votes] == [
        (vote.validator, vote.fingerprint, vote.signature) for vote in certificate.votes
    ]
    assert [(bytes.fromhex(who[2:]), power) for who, power in members] == [
        (member.address, member.power) for member in BUNDLE.validators.members
    ]
    caller = bytes.fromhex(receipt[4][2:])
    assert (*receipt[:4], caller, *receipt[5:]) == astuple(BUNDLE.receipt)
    assert path == (BUNDLE.index, BUNDLE.count, BUNDLE.path)
    assert trusted == b"\x22" * 32


def test_verify_takes_the_same_bundle() -> None:
    """Without the trusted set, which the contract has itself."""
    (function,) = filter_abi_by_name("verify", load("BundleVerifier").abi)
    (check,) = filter_abi_by_name("check", load("BundleVerifier").abi)
    ours = encode_verify(BUNDLE)
    theirs = encode_check(BUNDLE, bytes(32))
    assert ours[:4] == function_abi_to_4byte_selector(function)
    (bundle,) = decode(get_abi_input_types(function), ours[4:])
    assert bundle == decode(get_abi_input_types(check), theirs[4:])[0]
