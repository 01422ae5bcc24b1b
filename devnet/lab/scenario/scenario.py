"""What a scenario file says: who takes part, over which network, with which faults and models."""

from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from devnet.validators.misbehaviour import Behavior


class Outcome(Enum):
    """How a run may end, the worst first."""

    FORK = "fork"  # two values at one height
    WRONG_OUTPUT = "wrong-output"  # a final block has an output that its model does not give
    HALT = "halt"  # a height is not decided
    DECIDED = "decided"


@dataclass(frozen=True, slots=True)
class Network:
    """Links in milliseconds of virtual time; one of the three kinds of latency counts."""

    latency_ms: tuple[int, int] = (20, 80)  # least and most; any between is as likely
    loss_permille: int = 0
    duplication_permille: int = 0
    partition: tuple[tuple[int, ...], ...] = ()  # validators by side
    heals_ms: int | None = None  # never if not given
    gst_ms: int = 0
    reordering_permille: int = 0  # held back, up to the longest latency
    log_normal: tuple[int, int] | None = None  # median in ms, sigma of the logarithm in permille
    regions: tuple[tuple[int, ...], ...] = ()  # validators by region
    region_ms: tuple[tuple[int, ...], ...] = ()  # from a region, to a region


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A model that is registered before the first height of the run."""

    name: str  # of a sample, or of the file
    file: Path | None = None
    is_pinned: bool = False  # asks for the runtime's own floats


@dataclass(frozen=True, slots=True)
class Expectation:
    """What must come out; what is not given may be anything."""

    outcome: Outcome = Outcome.DECIDED
    disagree: tuple[str, ...] | None = None  # who finds other results, sorted by name
    culprits: tuple[str, ...] | None = None  # whom evidence names
    excluded: tuple[str, ...] = ()  # who proposes in vain
    says: tuple[str, ...] = ()  # texts of the report


@dataclass(frozen=True, slots=True)
class Scenario:
    """One run; with models it has real blocks, without it is the protocol alone."""

    title: str
    powers: tuple[int, ...]
    heights: int
    seed: int = 0
    limit_s: int = 60  # of virtual time, for runs without a chain
    behaviors: dict[int, Behavior] = field(default_factory=dict)  # by validator
    twins: tuple[int, ...] = ()
    colluders: tuple[int, ...] = ()
    sides: tuple[tuple[int, ...], ...] = ()
    network: Network = field(default_factory=Network)
    models: tuple[ModelFile, ...] = ()
    calls: int = 1  # inferences in each block
    rule: str = "exact"  # as the file writes it
    agreement: str = "exact"  # the same, with the full path of a file
    expect: Expectation = field(default_factory=Expectation)

    @property
    def names(self) -> tuple[str, ...]:
        """Of the validators."""
        return tuple(f"v{index}" for index in range(len(self.powers)))
