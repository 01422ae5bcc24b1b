"""Trace: one line per delivery, and a hash over all of them: equal seeds give equal traces."""

from hashlib import sha256

from devnet.consensus.participation.commit import Commit
from devnet.consensus.participation.host import NextHeight, Retry, Status
from devnet.consensus.tendermint.event import TimedOut
from devnet.consensus.tendermint.message import Precommit, Prevote, Proposal, describe
from devnet.validators.station import Letter, Slip


class Trace:
    """Hashes lines; keeps them only if asked to."""

    def __init__(self, keep: bool = False) -> None:
        self.lines: list[str] = []
        self.count = 0
        self._keep = keep
        self._hash = sha256()

    def add(self, now_us: int, node: int, payload: object) -> None:
        """One delivery."""
        self.note(f"{now_us} n{node} {describe_payload(payload)}")

    def note(self, line: str) -> None:
        """Anything else that belongs to the run."""
        self.count += 1
        self._hash.update(line.encode() + b"\n")
        if self._keep:
            self.lines.append(line)

    @property
    def digest(self) -> str:
        """Hash of all lines so far."""
        return self._hash.hexdigest()


def describe_payload(payload: object) -> str:
    """What a node is handed, in a line."""
    match payload:
        case Proposal() | Prevote() | Precommit():
            return describe(payload)
        case TimedOut():
            return f"timeout {payload.step.name.lower()} {payload.height}/{payload.round}"
        case NextHeight():
            return f"next after {payload.height}"
        case Retry():
            return f"retry {payload.height}"
        case Status():
            return f"status {payload.height} of {payload.validator.hex()[:8]}"
        case Commit():
            return f"commit {payload.height}/{payload.round} {payload.value.hex()[:8]}"
        case Letter():
            return describe_payload(payload.message)
        case Slip():
            said = payload.said
            who = said.validator.hex()[:8]
            return f"{type(said).__name__.lower()} {said.height}/{said.round} by {who}"
    return type(payload).__name__.strip("_").lower()
