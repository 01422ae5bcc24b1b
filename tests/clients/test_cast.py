"""cast (Foundry) against a node over HTTP: what its users type works."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from contracts import load
from precompiles.models.samples import read_digits

pytestmark = pytest.mark.clients
KEY = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"  # of account 0
EVENT = "DigitRead(address indexed,uint256 indexed,uint8)"


@pytest.fixture(scope="module")
def cast(npm: Any, served: Any) -> Callable[..., str]:
    """Run cast; what it prints."""

    def run(*arguments: str) -> str:
        done = npm.cast(served.url, *arguments)
        assert done.returncode == 0, done.stderr
        printed: str = done.stdout.strip()
        return printed

    return run


@pytest.fixture(scope="module")
def reader(cast: Callable[..., str], served: Any) -> str:
    """A DigitReader, deployed by cast."""
    bytecode = "0x" + load("DigitReader").bytecode.hex()
    arguments = ["--create", bytecode, "constructor(bytes32)", served.model_id]
    receipt = json.loads(cast("send", "--private-key", KEY, "--json", *arguments))
    assert receipt["status"] == "0x1"
    return str(receipt["contractAddress"])


def show_pixels(digit: int) -> str:
    """A held-out digit in hex."""
    pixels: bytes = read_digits()[0][digit].tobytes()
    return "0x" + pixels.hex()


def test_cast_reads_the_chain(cast: Callable[..., str], served: Any) -> None:
    """Number, chain, client, balance, price, block."""
    assert int(cast("block-number")) == served.ask("consensus_status")["height"]
    assert cast("chain-id") == "31337"
    assert cast("client").startswith("devnet/v")
    assert cast("balance", served.accounts[9]) == str(10_000 * 10**18)
    assert int(cast("gas-price")) > 10**9
    block = json.loads(cast("block", "latest", "--json"))
    assert block["extraData"] == served.ask("eth_getBlockByNumber", "latest", False)["extraData"]


def test_cast_sends_with_a_key_and_calls(
    cast: Callable[..., str], served: Any, reader: str
) -> None:
    """A digit is read on chain, estimated to the unit, stored, and emitted."""
    digit = str(read_digits()[1][4])
    read = (reader, "read(bytes)", show_pixels(4))
    estimate = int(cast("estimate", *read, "--from", served.accounts[0]))
    receipt = json.loads(cast("send", "--private-key", KEY, "--json", *read))
    assert (receipt["status"], int(receipt["gasUsed"], 16)) == ("0x1", estimate)
    assert cast("call", reader, "lastDigit()(uint8)") == digit
    assert cast("call", reader, "peek(bytes)(uint8)", show_pixels(4)) == digit
    assert int(cast("storage", reader, "0"), 16) == int(digit)
    assert json.loads(cast("receipt", receipt["transactionHash"], "--json")) == receipt
    logs = json.loads(cast("logs", "--from-block", "0", "--address", reader, "--json", EVENT))
    assert logs == receipt["logs"]
    assert int(logs[0]["data"], 16) == int(digit)


@pytest.mark.parametrize("flags", [(), ("--legacy",)])
def test_cast_sends_from_an_unlocked_account(
    cast: Callable[..., str], served: Any, reader: str, flags: tuple[str, ...]
) -> None:
    """The node signs; both kinds of fees."""
    sender = ("--unlocked", "--from", served.accounts[3])
    read = (reader, "read(bytes)", show_pixels(5))
    receipt = json.loads(cast("send", *sender, *flags, "--json", *read))
    assert receipt["status"] == "0x1"
    assert receipt["type"] == ("0x0" if flags else "0x2")
    assert receipt["from"] == served.accounts[3]


def test_cast_shows_why_a_call_reverts(npm: Any, served: Any, reader: str) -> None:
    """The contract's own error, and a precompile's reason."""
    for command in (["call"], ["send", "--private-key", KEY]):
        done = npm.cast(served.url, *command, reader, "read(bytes)", "0x00")
        assert done.returncode != 0
        assert "execution reverted" in done.stderr
        assert "0000000001" in done.stderr
    manifest = ("0x" + "00" * 19 + "f8", "manifest(bytes32)", "0x" + "12" * 32)
    done = npm.cast(served.url, "call", *manifest)
    assert "UnknownModel: 0x1212" in done.stderr


def test_cast_asks_our_own_methods(cast: Callable[..., str], served: Any) -> None:
    """Through `cast rpc`."""
    assert json.loads(cast("rpc", "consensus_status"))["waiting"] is None
    assert json.loads(cast("rpc", "inference_model", "digits"))["id"] == served.model_id
    assert len(json.loads(cast("rpc", "consensus_validators"))) == 4
