"""`devnet up`: what its options change in the chain."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest

from devnet.cli.banner import build_url
from tests.cli.test_importing import up

FRESH = "0x" + "f5" * 20


def test_order_and_gas_cap_are_those_named() -> None:
    """First come, first served; more gas than EIP-7825 allows."""
    options = ("--validators", "1", "--order", "fifo", "--no-transaction-gas-cap", "--no-mining")
    with up(*options) as (_, client):
        sent = []
        for sender, tip in zip(client.request("eth_accounts"), (1, 9, 5), strict=False):
            fees = {"maxFeePerGas": hex(3 * 10**9), "maxPriorityFeePerGas": hex(tip)}
            fields = {"from": sender, "to": FRESH, "gas": hex(2**24 // tip + 1), **fees}
            sent.append(client.request("eth_sendTransaction", fields))
        client.request("evm_mine")
        assert client.request("eth_getBlockByNumber", "latest", False)["transactions"] == sent


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8545"),
        ("node.example", "http://node.example:8545"),
        ("::1", "http://[::1]:8545"),
    ],
)
def test_the_url_that_is_announced_can_be_used_as_it_is(host: str, url: str) -> None:
    """Also where the address is one of IPv6."""
    assert build_url(host, 8545) == url
    assert (urlsplit(url).hostname, urlsplit(url).port) == (host, 8545)


def is_open(host: str, port: int) -> bool:
    """Whether somebody listens."""
    try:
        socket.create_connection((host, port)).close()
    except ConnectionError:
        return False
    return True


def test_a_second_signal_does_not_wait_for_answers() -> None:
    """The first stops listening and waits for what was begun; who is in a hurry says it twice."""
    command = [sys.executable, "-m", "devnet", "up", "--port", "0", "--json", "--validators", "1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        place = urlsplit(json.loads(process.stdout.readline())["url"])
        assert place.hostname is not None
        assert place.port is not None
        asker = HTTPConnection(place.hostname, place.port)
        endless = {"method": "eth_call", "params": [{"data": "0x5b600056"}, "latest"]}
        asker.request("POST", "/", json.dumps({"jsonrpc": "2.0", "id": 1, **endless}))
        time.sleep(0.3)
        process.terminate()
        while is_open(place.hostname, place.port):
            time.sleep(0.01)
        process.terminate()
        assert process.wait(20) == -signal.SIGTERM
        asker.close()
