"""`devnet demo` tells the whole story and leaves the proofs behind."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

Command = Callable[..., Any]


def test_the_demo_tells_the_whole_story(devnet: Command, tmp_path: Path) -> None:
    """Ten digits, one liar named, two liars halt, proof verified, forgery refuted."""
    told = devnet("demo", "--out", str(tmp_path))
    assert told.code == 0, told.err
    text = " ".join(told.out.split())
    for part in (
        "9 of 10 right; each block final with 4 of 4 signatures",
        "outvoted: block",
        "v2 found another result, first at inference receipt 0",
        "output 'scores' element",
        "needs power 3 of 4",
        "v3 restored, it executes what it missed",
        "signed by v0 v1 v2 v3",
        "$ devnet verify",
        "exit code 0",
        "refuted: output",
        "exit code 1",
    ):
        assert part in text, part
    assert re.search(r"Done in [0-9.]+ s", text)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bundle.json", "forged.json"]
