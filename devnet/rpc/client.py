"""A small JSON-RPC client: what the command line asks a running node with."""

import json
from collections.abc import Mapping
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import ProxyHandler, Request, build_opener

from devnet.errors import NoAnswer, RemoteError
from devnet.nesting import is_too_deep

TIMEOUT_S = 120.0  # seconds for one answer


class Client:
    """Asks one node; opens a connection for each question."""

    def __init__(self, url: str, timeout_s: float = TIMEOUT_S) -> None:
        self.url = url
        self._timeout_s = timeout_s
        self._opener = build_opener(ProxyHandler({}))  # a devnet is never behind a proxy

    def request(self, method: str, *params: object) -> Any:
        """The result of one method.

        Raises: RemoteError with the node's code and message; NoAnswer if nobody answers.
        """
        question = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        body = json.dumps(question).encode()
        return self._read(self._post(self.url, body, "application/json"), "result")

    def upload(self, path: str, file: bytes, query: Mapping[str, str]) -> Any:
        """What the node answers to a file that is sent as it is. Raises: as `request`."""
        url = f"{self.url.rstrip('/')}/{path}?{urlencode(query)}"
        return self._read(self._post(url, file, "application/octet-stream"))

    def _read(self, text: bytes, member: str = "") -> Any:
        try:
            if is_too_deep(text.decode()):
                raise ValueError("too deep to be read")
            answer = json.loads(text)
            failure = answer.get("error")
            if failure is None:
                return answer[member] if member else answer
            raise RemoteError(failure["message"], failure["code"], failure.get("data"))
        except (ValueError, LookupError, AttributeError, TypeError) as broken:
            raise RemoteError(f"{self.url} does not answer JSON-RPC; is it a devnet?") from broken

    def _post(self, url: str, body: bytes, kind: str) -> bytes:
        if not self.url.startswith(("http://", "https://")):
            raise RemoteError(f"'{self.url}' is not a node's URL; give http://HOST:PORT")
        try:
            request = Request(url, body, {"Content-Type": kind})
            with self._opener.open(request, timeout=self._timeout_s) as response:
                answer: bytes = response.read()
                return answer
        except HTTPError as refused:
            if refused.headers.get_content_type() == "application/json":
                return refused.read()
            text = " ".join(refused.read(500).decode(errors="replace").split())
            raise RemoteError(f"{self.url} answers {refused.code}: {text}") from refused
        except (OSError, HTTPException) as silent:
            if isinstance(getattr(silent, "reason", silent), TimeoutError):
                text = f"no answer from {self.url} in {self._timeout_s:g} s"
            else:
                text = f"no node answers at {self.url}; start one with 'devnet up'"
            raise NoAnswer(text) from silent
