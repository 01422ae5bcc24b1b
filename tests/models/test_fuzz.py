"""Fuzzing, briefly: nothing but a refusal leaves admission or the tensor codec."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(("target", "seconds"), [("admission", 5), ("tensors", 2)])
def test_short_campaign_finds_nothing(target: str, seconds: int, tmp_path: Path) -> None:
    """`scripts/fuzz` in its own process; a longer run is a matter of `--minutes`."""
    command = [sys.executable, "-W", "ignore", str(ROOT / "scripts" / "fuzz"), target]
    options = ["--minutes", str(seconds / 60), "--keep", str(tmp_path)]
    done = subprocess.run([*command, *options], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "0 findings" in done.stdout
    assert "refused" in done.stdout
