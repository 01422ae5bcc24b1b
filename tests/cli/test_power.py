"""`devnet up --power`: who weighs how much, and what is refused."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from devnet.cli.main import main
from devnet.cli.power import parse_powers
from tests.cli.test_importing import up


def test_powers_of_the_command_line_are_those_of_the_chain() -> None:
    """v0 has more than two thirds and decides alone; v3 only follows."""
    with up("--power", "v0=10,v1=2", "--power", "v3=0") as (_, client):
        found = client.request("consensus_validators")
        assert [(v["name"], v["power"]) for v in found] == [
            ("v0", 10), ("v1", 2), ("v2", 1), ("v3", 0),
        ]  # fmt: skip
        for name in ("v1", "v2"):
            client.request("consensus_setBehavior", name, "crash")
        client.request("evm_mine")
        votes = client.request("consensus_commit", "latest")["votes"]
        assert [vote["name"] for vote in votes] == ["v0"]


@pytest.mark.parametrize(
    ("texts", "validators", "powers"),
    [
        (("v0=10,v1=1",), 4, (10,)),
        (("v0=1", "v1=1"), 4, ()),  # as without the option: the same chain
        ((" v2=3 , v0=0",), 4, (0, 1, 3)),
    ],
)
def test_powers_are_read(texts: tuple[str, ...], validators: int, powers: tuple[int, ...]) -> None:
    """Whoever is not named has 1."""
    assert parse_powers(texts, validators) == powers


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("v4=1", "no validator 'v4'; there are v0 to v3"),
        ("x=1", "no validator 'x'; there are v0 to v3"),
        ("v00=1", "no validator 'v00'"),
        ("v0", "'v0' is not VALIDATOR=POWER, as in v0=10"),
        ("", "'' is not VALIDATOR=POWER"),
        ("v0=-1", "'v0=-1' is not VALIDATOR=POWER"),
        ("v0=1.5", "'v0=1.5' is not VALIDATOR=POWER"),
        ("v0=²", "'v0=²' is not VALIDATOR=POWER"),
        ("v0=1,v0=2", "v0 has power 1 already"),
        ("v0=1099511627777", "use 0 to 1099511627776"),
        ("v0=0,v1=0,v2=0,v3=0", "no validator has power"),
    ],
)
def test_what_is_no_power_is_refused(text: str, says: str) -> None:
    """In one line, with what would do."""
    result = CliRunner().invoke(main, ["up", "--power", text, "--port", "0"])
    assert result.exit_code == 2
    assert says in result.stderr
    assert len(result.stderr.splitlines()) == 1
