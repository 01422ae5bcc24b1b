"""Agreement rules differ in whose claims stand for which result; none needs more than its file."""

from pathlib import Path

import pytest

import devnet.consensus.rules as folder
from devnet.consensus.rules.commit_reveal import CommitReveal, compute_commitment
from devnet.consensus.rules.exact import ExactBits
from devnet.consensus.rules.majority import MajorityOfDigests
from devnet.consensus.rules.rule import AgreementRule, Claim, is_supported
from devnet.consensus.rules.tolerance import Tolerance

A, B, C = b"\xaa" * 32, b"\xbb" * 32, b"\xcc" * 32
SALT = b"\x07" * 32


def claim(node: int, digest: bytes = A, output: tuple[int, ...] = (), power: int = 1) -> Claim:
    """Of validator `node`, with its commitment opened."""
    who = bytes([node]) * 20
    return Claim(who, power, digest, output, compute_commitment(digest, who, SALT), SALT)


def count(rule: AgreementRule, *claims: Claim, total: int = 4) -> tuple[bytes, int]:
    """Chosen digest and power, the first claim being the proposer's."""
    counted = rule.count(claims, claims[0], total)
    assert len(counted.supporters) + len(counted.dissent) == len(claims)
    return counted.digest, counted.power


def test_exact_bits_need_more_than_two_thirds() -> None:
    """Three of four decide, two do not, power counts."""
    rule = ExactBits()
    assert count(rule, claim(0), claim(1), claim(2), claim(3, B)) == (A, 3)
    assert count(rule, claim(0), claim(1), claim(2, B), claim(3, B)) == (b"", 2)
    assert count(rule, claim(0, power=7), claim(1, B, power=3), total=10) == (A, 7)


def test_tolerance_keeps_the_proposers_value() -> None:
    """Close results support it though their bits differ; the far one hears where."""
    rule = Tolerance(absolute=2)
    claims = [claim(0, A, (10, 20)), claim(1, B, (12, 18)), claim(2, C, (9, 20)),
              claim(3, B, (10, 23))]  # fmt: skip
    assert count(rule, *claims) == (A, 3)
    dissent = rule.count(claims, claims[0], 4).dissent
    assert dissent == ((bytes([3]) * 20, "element 1: 20 proposed, 23 found, at most 2 apart"),)


def test_tolerance_is_not_transitive() -> None:
    """Who proposes decides what is kept: the middle one wins, an end does not."""
    rule = Tolerance(absolute=1)
    low, middle, high = claim(0, A, (1,)), claim(1, B, (2,)), claim(2, C, (3,))
    assert count(rule, middle, low, high, total=3) == (B, 3)
    assert count(rule, low, middle, high, total=3) == (b"", 2)


def test_relative_tolerance_grows_with_the_element() -> None:
    """One per cent of a million, nothing of zero; other shapes never agree."""
    rule = Tolerance(0, relative_ppm=10_000)
    assert is_supported(rule, claim(1, B, (1_000_000, 0)), claim(0, A, (1_010_000, 0)))
    assert not is_supported(rule, claim(1, B, (1_000_000, 0)), claim(0, A, (1_010_001, 0)))
    assert not is_supported(rule, claim(1, B, (0,)), claim(0, A, (1,)))
    assert not is_supported(rule, claim(1, B, (0,)), claim(0, A, (0, 0)))


def test_majority_outvotes_the_proposer() -> None:
    """More than half of the power, whoever proposed; exactly half is not enough."""
    rule = MajorityOfDigests()
    assert count(rule, claim(0, B), claim(1), claim(2), claim(3)) == (A, 3)
    assert count(rule, claim(0), claim(1), claim(2, B), claim(3, B)) == (b"", 2)
    assert count(rule, claim(0), claim(1), claim(2), total=5) == (A, 3)


def test_copied_digest_without_a_commitment_does_not_count() -> None:
    """The lazy validator knows the digest, but has nothing from before to open."""
    rule = CommitReveal()
    lazy = Claim(bytes([3]) * 20, 1, A)
    copied = Claim(bytes([2]) * 20, 1, A, (), claim(0).commitment, SALT)
    assert count(rule, claim(0), claim(1), lazy, copied) == (b"", 2)
    assert count(ExactBits(), claim(0), claim(1), lazy, copied) == (A, 4)
    reasons = [reason for _, reason in rule.count([lazy, copied], claim(0), 4).dissent]
    assert reasons == [
        "committed to nothing before the digest was known", "committed to another digest"
    ]  # fmt: skip


def test_commit_reveal_counts_by_the_rule_inside() -> None:
    """Over exact bits by default, over any other rule if asked."""
    claims = [claim(0, A, (1,)), claim(1, B, (2,)), claim(2, C, (1,)), claim(3, A, (9,))]
    assert count(CommitReveal(), *claims) == (b"", 2)
    assert count(CommitReveal(Tolerance(1)), *claims) == (A, 3)


@pytest.mark.parametrize(
    "rule", [ExactBits(), Tolerance(0), MajorityOfDigests(), CommitReveal()], ids=repr
)
def test_every_rule_accepts_what_all_found(rule: AgreementRule) -> None:
    """And a validator prevotes its own result."""
    claims = [claim(n, A, (5,)) for n in range(4)]
    assert count(rule, *claims) == (A, 4)
    assert is_supported(rule, claims[1], claims[0])


def test_a_rule_is_a_file_of_less_than_a_hundred_lines() -> None:
    """So that a researcher adds one in an afternoon."""
    files = [path for path in Path(folder.__path__[0]).glob("*.py") if path.name != "__init__.py"]
    assert len(files) >= 5
    assert all(len(path.read_text().splitlines()) < 100 for path in files)
