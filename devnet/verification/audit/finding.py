"""Findings: what an audit says of each model call, and how often it said what."""

from collections import Counter
from dataclasses import dataclass, field
from enum import Enum

from devnet.receipt import InferenceReceipt


class Result(Enum):
    """What is known of a model call; the value is the exit code of the worst."""

    CONFIRMED = 0
    REFUTED = 1
    CANNOT_TELL = 2


@dataclass(frozen=True, slots=True)
class Finding:
    """One model call, or blocks as a whole where no call is known."""

    result: Result
    blocks: range
    receipt: InferenceReceipt | None
    step: str = ""  # that decides, named as in `devnet verify`; empty if confirmed
    reason: str = ""


@dataclass(slots=True)
class Summary:
    """Counts by model and result; the empty id stands for blocks as a whole."""

    blocks: int = 0
    counts: Counter[tuple[bytes, Result]] = field(default_factory=Counter)

    def add(self, finding: Finding) -> None:
        model_id = b"" if finding.receipt is None else finding.receipt.model_id
        self.counts[model_id, finding.result] += 1

    def count(self, result: Result) -> int:
        """Of all models."""
        return sum(number for (_, found), number in self.counts.items() if found is result)

    @property
    def models(self) -> tuple[bytes, ...]:
        """Ids that something was found about, in the order in which they came."""
        return tuple(dict.fromkeys(model_id for model_id, _ in self.counts))

    @property
    def verdict(self) -> Result:
        """Refuted if one call is; else what is left."""
        for result in (Result.REFUTED, Result.CANNOT_TELL):
            if self.count(result):
                return result
        return Result.CONFIRMED
