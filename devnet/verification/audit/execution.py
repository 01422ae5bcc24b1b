"""Running one model call again, in this process or in a worker: everything it needs is a value.

Models come from a folder that workers share; each process keeps the sessions of a few of them.
"""

from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from devnet.consensus.agreement import parse_agreement
from devnet.verification.audit.finding import Result
from devnet.verification.difference import (
    Descriptions,
    describe_parting,
    find_foreign_engine,
)
from devnet.verification.execution import build_engine, run_again
from precompiles.engine.session import SessionEngine
from precompiles.errors import PrecompileError
from precompiles.models.admission import admit_for_shapes
from precompiles.models.file_store import FileStore
from precompiles.models.manifest import Manifest
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
    engines: Descriptions  # that signed it
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
    rule = _parse_rule(accepted) if accepted else None
    if rule is not None and rule.takes(outputs, task.outputs):
        return Answer(Result.CONFIRMED)
    foreign = find_foreign_engine(manifest, task.engines)
    if foreign:
        return Answer(Result.CANNOT_TELL, _STEP, foreign)
    if outputs == task.outputs:
        return Answer(Result.CONFIRMED)
    parting = describe_parting(manifest, outputs, task.outputs, "on the chain")
    if rule is not None:
        return Answer(Result.REFUTED, _STEP, f"{parting}; {rule.text} does not take that")
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
