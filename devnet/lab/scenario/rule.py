"""Agreement rules by name, as scenario files write them; a researcher's own from a file."""

import re
from difflib import get_close_matches
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

from devnet.consensus.rules.exact import ExactBits
from devnet.consensus.rules.majority import MajorityOfDigests
from devnet.consensus.rules.rule import AgreementRule
from devnet.consensus.rules.tolerance import Tolerance
from devnet.errors import ConfigError

NAMES = ("exact", "majority", "tolerance(N)", "FILE.py:NAME")
FRACTION_BITS = 20  # of outputs as rules see them
_TOLERANCE = re.compile(r"tolerance\(([0-9]{1,18})\)")
_FILE = re.compile(r"(?P<file>[^:]+\.py):(?P<name>[A-Za-z_]\w*)")


def parse_rule(text: str, folder: Path) -> AgreementRule:
    """`exact`, `majority`, `tolerance(N)` in units of 2^-20, or `FILE.py:NAME` in `folder`.

    A file is run as Python; NAME is a value with `count`, or a class of them that takes nothing.

    Raises: ConfigError with near matches.
    """
    if text == "exact":
        return ExactBits()
    if text == "majority":
        return MajorityOfDigests()
    match = _TOLERANCE.fullmatch(text)
    if match is not None:
        return Tolerance(int(match[1]))
    match = _FILE.fullmatch(text)
    if match is not None:
        return _load(folder / match["file"], match["name"])
    near = get_close_matches(text, NAMES, n=1)
    hint = f"did you mean '{near[0]}'?" if near else f"there are {', '.join(NAMES)}"
    raise ConfigError(f"no rule '{text}'; {hint}")


def _load(file: Path, name: str) -> AgreementRule:
    spec = spec_from_file_location(f"rule_{file.stem}", file)
    if spec is None or spec.loader is None or not file.is_file():
        raise ConfigError(f"there is no rule file {file}")
    module = module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
        found = getattr(module, name)
        rule: AgreementRule = found() if isinstance(found, type) else found
    except Exception as broken:
        raise ConfigError(f"rule {file.name}:{name} cannot be used: {broken!r}") from broken
    if not callable(getattr(rule, "count", None)):
        raise ConfigError(f"rule {file.name}:{name} has no 'count(claims, proposed, total)'")
    return rule
