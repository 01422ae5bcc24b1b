"""Requests by the thousand: always a well-formed answer, never an internal error, memory flat.

`scripts/fuzz rpc` sends 100,000 of them, and replays an episode that found something.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any, NoReturn

import pytest
from fuzzing.rpc.campaign import WAYS, Campaign
from fuzzing.rpc.judgement import Finding, judge
from fuzzing.rpc.kinds import read_schema
from fuzzing.rpc.requests import Sent

from devnet.rpc import net
from devnet.rpc.lane import quick, route
from devnet.rpc.methods import build_methods

SCRIPT = Path(__file__).parents[2] / "scripts" / "fuzz"
REQUEST = {"jsonrpc": "2.0", "id": 1, "method": "eth_chainId"}


def test_every_parameter_of_every_method_has_a_kind(rpc: Any) -> None:
    """Read from the methods themselves; a name that nobody knows is told."""
    methods = build_methods(rpc.node)
    schema = read_schema(methods)
    assert list(schema) == sorted(methods)
    assert [p.name for p in schema["eth_call"]][:2] == ["transaction", "block"]
    assert [p.required for p in schema["eth_call"]][:2] == [True, False]

    def strange(unheard_of: object) -> None:
        """A new method."""

    with pytest.raises(LookupError, match="'unheard_of': say in scripts/fuzzing"):
        read_schema({"eth_strange": route(strange)})


@pytest.mark.parametrize("hardfork", ["osaka", "berlin"])
def test_no_request_brings_the_node_down(hardfork: str) -> None:
    """By its dispatcher, by HTTP and by WebSocket; most methods give results too."""
    report = Campaign(0, hardfork).run(range(len(WAYS)))
    assert [(found.what, found.body, found.trace) for found in report.findings] == []
    assert report.requests > 1_500
    assert len(report.unanswered) < len(report.methods) // 4
    assert {code for _, code in report.outcomes} >= {"result", "-32602", "-32601", "-32000"}


def test_equal_seeds_send_and_find_the_same() -> None:
    """An episode alone, too."""
    whole, alone, other = (
        Campaign(seed).run(episodes).outcomes
        for seed, episodes in ((3, range(2)), (3, range(2)), (4, range(2)))
    )
    assert whole == alone != other


def test_what_a_method_lets_escape_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """With its trace and the body that did it."""

    def fail(node: object) -> NoReturn:
        raise ZeroDivisionError("escaped")

    broken = dict.fromkeys(net.METHODS, quick(fail))
    monkeypatch.setattr(net, "METHODS", broken)
    report = Campaign(0).run([0])
    assert report.findings
    for found in report.findings:
        assert found.what in ("internal error: internal error", "an error was logged")
        assert any(name.encode() in found.body for name in broken)
        assert found.trace.endswith("ZeroDivisionError: escaped\n")


@pytest.mark.parametrize(
    ("sent", "answer"),
    [
        ((REQUEST,), b"not JSON"),
        ((REQUEST,), b'{"jsonrpc":"2.0","id":1,"result":NaN}'),
        ((REQUEST,), b"[]"),
        ((REQUEST,), b'[{"jsonrpc":"2.0","id":1,"result":1}]'),
        ((REQUEST,), b'{"jsonrpc":"2.0","id":2,"result":1}'),
        ((REQUEST,), b'{"jsonrpc":"2.0","id":1}'),
        ((REQUEST,), b'{"jsonrpc":"2.0","id":1,"result":1,"error":{"code":1,"message":""}}'),
        ((REQUEST,), b'{"jsonrpc":"2.0","id":1,"error":{"code":"1","message":""}}'),
        ((REQUEST,), b'{"jsonrpc":"2.0","id":1,"error":{"code":-32603,"message":"x"}}'),
        ((REQUEST, REQUEST), b'[{"jsonrpc":"2.0","id":1,"result":1}]'),
        ((REQUEST,), None),
        (({"method": "eth_chainId"},), b'{"jsonrpc":"2.0","id":null,"result":1}'),
        ((), b'{"id":null,"result":1}'),
    ],
)
def test_an_answer_that_is_not_well_formed_is_found(
    sent: tuple[dict[str, Any], ...], answer: bytes | None
) -> None:
    """Whatever is wrong with it."""
    with pytest.raises(Finding):
        list(judge(Sent(b"", sent, is_batch=len(sent) > 1), answer))


@pytest.mark.slow
def test_memory_stays_flat_and_every_method_is_reached() -> None:
    """The program itself, 20,000 requests long."""
    command = [sys.executable, "-W", "error", str(SCRIPT), "rpc", "--requests", "20000"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert ", 0 findings\n" in done.stdout
    assert "MB after warm-up, at most 64\n" in done.stdout
