"""What a bundle claims and its signatures prove: all steps that need neither model nor engine."""

from collections.abc import Iterator
from dataclasses import replace

from devnet.chain.header import compute_header_hash
from devnet.consensus.certificate import check_certificate
from devnet.consensus.validator_set import compute_set_hash
from devnet.consensus.vote import VoteContext
from devnet.errors import BadProof, ConsensusError
from devnet.merkle import compute_root_from_path
from devnet.receipt import encode_receipt
from devnet.verification.bundle import Attachment, Bundle
from devnet.verification.step import Mark, Step, compare
from devnet.verification.succession import follow_changes, require_trusted
from precompiles.digest import compute_keccak
from precompiles.engine.description import hash_description
from precompiles.interface import Mode
from precompiles.tensor import encode_tensors

KINDS = ("zk-proof", "tee-attestation")  # of attachments with a meaning


def check_claims(bundle: Bundle, trusted_set: bytes | None) -> Iterator[Step]:
    """Steps in the order in which they are told.

    Args:
        trusted_set: hash of a validator set that the caller trusts.
    """
    receipt = bundle.receipt
    yield _check_set(bundle, trusted_set)
    block_hash = compute_header_hash(bundle.header)
    certified = bundle.certificate.block_hash
    step = compare("block header", block_hash, certified, "the certificate is for")
    yield _add(step, f"chain {bundle.chain_id}, block {bundle.header.number}")
    yield _check_signatures(bundle)
    yield _check_engines(bundle)
    yield _check_receipt(bundle)
    for name, tensors, digest in (
        ("input", bundle.inputs, receipt.input_digest),
        ("output", bundle.outputs, receipt.output_digest),
    ):
        found = compute_keccak(encode_tensors(tensors))
        yield compare(name, found, digest, "the receipt says")
    for attachment in bundle.attachments:
        yield _name_attachment(attachment)


def _check_set(bundle: Bundle, trusted_set: bytes | None) -> Step:
    name, members = "validator set", bundle.validators.members
    try:
        sets = follow_changes(bundle.chain_id, bundle.changes, bundle.block)
    except BadProof as broken:
        return Step(name, Mark.FAILS, str(broken))
    count = len(bundle.changes)
    text = (
        f"0x{sets[-1].hash.hex()}, {len(members)} members, follows from genesis set "
        f"0x{sets[0].hash.hex()} through {count} change{'' if count == 1 else 's'}"
    )
    if trusted_set is None:
        text += "; that this is your chain's is taken on trust: --trust HASH pins it"
        return Step(name, Mark.HOLDS, text)
    try:
        require_trusted(sets, trusted_set)
    except BadProof as broken:
        return Step(name, Mark.FAILS, f"{text}; {broken}")
    return Step(name, Mark.HOLDS, f"{text}; trusted")


def _check_signatures(bundle: Bundle) -> Step:
    validators, certificate = bundle.validators, bundle.certificate
    set_hash = compute_set_hash(validators)
    context = VoteContext(bundle.chain_id, bundle.header.number, set_hash)
    try:
        power = check_certificate(certificate, validators, context)
    except ConsensusError as refused:
        return Step("signatures", Mark.FAILS, str(refused))
    text = (
        f"{len(certificate.votes)} validators, power {power} of {validators.total_power}, "
        f"{validators.quorum_power} needed"
    )
    return Step("signatures", Mark.HOLDS, text)


def _check_engines(bundle: Bundle) -> Step:
    name = "engines"
    unknown = 0
    for engine in bundle.engines:
        known = f"0x{engine.fingerprint.hex()}"
        if engine.description is None:
            unknown += 1
            continue
        found = hash_description(engine.description)
        if found != engine.fingerprint:
            value = f"the description of {known} hashes to 0x{found.hex()}"
            return Step(name, Mark.FAILS, value)
    if unknown:
        return Step(name, Mark.UNKNOWN, f"{unknown} of {len(bundle.engines)} are not described")
    texts = []
    for engine in bundle.engines:
        signers = [
            vote for vote in bundle.certificate.votes if vote.fingerprint == engine.fingerprint
        ]
        fields = (engine.description or {}).items()
        described = ", ".join(f"{name} {text}" for name, text in fields)
        texts.append(f"{len(signers)} × 0x{engine.fingerprint.hex()[:16]}… ({described})")
    return Step(name, Mark.HOLDS, "; ".join(texts))


def _check_receipt(bundle: Bundle) -> Step:
    name, receipt, header = "inference receipt", bundle.receipt, bundle.header
    if receipt.block_number != header.number:
        value = f"says block {receipt.block_number}, the header is block {header.number}"
        return Step(name, Mark.FAILS, value)
    place = bundle.index, bundle.count, bundle.path
    root = compute_root_from_path(encode_receipt(receipt), *place)
    if root is None:
        value = f"{len(bundle.path)} siblings lead from no leaf {bundle.index} of {bundle.count}"
        return Step(name, Mark.FAILS, value)
    step = compare(name, root, header.extra_data, "the header's root is")
    told = f"call {receipt.call_index} of transaction 0x{receipt.transaction_hash.hex()}"
    if receipt.mode == Mode.OPTIMISTIC:
        told += ", final because nobody refuted it in time"
    if receipt.reverted:
        told += ", reverted later: the chain kept nothing of it"
    return _add(step, f"{told}; caller 0x{receipt.caller.hex()}")


def _add(step: Step, told: str) -> Step:
    """What is bound by a hash that holds."""
    return replace(step, value=f"{step.value}, {told}") if step.mark is Mark.HOLDS else step


def _name_attachment(attachment: Attachment) -> Step:
    value = f"{attachment.kind}/{attachment.version}, {len(attachment.data)} bytes"
    if attachment.kind not in KINDS:
        value += ", a kind that is unknown here"
    return Step("attachment", Mark.UNKNOWN, f"{value}: not checked here")
