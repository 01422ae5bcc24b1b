"""The worker process that holds EELS: started with the first question, ended when it is in the way.

EELS stands behind a process because it is patched for this chain, and because its dependencies may
live in another environment than ours.
"""

import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TypeAlias

from devnet.chain.eels.wire import MAX_BYTES, VERSION, Message, decode, encode
from devnet.errors import ConfigError, HostError

EELS_VERSION = "2.20.0"  # of ethereum-execution; later ones keep state in other classes
REMEDY = (
    "install it with: pip install 'inference-devnet[eels]', or name a Python that has "
    f"ethereum-execution=={EELS_VERSION}, as in engine:eels:/path/to/python"
)
_ROOT = Path(__file__).resolve().parents[3]  # of the package `devnet`
_MISSING = 3  # exit code of a Python without EELS
_BOOT = f"""
import signal, sys
signal.signal(signal.SIGINT, signal.SIG_IGN)  # the node tells when it is over
try:
    import ethereum.forks.osaka
except ImportError:
    sys.exit({_MISSING})
sys.path.append(sys.argv[2])
from devnet.chain.eels.worker.main import main
main()
"""
_START_TIME_S = 120.0
_TIME_S = 600.0  # for one block: a specification is not fast

Serve: TypeAlias = Callable[[Message, Callable[[Message], Message]], Message]
# answers a call of the worker's, asking it in between


class EelsProcess:
    """One worker, and its successor where it is lost."""

    def __init__(self, python: str = "") -> None:
        """`python` is an interpreter that has EELS, this one if not given."""
        self._python = python or sys.executable
        self._worker: tuple[subprocess.Popen[bytes], Connection] | None = None

    def start(self) -> None:
        """Have a worker. Raises: ConfigError if this Python does not run EELS."""
        if self._worker is not None:
            return
        if shutil.which(self._python) is None:
            raise ConfigError(f"engine:eels: there is no Python at {self._python}")
        ours, theirs = socket.socketpair()
        command = [self._python, "-P", "-c", _BOOT, str(theirs.fileno()), str(_ROOT)]
        process = subprocess.Popen(
            command,
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        theirs.close()
        self._worker = (process, Connection(ours.detach()))
        self._greet(process)

    def ask(self, question: Message, serve: Serve | None = None) -> Message:
        """An answer; calls of the worker's before it are served.

        Raises: HostError if the worker breaks or is lost; the next question gets another one.
        """
        try:
            self.start()
        except ConfigError as lost:  # it was there when the validator began with it
            raise HostError(str(lost)) from lost
        self._send(question)
        while True:
            answer = self._receive(_TIME_S, "answer")
            if answer["kind"] == "call" and serve is not None:
                self._send(serve(answer, self._exchange))
            elif answer["kind"] == "broken":
                raise HostError(f"the EELS worker failed: {answer['reason']}")
            else:
                return answer

    def close(self) -> None:
        """End the worker, if there is one."""
        if self._worker is not None:
            process, connection = self._worker
            self._worker = None
            connection.close()
            process.kill()
            process.wait()

    def __del__(self) -> None:
        self.close()

    def _greet(self, process: subprocess.Popen[bytes]) -> None:
        try:
            greeting = self._receive(_START_TIME_S, "start")
        except HostError as silent:
            if process.returncode == _MISSING:
                raise ConfigError(
                    f"engine:eels needs the Ethereum specification (EELS), which {self._python} "
                    f"does not have; {REMEDY}"
                ) from None
            raise ConfigError(f"engine:eels: {self._python} does not run EELS: {silent}") from None
        if greeting.get("version") != VERSION or greeting.get("eels") != EELS_VERSION:
            self.close()
            raise ConfigError(f"engine:eels: {self._python} has EELS {greeting['eels']}; {REMEDY}")

    def _exchange(self, message: Message) -> Message:
        self._send(message)
        return self._receive(_TIME_S, "answer")

    def _send(self, message: Message) -> None:
        assert self._worker is not None, "a worker is started before it is asked"
        try:
            self._worker[1].send_bytes(encode(message))
        except OSError as broken:
            self.close()
            raise HostError(f"the EELS worker is gone: {broken}") from broken

    def _receive(self, time_s: float, what: str) -> Message:
        assert self._worker is not None, "a worker is started before it is asked"
        process, connection = self._worker
        try:
            if connection.poll(time_s):
                return decode(connection.recv_bytes(MAX_BYTES))
            reason = f"did not {what} within {time_s:g} s"
        except (EOFError, OSError):
            reason = f"ended with code {_wait(process)}"
        except ValueError as nonsense:
            reason = f"answered nonsense: {nonsense}"
        self.close()
        raise HostError(f"the EELS worker {reason}")


def _wait(process: subprocess.Popen[bytes]) -> int | None:
    try:
        return process.wait(5)
    except subprocess.TimeoutExpired:
        return None
