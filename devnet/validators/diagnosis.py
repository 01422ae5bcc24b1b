"""Diagnosis: where two executions of one block part: receipt, operator, element, distance.

Inferences come before transactions: another output of a model makes another receipt.
"""

from dataclasses import dataclass

from devnet.chain.block import Execution, Inference
from devnet.chain.header import HEADER_FIELDS, Header
from devnet.chain.world import World
from devnet.validators.outcome import Outcome, find_outcome
from devnet.validators.proposal import extract_template
from devnet.validators.state_difference import Account, find_account
from precompiles.digest import encode_cid
from precompiles.engine.element import find_parting
from precompiles.engine.trace import Difference as OperatorDifference
from precompiles.engine.trace import Suspect, first_difference
from precompiles.errors import PrecompileError


@dataclass(frozen=True, slots=True)
class Element:
    """The first element of an inference's outputs that differs."""

    transaction_hash: bytes
    call_index: int
    model_id: bytes
    output: str
    index: tuple[int, ...]
    expected: str
    got: str
    distance: str  # in units of the last place for floats

    def __str__(self) -> str:
        return (
            f"inference {self.call_index} of tx 0x{self.transaction_hash.hex()[:8]}…, "
            f"model {encode_cid(self.model_id)[:16]}…, output '{self.output}' "
            f"element {list(self.index)}: {self.got}, others {self.expected} "
            f"({self.distance} apart)"
        )


@dataclass(frozen=True, slots=True)
class Difference:
    """How one execution differs from the one that most of the power found."""

    fields: tuple[str, ...]  # header fields
    receipt: int | None  # index of the first inference receipt that differs
    element: Element | None
    operator: OperatorDifference | None = None  # the first whose results differ
    note: str = ""  # why no operator is named
    outcome: Outcome | None = None  # of the first transaction that ends otherwise
    account: Account | None = None  # the first that differs, where all of these agree

    def __str__(self) -> str:
        if self.outcome is not None:
            return f"first at {self.outcome}; header fields {', '.join(self.fields)}"
        if self.account is not None:
            return f"first at {self.account}; header fields {', '.join(self.fields)}"
        where = f"first at inference receipt {self.receipt}: " if self.receipt is not None else ""
        what = str(self.element) if self.element else f"header fields {', '.join(self.fields)}"
        cause = f"; first at {self.operator}" if self.operator else ""
        return where + what + cause + (f"; {self.note}" if self.note else "")


def compare_executions(
    expected: Execution,
    got: Execution,
    suspects: tuple[Suspect, Suspect] | None = None,
    worlds: tuple[World, World] | None = None,
) -> Difference | None:
    """What differs, or nothing.

    Args:
        suspects: the engines behind both, asked again for every operator where outputs differ.
        worlds: where both have their states, read where nothing but the states differ.
    """
    if expected.hash == got.hash:
        return None
    fields = _compare_headers(expected.header, got.header)
    count = min(len(expected.inferences), len(got.inferences))
    for index in range(count):
        ours, theirs = expected.inferences[index], got.inferences[index]
        if ours.receipt != theirs.receipt:
            element = _find_element(ours, theirs)
            found = _find_operator(ours, suspects) if suspects and element else (None, "")
            return Difference(fields, index, element, *found)
    longer = len(expected.inferences) != len(got.inferences)
    if longer or not _is_same_task(expected.header, got.header):
        return Difference(fields, count if longer else None, None)
    outcome, account = find_outcome(expected, got), None
    if outcome is None and worlds is not None and "state_root" in fields:
        roots = (expected.header.state_root, got.header.state_root)
        account = find_account(worlds, roots)
    return Difference(fields, None, None, outcome=outcome, account=account)


def _is_same_task(expected: Header, got: Header) -> bool:
    """Whether the same transactions were executed under the same header."""
    if expected.transactions_root != got.transactions_root:
        return False
    return extract_template(expected) == extract_template(got)


def compare_claim(expected: Execution, got: Header) -> Difference:
    """What differs where only the header of the other execution is known."""
    fields = _compare_headers(expected.header, got)
    return Difference(fields, None, None, note="what it ran is known to its own process alone")


def _compare_headers(expected: Header, got: Header) -> tuple[str, ...]:
    return tuple(n for n in HEADER_FIELDS if getattr(expected, n) != getattr(got, n))


def _find_operator(
    inference: Inference, suspects: tuple[Suspect, Suspect]
) -> tuple[OperatorDifference | None, str]:
    """The first operator in which two engines part on the same inputs, or why none is known."""
    manifest, inputs = inference.call.manifest, inference.call.inputs
    try:
        traces = [suspect.trace(manifest, inputs) for suspect in suspects]
    except PrecompileError as failed:
        return None, f"no operator can be named: {failed}"
    if not all(trace.steps for trace in traces):
        return None, "one of them ran no operator: it copied the outputs"
    found = first_difference(*traces)
    return found, "" if found else "the operators agree when they are run again"


def _find_element(expected: Inference, got: Inference) -> Element | None:
    pairs = zip(expected.call.outputs, got.call.outputs, strict=False)
    for position, (ours, theirs) in enumerate(pairs):
        found = find_parting(ours, theirs)
        if found is not None:
            return Element(
                transaction_hash=expected.receipt.transaction_hash,
                call_index=expected.receipt.call_index,
                model_id=expected.receipt.model_id,
                output=expected.call.manifest.outputs[position].name,
                index=found.index,
                expected=found.expected,
                got=found.got,
                distance=found.distance,
            )
    return None
