"""Audit: every model call of a range of blocks is held to its signatures and run again.

Blocks are read one by one, and a few calls for each worker are under way at once, so memory does
not grow with the range. Findings come in the order of the chain, whoever ran them.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import BrokenExecutor, Future
from dataclasses import dataclass, replace
from itertools import chain

from devnet.chain.header import Header, compute_header_hash
from devnet.errors import (
    BadBundle,
    ConfigError,
    HostError,
    NoAnswer,
    RemoteError,
    StoreError,
)
from devnet.receipt import InferenceReceipt
from devnet.verification.audit.check import find_block_failure, find_claim_failure
from devnet.verification.audit.execution import Answer, Task
from devnet.verification.audit.finding import Finding, Result
from devnet.verification.audit.models import Models
from devnet.verification.audit.record import Claim, Record, Source
from devnet.verification.audit.workers import Workers
from precompiles.models.file_store import FileStore

_WAITING = 8  # calls under way for each worker


@dataclass(frozen=True, slots=True)
class _Running:
    """A model call that a worker has."""

    number: int  # of the block
    receipt: InferenceReceipt
    future: Future[Answer]


_Pending = Finding | _Running


def select_blocks(first: int, last: int, head: int) -> range:
    """The numbers of a range with both ends. Raises: ConfigError if it is none of this chain."""
    for number in (first, last):
        if number < 0:
            raise ConfigError(f"block {number}: the first block is 0")
        if number > head:
            raise ConfigError(f"block {number} is beyond the head, block {head}")
    if first > last:
        raise ConfigError(f"the first block, {first}, is after the last, {last}")
    return range(first, last + 1)


def audit_blocks(
    source: Source,
    numbers: range,
    workers: Workers,
    on_block: Callable[[int], None] = lambda number: None,
) -> Iterator[Finding]:
    """Findings about every model call of these blocks, in order.

    Args:
        numbers: of blocks up to the head.
        on_block: told when a block was read.
    Raises: HostError if a worker process ends before its time.
    """
    return _join(_audit(source, numbers, workers, on_block))


def _audit(
    source: Source, numbers: range, workers: Workers, on_block: Callable[[int], None]
) -> Iterator[Finding]:
    models = Models(source, FileStore(workers.folder))
    waiting: deque[_Pending] = deque()
    parent: bytes | None = None  # hash of the block before, as it was shown
    for number in numbers:
        record = _read(source, range(number, numbers.stop))
        found: Iterable[_Pending]
        if isinstance(record, Finding):
            found, parent = (record,), None
        else:
            link = _check_link(record.header, parent)
            found = chain(link, _list_pending(source, record, models, workers))
            parent = compute_header_hash(record.header)
        for pending in found:
            waiting.append(pending)
            if len(waiting) > workers.count * _WAITING:
                yield _finish(waiting.popleft())
        on_block(number)
        if isinstance(record, Finding) and record.blocks.stop == numbers.stop:
            break
    while waiting:
        yield _finish(waiting.popleft())


def _join(findings: Iterator[Finding]) -> Iterator[Finding]:
    """Blocks of which as a whole the same is said are one finding."""
    last: Finding | None = None
    for finding in findings:
        if last is not None and last.receipt is None and _is_alike(last, finding):
            last = replace(last, blocks=range(last.blocks.start, finding.blocks.stop))
            continue
        if last is not None:
            yield last
        last = finding
    if last is not None:
        yield last


def _is_alike(first: Finding, second: Finding) -> bool:
    return replace(first, blocks=second.blocks) == second


def _read(source: Source, rest: range) -> Record | Finding:
    """The record of the first of these blocks, or what is said without one: of it, or of all."""
    whole = rest[:1]
    try:
        return source.read_record(rest.start)
    except BadBundle as broken:
        return Finding(Result.REFUTED, whole, None, "bundle", str(broken))
    except StoreError as damaged:
        return Finding(Result.CANNOT_TELL, whole, None, "store", str(damaged))
    except NoAnswer as silent:
        return Finding(Result.CANNOT_TELL, rest, None, "node", str(silent))
    except RemoteError as refused:
        return Finding(Result.CANNOT_TELL, whole, None, "node", str(refused))


def _check_link(header: Header, parent: bytes | None) -> Iterator[Finding]:
    """A signed block binds those before it, so none of them may be shown as another one."""
    if parent not in (None, header.parent_hash):
        number, named = header.number, header.parent_hash.hex()
        reason = f"block {number} names 0x{named} as its parent, another one is shown before it"
        yield Finding(Result.REFUTED, range(number - 1, number), None, "block header", reason)


def _list_pending(
    source: Source, record: Record, models: Models, workers: Workers
) -> Iterator[_Pending]:
    number = record.header.number
    whole = range(number, number + 1)
    if not record.has_transactions:
        return
    if record.is_imported:
        reason = "it was imported: nobody here signed it or recorded its model calls"
        yield Finding(Result.CANNOT_TELL, whole, None, "signatures", reason)
        return
    failure = find_block_failure(source.chain_id, record)
    if failure is not None:
        for claim in record.claims:
            yield _build_finding(number, claim.receipt, Answer(Result.REFUTED, *failure))
        if not record.claims:
            yield Finding(Result.REFUTED, whole, None, *failure)
        return
    engines = record.seal.engines if record.seal else {}
    for claim in record.claims:
        answer = _judge_unrun(record, claim, models)
        if answer is not None:
            yield _build_finding(number, claim.receipt, answer)
            continue
        task = Task(
            *(claim.receipt.model_id, claim.inputs, claim.outputs, engines, source.agreement)
        )
        yield _Running(number, claim.receipt, workers.submit(task))


def _judge_unrun(record: Record, claim: Claim, models: Models) -> Answer | None:
    """What is known of a call without running it."""
    failure = find_claim_failure(record, claim)
    if failure is not None:
        return Answer(Result.REFUTED, *failure)
    return models.prepare(claim.receipt.model_id)


def _finish(pending: _Pending) -> Finding:
    if isinstance(pending, Finding):
        return pending
    try:
        answer = pending.future.result()
    except BrokenExecutor as broken:
        raise HostError(
            "a worker process ended before its time, as it does when memory runs out; try again "
            "with fewer --jobs"
        ) from broken
    return _build_finding(pending.number, pending.receipt, answer)


def _build_finding(number: int, receipt: InferenceReceipt, answer: Answer) -> Finding:
    blocks = range(number, number + 1)
    return Finding(answer.result, blocks, receipt, answer.step, answer.reason)
