"""An audit confirms what honest validators finalised, and refutes what a lying majority did."""

from dataclasses import replace

import pytest

from devnet.audits import build_local_chain
from devnet.chain.header import EMPTY_TRIE_ROOT
from devnet.errors import ConfigError
from devnet.verification.audit.audit import audit_blocks, select_blocks
from devnet.verification.audit.finding import Finding, Result, Summary
from devnet.verification.audit.record import Record, Source
from devnet.verification.audit.workers import open_workers
from tests.verification.audit.conftest import (
    Shown,
    audit,
    build_lying_chain,
    find_lies,
    list_results,
)

CONFIRMED, REFUTED, CANNOT_TELL = Result


@pytest.mark.parametrize(
    ("powers", "behaviors"),
    [
        ((7, 1, 1, 1), {"v0": "wrong-model@height>=5"}),
        ((3, 3, 3, 1), {"v0": "lazy", "v1": "wrong-model@height>=6", "v2": "lazy"}),
    ],
)
def test_lying_majority_is_refuted_at_exactly_its_lies(
    powers: tuple[int, ...], behaviors: dict[str, str]
) -> None:
    """More than two thirds of the power finalise wrong outputs in some blocks, and right ones."""
    driver = build_lying_chain(powers, behaviors, digits=8)
    lies = find_lies(driver.node.history)
    assert set(lies) == {True, False}
    findings = audit(build_local_chain(driver.node))
    assert list_results(findings) == [
        (REFUTED, "execution") if lie else (CONFIRMED, "") for lie in lies
    ]
    first = findings[lies.index(True)]
    assert "output 'scores' element [0, " in first.reason
    assert "on the chain, " in first.reason


def test_honest_chain_is_confirmed_call_by_call(chain: Source) -> None:
    """In the order of the chain, each with its receipt; other blocks are passed over."""
    findings = audit(chain)
    assert list_results(findings) == [(CONFIRMED, "")] * 3
    numbers = [finding.blocks.start for finding in findings]
    assert numbers == sorted(numbers)
    assert all(finding.receipt for finding in findings)


def _spoil(record: Record, **changes: object) -> Record:
    claims = tuple(replace(claim, **changes) for claim in record.claims)  # type: ignore[arg-type]
    return replace(record, claims=claims)


def _forge_outputs(record: Record) -> Record:
    if not record.claims:
        return record
    outputs = record.claims[0].outputs
    forged = replace(outputs[0], data=bytes([outputs[0].data[0] ^ 1]) + outputs[0].data[1:])
    return _spoil(record, outputs=(forged, *outputs[1:]))


def _forge_inputs(record: Record) -> Record:
    if not record.claims:
        return record
    return _spoil(record, inputs=record.claims[0].inputs * 2)


def _forge_receipt(record: Record) -> Record:
    if not record.claims:
        return record
    return _spoil(record, receipt=replace(record.claims[0].receipt, gas=1))


def _forge_header(record: Record) -> Record:
    return replace(record, header=replace(record.header, gas_used=record.header.gas_used + 1))


def _drop_votes(record: Record) -> Record:
    if record.seal is None:
        return record
    certificate = replace(record.seal.certificate, votes=())
    return replace(record, seal=replace(record.seal, certificate=certificate))


@pytest.mark.parametrize(
    ("change", "step", "others"),
    [
        (_forge_outputs, "output", 0),
        (_forge_inputs, "input", 0),
        (_forge_receipt, "inference receipt", 0),
        (_drop_votes, "signatures", 1),
    ],
)
def test_what_is_changed_is_refuted_before_anything_runs(
    chain: Source, change: Shown, step: str, others: int
) -> None:
    """At the step that does not hold; the registration's block has no call, but a header."""
    findings = audit(Shown(chain, change=change))  # type: ignore[arg-type]
    assert list_results(findings) == [(REFUTED, step)] * (3 + others)


def test_forged_header_is_refuted_by_its_certificate_and_by_the_next_block(
    chain: Source,
) -> None:
    """Of the genesis block on, each is named as a parent; blocks with transactions are signed."""
    findings = audit(Shown(chain, change=_forge_header))
    assert {(result, step) for result, step in list_results(findings)} == {
        (REFUTED, "block header")
    }
    links = [f.blocks.start for f in findings if "as its parent" in f.reason]
    assert links == list(range(chain.head))
    signed = [f.blocks.start for f in findings if "the certificate is for" in f.reason]
    assert signed == list(range(1, chain.head + 1))


def test_block_that_is_shown_empty_does_not_fit_the_next_one(chain: Source) -> None:
    """A header without transactions has no call, but another hash."""

    def hide(record: Record) -> Record:
        if record.header.number != 2:
            return record
        header = replace(record.header, transactions_root=EMPTY_TRIE_ROOT, extra_data=bytes(32))
        return Record(header, None, ())

    refuted = [f for f in audit(Shown(chain, change=hide)) if f.result is REFUTED]
    assert [(f.blocks, f.step) for f in refuted] == [(range(2, 3), "block header")]


def test_hidden_call_is_missed(chain: Source) -> None:
    """The root in the header counts the calls."""
    findings = audit(Shown(chain, change=lambda record: replace(record, claims=())))
    assert list_results(findings) == [(REFUTED, "inference receipt")] * 3
    assert "0 calls that are shown have root" in findings[0].reason


def test_other_model_bytes_are_refuted(chain: Source) -> None:
    """They do not hash to the id in the receipt."""
    findings = audit(Shown(chain, models=lambda model: model + b"\0"))
    assert list_results(findings) == [(REFUTED, "model")] * 3


def test_rule_that_takes_other_bits_decides_if_it_is_accepted() -> None:
    """Under an agreement other than exact bits a difference alone is no lie, nor is it right."""
    driver = build_lying_chain((7, 1, 1, 1), {"v0": "wrong-model"}, digits=1)
    source = replace(build_local_chain(driver.node), agreement="tolerance(3)")
    (finding,) = audit(source)
    assert (finding.result, finding.step) == (CANNOT_TELL, "execution")
    assert "agrees by tolerance(3)" in finding.reason
    for rule, result in (("tolerance(3)", REFUTED), (f"tolerance({2**58})", CONFIRMED)):
        with open_workers(1, rule) as workers:
            (finding,) = audit_blocks(source, range(source.head + 1), workers)
        assert finding.result is result, finding
    with pytest.raises(ConfigError, match="no rule 'tolerant'"), open_workers(1, "tolerant"):
        pass


def test_worst_result_decides() -> None:
    """Refuted before cannot tell before confirmed."""
    summary = Summary()
    assert summary.verdict is CONFIRMED
    for result in (CONFIRMED, CANNOT_TELL, REFUTED, CANNOT_TELL):
        summary.add(Finding(result, range(1), None))
        assert summary.count(CONFIRMED) == 1
    assert summary.verdict is REFUTED
    assert (summary.count(REFUTED), summary.count(CANNOT_TELL)) == (1, 2)


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        (-1, 3, "block -1: the first block is 0"),
        (0, 10, "block 10 is beyond the head, block 9"),
        (11, 9, "block 11 is beyond the head, block 9"),
        (4, 3, "the first block, 4, is after the last, 3"),
    ],
)
def test_range_that_is_none_is_refused(first: int, last: int, words: str) -> None:
    """With the number that is wrong."""
    with pytest.raises(ConfigError, match=words):
        select_blocks(first, last, 9)


def test_range_has_both_ends() -> None:
    """One block is a range too."""
    assert select_blocks(0, 9, 9) == range(10)
    assert select_blocks(4, 4, 9) == range(4, 5)
