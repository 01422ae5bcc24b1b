"""`devnet up --rule optimistic`: what its options write into the chain, and what is refused."""

from __future__ import annotations

import pytest

from devnet.cli.rule import choose_terms
from devnet.config import Config, Host, Optimistic
from devnet.errors import ConfigError
from devnet.node import Node
from tests.cli.test_importing import up


def test_the_rule_and_its_terms_are_those_named() -> None:
    """The node answers for disputes; the contract holds the terms."""
    options = ("--rule", "optimistic", "--sample", "0.25", "--bond", "0.5", "--window", "9")
    with up("--validators", "2", *options, "--committee", "1", "--move-blocks", "3") as (_, client):
        assert client.request("inference_requests") == []
        fields = {"to": "0x" + "00" * 18 + "1001", "data": "0xa9f5bd4e"}
        code = client.request("eth_getCode", fields["to"], "latest")
        assert len(code) > 2
        terms = client.request("eth_getStorageAt", fields["to"], "0x0", "latest")
    bond, sample, committee, window, move = (5 * 10**17, 2_500, 1, 9, 3)
    word = bond | sample << 128 | committee << 144 | window << 160 | move << 192
    assert int(terms, 16) == word


@pytest.mark.parametrize(
    ("given", "rule", "words"),
    [
        ({"sample": "0.5"}, "replicate", "--sample has no effect under --rule replicate"),
        ({"move_blocks": 3}, "replicate", "--move-blocks has no effect"),
        ({"sample": "often"}, "optimistic", "--sample is 'often'; use a decimal number"),
        ({"sample": "0.00001"}, "optimistic", "--sample is '0.00001'"),
        ({"bond": "NaN"}, "optimistic", "--bond is 'NaN'"),
        ({"sample": "1.5"}, "optimistic", "sampling in 1/10,000 is 15000; use 0 to 10000"),
        ({"window": 1}, "optimistic", "challenge window is 1; use 2 to 128"),
    ],
)
def test_options_that_do_not_fit_are_refused(
    given: dict[str, object], rule: str, words: str
) -> None:
    """Each with its value and what to do."""
    with pytest.raises(ConfigError, match=words):
        choose_terms(given, rule, Optimistic())


def test_a_fork_without_what_the_contract_needs_is_refused() -> None:
    """The contract is compiled for Cancun."""
    config = Config(rule="optimistic", hardfork="shanghai")
    with pytest.raises(ConfigError, match="needs cancun or later, the hardfork is shanghai"):
        Node(config, Host())
