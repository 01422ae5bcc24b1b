"""Running the model again, and what equal or other bits say about a bundle."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from devnet.verification.bundle import Bundle
from devnet.verification.difference import describe_parting, find_foreign_engine
from devnet.verification.step import Mark, Step, compare
from precompiles.digest import compute_keccak, compute_model_id, encode_cid
from precompiles.engine.session import SessionEngine
from precompiles.errors import BadInput, PrecompileError
from precompiles.models.admission import admit_for_shapes
from precompiles.models.manifest import Manifest
from precompiles.models.store import MemoryStore
from precompiles.tensor import Tensor, check_tensor, encode_tensors


class Agreement(Protocol):
    """The rule of a chain that takes more than equal bits."""

    @property
    def text(self) -> str: ...

    def takes(self, own: Sequence[Tensor], other: Sequence[Tensor]) -> bool:
        """Whether whoever found `own` takes `other` for it."""


def check_run(
    bundle: Bundle, model: bytes | None, agreement: Agreement | None = None
) -> Iterator[Step]:
    """Steps `model` and `execution`; nothing runs on another model or input than the receipt's.

    Args:
        agreement: what is accepted besides equal bits.
    """
    model_id = bundle.receipt.model_id
    if model is None:
        value = f"not at hand; pass --model FILE with SHA-256 {model_id.hex()}"
        yield Step("model", Mark.UNKNOWN, value)
        return
    found = compute_model_id(model)
    yield compare("model", found, model_id, "the receipt says")
    if found != model_id:
        return
    if compute_keccak(encode_tensors(bundle.inputs)) != bundle.receipt.input_digest:
        yield Step("execution", Mark.UNKNOWN, "not run: the input is not the receipt's")
        return
    try:
        manifest = admit_for_shapes(model, tuple(tensor.shape for tensor in bundle.inputs))
        outputs = run_again(build_engine(model), manifest, bundle.inputs)
    except PrecompileError as fault:
        yield Step("execution", Mark.UNKNOWN, f"{type(fault).__name__}: {fault}")
        return
    yield _judge_outputs(bundle, manifest, outputs, agreement)


def _judge_outputs(
    bundle: Bundle,
    manifest: Manifest,
    outputs: tuple[Tensor, ...],
    agreement: Agreement | None,
) -> Step:
    """Bits that are the same or taken for it, then bits that say nothing, then a lie."""
    profile = manifest.profile.name.lower()
    found = f"{encode_cid(manifest.model_id)}, {profile}: same bits"
    if outputs != bundle.outputs:
        parting = describe_parting(manifest, outputs, bundle.outputs, "in the bundle")
        found = f"{profile}: {parting}"
    if agreement is not None and agreement.takes(outputs, bundle.outputs):
        return Step("execution", Mark.HOLDS, f"{found}, taken by {agreement.text}")
    known = {engine.fingerprint: engine.description for engine in bundle.engines}
    signers = {v.fingerprint: known.get(v.fingerprint) for v in bundle.certificate.votes}
    foreign = find_foreign_engine(manifest, signers)
    if foreign:
        return Step("execution", Mark.UNKNOWN, foreign)
    if outputs == bundle.outputs:
        return Step("execution", Mark.HOLDS, found)
    if agreement is not None:
        found += f", not taken by {agreement.text}"
    return Step("execution", Mark.FAILS, found)


def run_again(
    engine: SessionEngine, manifest: Manifest, inputs: tuple[Tensor, ...]
) -> tuple[Tensor, ...]:
    """What a model gives. Raises: BadInput if the inputs do not fit it; Fatal errors."""
    if len(inputs) != len(manifest.inputs):
        raise BadInput(f"{len(inputs)} inputs, the model wants {len(manifest.inputs)}")
    for tensor, kind in zip(inputs, manifest.inputs, strict=True):
        check_tensor(tensor, kind)
    return engine.run(manifest, inputs)


def build_engine(model: bytes) -> SessionEngine:
    """An engine that knows one model."""
    store = MemoryStore()
    store.put(model)
    return SessionEngine(store)
