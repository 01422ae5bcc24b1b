"""The judge confirms a report only if its own execution of the same block gives something else."""

from dataclasses import replace
from typing import Any

import pytest

from devnet.chain.body import Block, extract_block
from devnet.chain.header import compute_header_hash
from devnet.errors import BadEvidence
from devnet.validators.judge import Judge
from devnet.validators.proposer import Ingredients
from tests.conftest import INFERENCE, Driver, encode_infer


class Court:
    """A validator's judge, and an honest block of the next height that was not decided."""

    def __init__(self) -> None:
        driver = Driver(validators=1)
        model = driver.add_digits()
        driver.node.set_automine(False)
        driver.node.send_raw(driver.sign(INFERENCE, encode_infer(model)))
        self.node = driver.node
        self.validator = driver.node.cluster.validators[0]
        self.height = driver.node.head.header.number + 1
        number = self.height - 1
        timestamp = driver.node.timeline.compute_next(driver.node.head.header.timestamp)
        certificate = driver.node.cluster.find_certificate(number)
        ingredients = Ingredients(timestamp, certificate, driver.node._select, print)
        self.block = extract_block(self.validator.propose(0, ingredients).block)
        self.judge: Judge = self.validator._judge

    def judge_block(self, block: Block, height: int | None = None) -> None:
        self.judge.check_wrong(height or self.height, block, self.validator.hashes)


def test_block_that_comes_out_as_signed_is_not_wrong() -> None:
    """Whoever signed it is innocent."""
    court = Court()
    with pytest.raises(BadEvidence, match="comes out as it was signed"):
        court.judge_block(court.block)


@pytest.mark.parametrize("field", ["state_root", "receipts_root", "extra_data", "logs_bloom"])
def test_block_with_another_result_is_wrong(field: str) -> None:
    """In whichever root it differs."""
    court = Court()
    value = getattr(court.block.header, field)
    changed: Any = {field: bytes(len(value) - 1) + b"\x01"}
    header = replace(court.block.header, **changed)
    court.judge_block(replace(court.block, header=header))


def test_block_that_was_decided_is_never_wrong() -> None:
    """Who signed it signed with more than two thirds."""
    court = Court()
    court.node.mine(1)
    decided = extract_block(court.node.head)
    with pytest.raises(BadEvidence, match="is what was decided"):
        court.judge_block(decided)


def test_block_that_cannot_be_judged_convicts_nobody() -> None:
    """Of another chain, of another height, too long ago, with other transactions or broken ones."""
    court = Court()
    header = court.block.header
    stray = replace(header, parent_hash=b"\x99" * 32)
    cases = [
        (replace(court.block, header=stray), court.height, "its parent is not of this chain"),
        (court.block, court.height - 1, "its parent is no recent block"),
        (court.block, court.height + 5, "its parent is no recent block"),
        (replace(court.block, transactions=()), court.height, "other transactions"),
        (replace(court.block, transactions=(b"\x02\xc0",)), court.height, "is no block at all"),
    ]
    for block, height, words in cases:
        with pytest.raises(BadEvidence, match=words):
            court.judge_block(block, height)
    court.node.mine(66)
    with pytest.raises(BadEvidence, match="its parent is no recent block"):
        court.judge_block(court.block)
    assert compute_header_hash(header) != court.node.head.hash
