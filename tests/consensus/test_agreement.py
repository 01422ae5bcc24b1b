"""Rules by name: found, refused with what exists, or run from a researcher's file."""

from pathlib import Path

import pytest

from devnet.config import Config
from devnet.consensus.agreement import locate_rule, parse_agreement
from devnet.consensus.rules.rule import Exchange
from devnet.errors import ConfigError
from devnet.node import Node
from devnet.validators.misbehaviour import parse_behavior
from precompiles.tensor import DType, Tensor
from tests.validators.agreement.conftest import FloatDriver

BROKEN = """
class Broken:
    def count(self, claims, proposed, total):
        raise IndexError("no such score")
"""


@pytest.mark.parametrize(
    ("text", "exchange"),
    [
        ("exact", Exchange.NONE),
        ("tolerance(0)", Exchange.NONE),
        ("majority", Exchange.CLAIMS),
        ("commit-reveal", Exchange.COMMITMENTS),
    ],
)
def test_names_are_read(text: str, exchange: Exchange) -> None:
    """Each with what it needs of others; only exact bits leave no mark on a chain."""
    agreement = parse_agreement(text)
    assert (agreement.text, agreement.exchange) == (text, exchange)
    assert agreement.is_exact is (agreement.digest == b"") is (text == "exact")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("majorty", "did you mean 'majority'?"),
        ("tolerance(-1)", "did you mean 'tolerance(N)'?"),
        ("tolerance(1.5)", "did you mean 'tolerance(N)'?"),
        ("", "there are exact"),
        ("nowhere.py:Rule", "there is no rule file nowhere.py"),
    ],
)
def test_what_does_not_exist_is_refused(text: str, says: str) -> None:
    """With what would do, before anything starts."""
    with pytest.raises(ConfigError) as refused:
        Node(Config(agreement=text))
    assert says in str(refused.value)


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("Rule = 3", "has no 'count(claims, proposed, total)'"),
        ("Other = 3", "cannot be used: AttributeError"),
        ("def f(:", "cannot be used: SyntaxError"),
        ("class Rule:\n    exchange = 1\n    def count(self, c, p, t): ...", "exchange is 1"),
    ],
)
def test_a_file_that_holds_no_rule_is_refused(source: str, says: str, tmp_path: Path) -> None:
    """By what is wrong with it."""
    (tmp_path / "rule.py").write_text(source)
    with pytest.raises(ConfigError) as refused:
        parse_agreement(locate_rule("rule.py:Rule", tmp_path))
    assert says in str(refused.value)


def test_another_rule_is_another_chain(tmp_path: Path) -> None:
    """The genesis block tells rules apart, a file by its bytes; its folder does not matter."""
    files = []
    for folder, source in (("a", BROKEN), ("b", BROKEN), ("c", BROKEN + "\n")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "rule.py").write_text(source)
        files.append(locate_rule("rule.py:Broken", tmp_path / folder))
    rules = ("exact", "tolerance(1)", "tolerance(2)", "majority", "commit-reveal", *files)
    hashes = [Node(Config(agreement=rule)).head.hash for rule in rules]
    assert hashes[5] == hashes[6]
    assert len(set(hashes)) == len(hashes) - 1


def test_a_rule_that_fails_refuses_and_says_so(tmp_path: Path) -> None:
    """An error in a researcher's file is a reason, not the end of the node."""
    (tmp_path / "rule.py").write_text(BROKEN)
    rule = locate_rule("rule.py:Broken", tmp_path)
    driver = FloatDriver(agreement=rule)
    model_id = driver.add_floats()
    driver.node.set_behavior("v3", parse_behavior("quantised"))
    driver.ask(model_id, 0)
    (ruling, *_) = driver.node.cluster.record.rulings
    assert str(ruling).endswith("rule rule.py:Broken failed: IndexError('no such score')")


def test_a_rule_that_fails_takes_equal_outputs_only(tmp_path: Path) -> None:
    """Whoever asks it about a final block gets an answer."""
    (tmp_path / "rule.py").write_text(BROKEN)
    agreement = parse_agreement(locate_rule("rule.py:Broken", tmp_path))
    one, other = (Tensor(DType.INT8, (1,), bytes((n,))) for n in (1, 2))
    assert agreement.takes((one,), (one,))
    assert not agreement.takes((one,), (other,))
