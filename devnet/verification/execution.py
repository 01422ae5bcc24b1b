"""Running the model again, and what equal or other bits say about a bundle."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from devnet.verification.bundle import Bundle
from devnet.verification.step import Mark, Step, compare
from precompiles.digest import compute_keccak, compute_model_id, encode_cid
from precompiles.engine.fingerprint import compute_fingerprint, describe_engine
from precompiles.engine.session import SessionEngine
from precompiles.errors import BadInput, PrecompileError
from precompiles.models.admission import admit_for_shapes
from precompiles.models.manifest import Manifest, Profile
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
    profile = manifest.profile.name.lower()
    if agreement is not None and outputs != bundle.outputs:
        taken = agreement.takes(outputs, bundle.outputs)
        verb = "takes" if taken else "does not take"
        value = f"{profile}: other bits here, which {agreement.text} {verb} for the same"
        return Step("execution", Mark.HOLDS if taken else Mark.FAILS, value)
    own = compute_fingerprint()
    votes = bundle.certificate.votes
    other = next((vote.fingerprint for vote in votes if vote.fingerprint != own), None)
    if manifest.profile is Profile.PINNED and other is not None:
        value = (
            f"{profile} model signed under engine 0x{other.hex()[:16]}…, this host is "
            f"0x{own.hex()[:16]}…: {_explain(bundle, other)}; its bits prove nothing here, check "
            "on an equal host"
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


def _explain(bundle: Bundle, fingerprint: bytes) -> str:
    """The fields in which an engine differs from this host's."""
    known = (e.description for e in bundle.engines if e.fingerprint == fingerprint)
    own, theirs = describe_engine(), next(known, None)
    if theirs is None:
        return "the bundle does not say in what they differ"
    return ", ".join(
        f"{name} is '{theirs.get(name, 'not named')}' there, '{own.get(name, 'not named')}' here"
        for name in dict.fromkeys((*own, *theirs))
        if theirs.get(name) != own.get(name)
    )


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
