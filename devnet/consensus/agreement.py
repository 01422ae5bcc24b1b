"""Agreement rules by name, as configurations and scenario files write them; or from a file.

| text            | a block is prevoted if                                                    |
|-----------------|---------------------------------------------------------------------------|
| `exact`         | own execution gives the same bits                                         |
| `tolerance(N)`  | each element of own outputs is within N units of 2^-20 of the proposed one |
| `majority`      | more than half of the power says that it found the proposed digests       |
| `commit-reveal` | a quorum found the same bits, and committed to them before they were shown |
| `FILE.py:NAME`  | the rule NAME in that Python file says so                                 |
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

from devnet.consensus.rules.claim import build_claim
from devnet.consensus.rules.commit_reveal import CommitReveal
from devnet.consensus.rules.exact import ExactBits
from devnet.consensus.rules.majority import MajorityOfDigests
from devnet.consensus.rules.rule import AgreementRule, Exchange, find_exchange, is_supported
from devnet.consensus.rules.tolerance import Tolerance
from devnet.errors import ConfigError
from precompiles.digest import compute_keccak
from precompiles.tensor import Tensor

NAMES = ("exact", "tolerance(N)", "majority", "commit-reveal", "FILE.py:NAME")
_EXACT = "exact"
_TOLERANCE = re.compile(r"tolerance\(([0-9]{1,18})\)")
_FILE = re.compile(r"(?P<file>[^:]+\.py):(?P<name>[A-Za-z_]\w*)")


@dataclass(frozen=True, slots=True)
class Agreement:
    """A chain's rule."""

    text: str = _EXACT  # without the folder of a file
    rule: AgreementRule = field(default_factory=ExactBits)
    digest: bytes = b""  # of the text and of a file's bytes; empty for exact bits

    @property
    def is_exact(self) -> bool:
        """Whether equal bits alone count, and nothing is asked."""
        return self.text == _EXACT

    @property
    def exchange(self) -> Exchange:
        """What validators tell each other before they vote."""
        return find_exchange(self.rule)

    def takes(self, own: Sequence[Tensor], other: Sequence[Tensor]) -> bool:
        """Whether one that found an output by itself takes another for it, asking nobody.

        A rule that fails takes nothing.
        """
        if tuple(own) == tuple(other):
            return True
        is_alike = [(t.dtype, t.shape) for t in own] == [(t.dtype, t.shape) for t in other]
        if not is_alike or self.exchange is not Exchange.NONE:
            return False
        try:
            return is_supported(self.rule, build_claim(own), build_claim(other))
        except Exception:  # a researcher's code: validators have reported it
            return False


def locate_rule(text: str, folder: Path) -> str:
    """The text with a file's full path, so that it means the same from any folder."""
    match = _FILE.fullmatch(text)
    return text if match is None else f"{(folder / match['file']).resolve()}:{match['name']}"


def parse_agreement(text: str) -> Agreement:
    """Read the name of a rule; a file is run as Python.

    NAME is a value with `count`, or a class of them that takes nothing.

    Raises: ConfigError with near matches.
    """
    match = _FILE.fullmatch(text)
    if match is not None:
        return _load(Path(match["file"]), match["name"])
    rule = _find(text)
    if rule is None:
        near = get_close_matches(text, NAMES, n=1)
        hint = f"did you mean '{near[0]}'?" if near else f"there are {', '.join(NAMES)}"
        raise ConfigError(f"no rule '{text}'; {hint}")
    return Agreement(text, rule, b"" if text == _EXACT else compute_keccak(text.encode()))


def _find(text: str) -> AgreementRule | None:
    if text == _EXACT:
        return ExactBits()
    if text == "majority":
        return MajorityOfDigests()
    if text == "commit-reveal":
        return CommitReveal()
    match = _TOLERANCE.fullmatch(text)
    return None if match is None else Tolerance(int(match[1]))


def _load(file: Path, name: str) -> Agreement:
    spec = spec_from_file_location(f"rule_{file.stem}", file)
    if spec is None or spec.loader is None or not file.is_file():
        raise ConfigError(f"there is no rule file {file}")
    module = module_from_spec(spec)
    try:
        source = file.read_bytes()
        spec.loader.exec_module(module)
        found = getattr(module, name)
        rule: AgreementRule = found() if isinstance(found, type) else found
    except Exception as broken:
        raise ConfigError(f"rule {file.name}:{name} cannot be used: {broken!r}") from broken
    if not callable(getattr(rule, "count", None)):
        raise ConfigError(f"rule {file.name}:{name} has no 'count(claims, proposed, total)'")
    if not isinstance(getattr(rule, "exchange", Exchange.NONE), Exchange):
        raise ConfigError(f"rule {file.name}:{name}: exchange is {rule.exchange!r}; use Exchange")  # type: ignore[attr-defined]
    text = f"{file.name}:{name}"
    return Agreement(text, rule, compute_keccak(text.encode() + b"\0" + source))
