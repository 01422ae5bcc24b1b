"""The small client: results, the node's own errors, and silence explained."""

import http.server
import json
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from devnet.errors import RemoteError
from devnet.rpc.client import Client


class _Answers(http.server.BaseHTTPRequestHandler):
    """Answers by path."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        asked = json.loads(body)
        failure = {"code": 3, "message": "execution reverted: no", "data": "0x08"}
        answers: dict[str, Any] = {
            "/": {"jsonrpc": "2.0", "id": 1, "result": [asked["method"], asked["params"]]},
            "/fail": {"jsonrpc": "2.0", "id": 1, "error": failure},
            "/list": [],
            "/empty": {},
        }
        if self.path == "/slow":
            threading.Event().wait(1)
        if self.path == "/closed":
            self.send_error(403, "foreign")
            return
        self.send_response(200)
        self.end_headers()
        texts = {"/html": "<html>", "/deep": '{"result": ' + "[" * 1_000_000}
        text = texts.get(self.path) or json.dumps(answers.get(self.path, {}))
        self.wfile.write(text.encode())

    def log_message(self, format: str, *args: object) -> None:
        """Silent."""


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A server with a path for each kind of answer."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Answers)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_result_is_returned(url: str) -> None:
    """Parameters go by position."""
    assert Client(url).request("add", 1, {"a": "b"}) == ["add", [1, {"a": "b"}]]


def test_a_proxy_is_never_asked(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment's proxy would not reach this machine."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert Client(url).request("add") == ["add", []]


def test_an_error_of_the_node_keeps_code_message_and_data(url: str) -> None:
    """So that the command line can show and act on them."""
    with pytest.raises(RemoteError, match=r"^execution reverted: no$") as raised:
        Client(url + "/fail").request("eth_call")
    assert (raised.value.rpc_code, raised.value.data) == (3, "0x08")


@pytest.mark.parametrize("path", ["/html", "/list", "/empty", "/deep"])
def test_something_else_than_a_node_is_recognised(url: str, path: str) -> None:
    """A web server on the same port, for example."""
    with pytest.raises(RemoteError, match="does not answer JSON-RPC; is it a devnet"):
        Client(url + path).request("eth_chainId")


def test_a_refusal_is_shown(url: str) -> None:
    """With what the server said."""
    with pytest.raises(RemoteError, match=r"answers 403: .*Message: foreign"):
        Client(url + "/closed").request("eth_chainId")


def test_silence_is_explained(url: str) -> None:
    """Nobody there, too slow, or no URL at all."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        closed = f"http://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(RemoteError, match=f"no node answers at {closed}; start one with 'devnet"):
        Client(closed).request("eth_chainId")
    with pytest.raises(RemoteError, match=r"no answer from .*/slow in 0\.1 s"):
        Client(url + "/slow", timeout_s=0.1).request("eth_chainId")
    for wrong in ("localhost:8545", "file:///etc/passwd", "http://", "http://a b"):
        with pytest.raises(RemoteError):
            Client(wrong).request("eth_chainId")
