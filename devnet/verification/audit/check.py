"""What signatures and hashes say of a block and its model calls; nothing is run here."""

from devnet.chain.header import compute_header_hash
from devnet.consensus.certificate import check_certificate
from devnet.consensus.validator_set import compute_set_hash
from devnet.consensus.vote import VoteContext
from devnet.errors import ConsensusError
from devnet.receipt import compute_inference_root
from devnet.verification.audit.record import Claim, Record, Seal
from precompiles.digest import compute_keccak
from precompiles.engine.description import hash_description
from precompiles.tensor import encode_tensors

Failure = tuple[str, str]  # step and reason


def find_block_failure(chain_id: int, record: Record) -> Failure | None:
    """The step that fails for a whole block: its certificate is looked at once for all calls."""
    failure = None if record.seal is None else _find_seal_failure(chain_id, record, record.seal)
    if failure is not None:
        return failure
    root = compute_inference_root([claim.receipt for claim in record.claims])
    wanted = record.header.extra_data
    if root != wanted:
        text = f"{len(record.claims)} calls that are shown have root 0x{root.hex()}"
        return "inference receipt", f"{text}, the header's is 0x{wanted.hex()}"
    return None


def _find_seal_failure(chain_id: int, record: Record, seal: Seal) -> Failure | None:
    header, certificate = record.header, seal.certificate
    found = compute_header_hash(header)
    if found != certificate.block_hash:
        certified = certificate.block_hash.hex()
        return "block header", f"0x{found.hex()}, the certificate is for 0x{certified}"
    context = VoteContext(chain_id, header.number, compute_set_hash(seal.validators))
    try:
        check_certificate(certificate, seal.validators, context)
    except ConsensusError as refused:
        return "signatures", str(refused)
    for fingerprint, description in seal.engines.items():
        if description is not None and hash_description(description) != fingerprint:
            return "engines", f"0x{fingerprint.hex()} is not the hash of its description"
    return None


def find_claim_failure(record: Record, claim: Claim) -> Failure | None:
    """The step that fails for one call of a block that holds."""
    receipt = claim.receipt
    if receipt.block_number != record.header.number:
        text = f"says block {receipt.block_number}, the header is block {record.header.number}"
        return "inference receipt", text
    for step, tensors, digest in (
        ("input", claim.inputs, receipt.input_digest),
        ("output", claim.outputs, receipt.output_digest),
    ):
        found = compute_keccak(encode_tensors(tensors))
        if found != digest:
            return step, f"0x{found.hex()}, the receipt says 0x{digest.hex()}"
    return None
