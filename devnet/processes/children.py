"""Children: validator processes that a node has started, and that end with it."""

import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

LOG_FILE = "log.txt"
_GRACE_S = 10.0  # to end by itself


class Children:
    """One process for each folder; one that was killed stays dead until somebody starts it."""

    def __init__(
        self, folders: tuple[Path, ...], isolate: bool, behaviors: Mapping[str, str]
    ) -> None:
        """`behaviors` by name of the folder; honest where there is none."""
        self._started = tuple(
            _start(folder, isolate, behaviors.get(folder.name)) for folder in folders
        )

    def stop(self) -> None:
        """End those that still run."""
        for child in self._started:
            if child.poll() is None:
                child.send_signal(signal.SIGTERM)
        for child in self._started:
            try:
                child.wait(_GRACE_S)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
            if child.stdin is not None:
                child.stdin.close()


def _start(folder: Path, isolate: bool, behavior: str | None) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "devnet", "validator", "--data-dir", str(folder)]
    command += ["--with-parent"] + (["--isolate"] if isolate else [])
    command += [] if behavior is None else ["--behavior", behavior]
    with (folder / LOG_FILE).open("ab") as log:
        # the child sees the end of its input when this process ends, however it does
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=log, stderr=log)
