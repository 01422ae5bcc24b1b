"""Running one model call again, in this process or in a worker: everything it needs is a value.

Models come from a folder that workers share; each process keeps the sessions of a few of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from devnet.consensus.agreement import parse_agreement
from devnet.verification.audit.finding import Result
from devnet.verification.execution import build_engine, run_again
from precompiles.engine.element import find_parting
from precompiles.engine.fingerprint import compute_fingerprint
from precompiles.engine.session import SessionEngine
from precompiles.errors import PrecompileError
from precompiles.models.admission import admit_for_shapes
from precompiles.models.file_store import FileStore
from precompiles.models.manifest import Manifest, Profile
from precompiles.tensor import Tensor

_KEPT = 16  # models with their sessions, by shapes of the inputs, in one process
_STEP = "execution"
EXACT = "exact"  # the rule that takes equal bits only


@dataclass(frozen=True, slots=True)
class Task:
    """A model call whose receipt holds."""

    model_id: bytes
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    fingerprints: tuple[bytes, ...]  # of the engines that signed it
    agreement: str  # the rule by which the chain takes an output


@dataclass(frozen=True, slots=True)
class Answer:
    """What running it gave."""

    result: Result
    step: str = ""
    reason: str = ""


def execute(folder: Path, accepted: str, task: Task) -> Answer:
    """Run a model on an input again, and compare.

    Args:
        folder: has the model's bytes, as `FileStore` keeps them.
        accepted: text of the rule by which whoever audits takes other bits, none if empty.
    """
    try:
        shapes = tuple(tensor.shape for tensor in task.inputs)
        manifest, engine = _prepare(folder, task.model_id, shapes)
        outputs = run_again(engine, manifest, task.inputs)
    except PrecompileError as fault:
        return Answer(Result.CANNOT_TELL, _STEP, f"{type(fault).__name__}: {fault}")
    return _judge(manifest, accepted, task, outputs)


def _judge(manifest: Manifest, accepted: str, task: Task, outputs: tuple[Tensor, ...]) -> Answer:
    if accepted and outputs != task.outputs:
        rule = _parse_rule(accepted)
        if rule.takes(outputs, task.outputs):
            return Answer(Result.CONFIRMED)
        text = f"{_describe(manifest, outputs, task.outputs)}; {rule.text} does not take that"
        return Answer(Result.REFUTED, _STEP, text)
    foreign = _find_foreign(manifest, task.fingerprints)
    if foreign:
        return Answer(Result.CANNOT_TELL, _STEP, foreign)
    if outputs == task.outputs:
        return Answer(Result.CONFIRMED)
    parting = _describe(manifest, outputs, task.outputs)
    if task.agreement != EXACT:
        text = f"{parting}; the chain agrees by {task.agreement}, which may take that: --agreement"
        return Answer(Result.CANNOT_TELL, _STEP, text)
    return Answer(Result.REFUTED, _STEP, parting)


_parse_rule = cache(parse_agreement)  # a file is run once in a process


@lru_cache(_KEPT)
def _prepare(
    folder: Path, model_id: bytes, shapes: tuple[tuple[int, ...], ...]
) -> tuple[Manifest, SessionEngine]:
    model = FileStore(folder).get(model_id)
    return admit_for_shapes(model, shapes), build_engine(model)


def _find_foreign(manifest: Manifest, fingerprints: Sequence[bytes]) -> str:
    """Why the bits of this host say nothing about those of the signers; empty if they do."""
    own = compute_fingerprint()
    foreign = next((found for found in fingerprints if found != own), None)
    if manifest.profile is not Profile.PINNED or foreign is None:
        return ""
    return (
        f"a pinned model signed under engine 0x{foreign.hex()[:16]}…, this host is "
        f"0x{own.hex()[:16]}…: audit on an equal host"
    )


def _describe(manifest: Manifest, ours: tuple[Tensor, ...], theirs: tuple[Tensor, ...]) -> str:
    """Where the outputs part first."""
    if len(ours) != len(theirs):
        return f"{len(ours)} outputs here, {len(theirs)} on the chain"
    for kind, own, other in zip(manifest.outputs, ours, theirs, strict=True):
        parting = find_parting(own, other)
        if parting is not None:
            return (
                f"output '{kind.name}' element {list(parting.index)} is {parting.got} on the "
                f"chain, {parting.expected} here ({parting.distance} apart)"
            )
        if own != other:
            return f"output '{kind.name}' has another type or shape on the chain than {kind}"
    raise AssertionError("equal outputs were compared")
