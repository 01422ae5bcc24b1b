"""Runs sessions in a worker process with limits on memory and time.

A model that exceeds them ends its worker, which is a fault of this host and never an outcome: the
validator abstains, the next call gets a fresh worker, the node lives on.
"""

import os
import socket
import subprocess
from collections.abc import Mapping
from multiprocessing.connection import Connection
from threading import Lock

from precompiles.engine.foreign.host import ForeignHost
from precompiles.engine.session import SessionEngine
from precompiles.engine.trace import Trace
from precompiles.engine.worker import (
    Answer,
    Outputs,
    decode_answer,
    encode_admission,
    encode_run,
    encode_trace,
    encode_trial,
)
from precompiles.errors import PrecompileError, RuntimeBroken
from precompiles.models.manifest import Manifest
from precompiles.models.store import ModelStore

_START_TIME_S = 60.0  # seconds a fresh worker may take to load the runtime


class IsolatedEngine:
    """An engine whose admission, trials and sessions happen in another process."""

    def __init__(
        self,
        store: ModelStore,
        memory_bytes: int,
        time_s: float,
        host: ForeignHost = ForeignHost(),  # noqa: B008  # a value
    ) -> None:
        """Limits: `memory_bytes` beyond what the loaded runtime has, `time_s` wall clock a call.

        Args:
            host: what the worker computes as; as this host does if not given.
        """
        self._local = SessionEngine(store)
        self._host = host
        self._memory_bytes = memory_bytes
        self.time_s = time_s
        self._worker: tuple[subprocess.Popen[bytes], Connection] | None = None
        self._known: list[bytes] = []  # models the worker has
        self._turn = Lock()  # one question is on its way at a time, whoever asks

    def load(self, model_id: bytes) -> bytes:
        """Model bytes, checked against their id. Raises: ModelMissing, StoreCorrupt."""
        return self._local.load(model_id)

    def admit(self, model_id: bytes, dimensions: Mapping[str, int]) -> Manifest:
        """As `LocalEngine.admit`, in the worker."""
        with self._turn:
            model = self._select(model_id)
            answer = self._ask(encode_admission(model_id, model, dimensions), model_id, "check")
        assert isinstance(answer, Manifest), "an admission is answered with a manifest"
        return answer

    def try_out(self, manifest: Manifest) -> None:
        """As `LocalEngine.try_out`, in the worker."""
        with self._turn:
            model = self._select(manifest.model_id)
            self._ask(encode_trial(manifest, model), manifest.model_id, "try")

    def run(self, manifest: Manifest, inputs: Outputs) -> Outputs:
        """As `SessionEngine.run`, in the worker.

        Raises: Fatal errors of the engine; RuntimeBroken when a limit is hit.
        """
        with self._turn:
            model = self._select(manifest.model_id)
            answer = self._ask(encode_run(manifest, model, inputs), manifest.model_id, "run")
        assert isinstance(answer, tuple), "a run is answered with outputs"
        return answer

    def trace(self, manifest: Manifest, inputs: Outputs) -> Trace:
        """As `LocalEngine.trace`, in the worker."""
        with self._turn:
            model = self._select(manifest.model_id)
            answer = self._ask(encode_trace(manifest, model, inputs), manifest.model_id, "trace")
        assert isinstance(answer, Trace), "a trace is answered with a trace"
        return answer

    def close(self) -> None:
        """End the worker, if there is one."""
        if self._worker is not None:
            process, connection = self._worker
            self._worker = None
            self._known.clear()
            connection.close()
            process.kill()
            process.wait()

    def __del__(self) -> None:
        self.close()

    def _start(self) -> None:
        ours, theirs = socket.socketpair()
        command = (*self._host.command, "-m", "precompiles.engine.worker")
        process = subprocess.Popen(
            [*command, str(theirs.fileno()), str(self._memory_bytes), self._host.engine],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL if self._host.is_emulated else None,
            env={
                **os.environ,
                "OPENBLAS_NUM_THREADS": "1",  # buffers of one thread, counted
                **dict(self._host.environment),
            },
        )
        theirs.close()
        self._worker = (process, Connection(ours.detach()))
        self._receive(_START_TIME_S, "start")

    def _select(self, model_id: bytes) -> bytes | None:
        """The model's bytes, unless the worker has them."""
        if self._worker is None:
            self._start()
        return None if model_id in self._known else self.load(model_id)

    def _ask(self, question: bytes, model_id: bytes, what: str) -> Answer:
        assert self._worker is not None, "a worker is started before it is asked"
        try:
            self._worker[1].send_bytes(question)
        except OSError as broken:
            self.close()
            raise RuntimeBroken(f"the inference worker is gone: {broken}") from broken
        answer = self._receive(self.time_s, f"{what} the model")
        if isinstance(answer, PrecompileError):
            raise answer
        if model_id not in self._known:
            self._known.append(model_id)
        return answer

    def _receive(self, time_s: float, what: str) -> Answer:
        assert self._worker is not None, "a worker is started before it is asked"
        process, connection = self._worker
        try:
            if connection.poll(time_s):
                return decode_answer(connection.recv_bytes())
            reason = f"did not {what} within {time_s:g} s"
        except (EOFError, OSError):
            reason = f"ended with code {_wait(process)} while it was to {what}"
        except ValueError as nonsense:
            reason = f"answered nonsense: {nonsense}"
        self.close()
        raise RuntimeBroken(f"the inference worker {reason}")


def _wait(process: subprocess.Popen[bytes]) -> int | None:
    try:
        return process.wait(1)
    except subprocess.TimeoutExpired:
        return None
