"""What scripts get once and keep in .cache: pinned, whole, and by one process at a time."""

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

STAMP = "installed"  # file that says what is there


@contextmanager
def lock(home: Path) -> Iterator[None]:
    """Let nobody else work on a folder; waits for whoever does."""
    home.parent.mkdir(parents=True, exist_ok=True)
    with home.with_name(f"{home.name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def is_there(home: Path, wanted: str) -> bool:
    """Whether a folder holds what is wanted."""
    stamp = home / STAMP
    return stamp.exists() and stamp.read_text() == wanted


@contextmanager
def replace(home: Path, wanted: str) -> Iterator[Path | None]:
    """A folder to fill that takes the place of `home`; nothing if that is as wanted."""
    with lock(home):
        if is_there(home, wanted):
            yield None
            return
        with TemporaryDirectory(dir=home.parent) as scratch:
            staging = Path(scratch) / "staging"
            staging.mkdir()
            yield staging
            (staging / STAMP).write_text(wanted)
            shutil.rmtree(home, ignore_errors=True)
            staging.rename(home)
