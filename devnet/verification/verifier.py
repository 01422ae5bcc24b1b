"""Offline verifier: checks a proof bundle step by step, then runs the model again.

Needs no node and trusts none. What it cannot know by itself is whether the validator set in the
bundle is the right one: it prints the set's hash, and holds it to a trusted one where given.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from devnet.chain.header import compute_header_hash
from devnet.consensus.certificate import check_certificate
from devnet.consensus.validator_set import compute_set_hash
from devnet.consensus.vote import VoteContext
from devnet.errors import ConsensusError
from devnet.merkle import compute_root_from_path
from devnet.receipt import encode_receipt
from devnet.verification.bundle import Bundle
from precompiles.digest import compute_keccak, compute_model_id, encode_cid
from precompiles.engine.fingerprint import compute_fingerprint
from precompiles.engine.session import SessionEngine
from precompiles.errors import BadInput, PrecompileError
from precompiles.models.admission import admit_model
from precompiles.models.manifest import Manifest, Profile
from precompiles.models.store import MemoryStore
from precompiles.tensor import Tensor, check_tensor, encode_tensors


class Mark(Enum):
    """Result of one step."""

    HOLDS = "✓"
    FAILS = "✗"
    UNKNOWN = "?"


class Outcome(Enum):
    """Result of a whole check; the value is the exit code."""

    VERIFIED = 0
    REFUTED = 1
    CANNOT_TELL = 2


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was checked, and the value that was found."""

    name: str
    mark: Mark
    value: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """All steps and what they amount to."""

    outcome: Outcome
    steps: tuple[Step, ...]

    @property
    def reason(self) -> str:
        """The first step that decides against, empty if verified."""
        return next((f"{s.name}: {s.value}" for s in self.steps if s.mark.name != "HOLDS"), "")


def verify_bundle(bundle: Bundle, model: bytes | None, trusted_set: bytes | None = None) -> Verdict:
    """Check a bundle.

    Args:
        model: the model file's bytes; without them the check ends in CANNOT_TELL.
        trusted_set: hash of the validator set that the caller trusts.
    """
    steps = (*_check_claims(bundle, trusted_set), *_check_run(bundle, model))
    marks = [step.mark for step in steps]
    if Mark.FAILS in marks:
        return Verdict(Outcome.REFUTED, steps)
    if Mark.UNKNOWN in marks:
        return Verdict(Outcome.CANNOT_TELL, steps)
    return Verdict(Outcome.VERIFIED, steps)


def _check_claims(bundle: Bundle, trusted_set: bytes | None) -> Iterator[Step]:
    header, receipt, validators = bundle.header, bundle.receipt, bundle.validators
    set_hash = compute_set_hash(validators)
    text = f"0x{set_hash.hex()}, {len(validators.members)} members"
    if trusted_set is not None and set_hash != trusted_set:
        yield Step("validator set", Mark.FAILS, f"{text}; trusted is 0x{trusted_set.hex()}")
    else:
        yield Step("validator set", Mark.HOLDS, text)

    block_hash = compute_header_hash(header)
    certified = bundle.certificate.block_hash
    yield _compare("block header", block_hash, certified, "the certificate is for")

    context = VoteContext(bundle.chain_id, header.number, set_hash)
    try:
        power = check_certificate(bundle.certificate, validators, context)
    except ConsensusError as refused:
        yield Step("signatures", Mark.FAILS, str(refused))
    else:
        count = len(bundle.certificate.votes)
        text = f"{count} validators, power {power} of {validators.total_power}"
        yield Step("signatures", Mark.HOLDS, text)

    root = compute_root_from_path(encode_receipt(receipt), bundle.index, bundle.count, bundle.path)
    if receipt.block_number != header.number:
        value = f"says block {receipt.block_number}, the header is block {header.number}"
        yield Step("inference receipt", Mark.FAILS, value)
    else:
        yield _compare("inference receipt", root or b"", header.extra_data, "the header's root is")

    for name, tensors, digest in (
        ("input", bundle.inputs, receipt.input_digest),
        ("output", bundle.outputs, receipt.output_digest),
    ):
        found = compute_keccak(encode_tensors(tensors))
        yield _compare(name, found, digest, "the receipt says")


def _check_run(bundle: Bundle, model: bytes | None) -> Iterator[Step]:
    model_id = bundle.receipt.model_id
    if model is None:
        value = f"not at hand; pass --model FILE with SHA-256 {model_id.hex()}"
        yield Step("model", Mark.UNKNOWN, value)
        return
    found = compute_model_id(model)
    yield _compare("model", found, model_id, "the receipt says")
    if found != model_id:
        return
    try:
        manifest = admit_model(model)
        outputs = _run(manifest, model, bundle.inputs)
    except PrecompileError as fault:
        yield Step("execution", Mark.UNKNOWN, f"{type(fault).__name__}: {fault}")
        return
    yield _judge_outputs(bundle, manifest, outputs)


def _judge_outputs(bundle: Bundle, manifest: Manifest, outputs: tuple[Tensor, ...]) -> Step:
    profile = manifest.profile.name.lower()
    own = compute_fingerprint()
    others = [vote.fingerprint for vote in bundle.certificate.votes if vote.fingerprint != own]
    if manifest.profile is Profile.PINNED and others:
        value = (
            f"{profile} model signed under engine 0x{others[0].hex()[:16]}…, this host is "
            f"0x{own.hex()[:16]}…: its bits prove nothing; check on an equal host"
        )
        return Step("execution", Mark.UNKNOWN, value)
    if outputs == bundle.outputs:
        return Step(
            "execution", Mark.HOLDS, f"{encode_cid(manifest.model_id)}, {profile}: same bits"
        )
    for kind, ours, theirs in zip(manifest.outputs, outputs, bundle.outputs, strict=False):
        if ours != theirs:
            return Step("execution", Mark.FAILS, f"output '{kind.name}' has other bits here")
    count = f"{len(outputs)} outputs here, {len(bundle.outputs)} in the bundle"
    return Step("execution", Mark.FAILS, count)


def _run(manifest: Manifest, model: bytes, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    if len(inputs) != len(manifest.inputs):
        raise BadInput(f"{len(inputs)} inputs, the model wants {len(manifest.inputs)}")
    for tensor, kind in zip(inputs, manifest.inputs, strict=True):
        check_tensor(tensor, kind)
    store = MemoryStore()
    store.put(model)
    return SessionEngine(store).run(manifest, inputs)


def _compare(name: str, found: bytes, expected: bytes, source: str) -> Step:
    text = f"0x{found.hex()}"
    if found == expected:
        return Step(name, Mark.HOLDS, text)
    return Step(name, Mark.FAILS, f"{text}, {source} 0x{expected.hex()}")
