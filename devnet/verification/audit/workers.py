"""Workers: processes that run models for an audit, and the folder they take models from."""

import signal
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

from devnet.consensus.agreement import parse_agreement
from devnet.verification.audit.execution import Answer, Task, execute

_START = "spawn"  # a fork would copy threads and connections of this process


@dataclass(frozen=True, slots=True)
class Workers:
    """Who runs models, how many of them, and where models are put for them."""

    count: int
    folder: Path
    executor: Executor | None  # none: this process
    accepted: str = ""  # rule by which other bits are taken, none if empty

    def submit(self, task: Task) -> Future[Answer]:
        """The answer to come; it is there already if this process runs the model."""
        if self.executor is not None:
            return self.executor.submit(execute, self.folder, self.accepted, task)
        answer: Future[Answer] = Future()
        answer.set_result(execute(self.folder, self.accepted, task))
        return answer


@contextmanager
def open_workers(count: int, accepted: str = "") -> Iterator[Workers]:
    """Start workers when they are needed, and end them; one is this process itself.

    Args:
        accepted: text of the rule by which other bits than their own are taken, none if empty.
    Raises: ConfigError if there is no such rule.
    """
    if accepted:
        parse_agreement(accepted)
    with TemporaryDirectory(prefix="devnet-audit-", ignore_cleanup_errors=True) as temporary:
        folder = Path(temporary)
        if count == 1:
            yield Workers(count, folder, None, accepted)
            return
        executor = ProcessPoolExecutor(count, get_context(_START), _leave_interrupts)
        try:
            yield Workers(count, folder, executor, accepted)
        finally:
            executor.shutdown(cancel_futures=True)


def _leave_interrupts() -> None:
    """Ctrl-C is for the process that waits for the answers."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
