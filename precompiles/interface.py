"""The whole boundary between a precompile and the chain that hosts it, as types.

A precompile is a function of call data, a gas meter and a view of the state; it knows no EVM.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import NewType, Protocol

from precompiles.errors import OutOfGas
from precompiles.models.manifest import Manifest
from precompiles.tensor import Tensor

Gas = NewType("Gas", int)
Address = bytes  # 20 bytes
ModelId = bytes  # 32 bytes


class Mode(IntEnum):
    """How an inference was made verifiable; OpenGradient's numbering, then ours."""

    VANILLA = 0
    OPTIMISTIC = 3  # run by one validator, and not refuted while it could be disputed


class Meter:
    """Gas of one call: charged before the work it pays for."""

    __slots__ = ("limit", "used")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.used = 0

    def charge(self, gas: int) -> None:
        """Raises: OutOfGas if the total would pass the limit."""
        if self.used + gas > self.limit:
            raise OutOfGas(self.used + gas, self.limit)
        self.used += gas


@dataclass(frozen=True, slots=True)
class InferenceCall:
    """One finished model call, as reported to the chain; nothing in it depends on the host."""

    caller: Address
    manifest: Manifest
    mode: Mode
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    input_digest: bytes
    output_digest: bytes
    gas: int


class Engine(Protocol):
    """What a host runs models with; raises only Fatal errors."""

    def load(self, model_id: ModelId) -> bytes: ...

    def admit(self, model_id: ModelId, dimensions: Mapping[str, int]) -> Manifest:
        """The static check. Raises: NotAdmitted and TooLarge besides Fatal."""

    def try_out(self, manifest: Manifest) -> None:
        """Run an admitted model on generated inputs: this host can execute it, and rightly."""

    def run(self, manifest: Manifest, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]: ...


class StorageReader(Protocol):
    """Read access to contract storage."""

    def load(self, address: Address, slot: int) -> int: ...


class StateView(StorageReader, Protocol):
    """What a precompile may see and change during one call."""

    @property
    def caller(self) -> Address: ...

    @property
    def address(self) -> Address:
        """Whose storage `store` writes: differs from the precompile under DELEGATECALL."""

    def store(self, slot: int, value: int) -> None:
        """Raises: WriteProtection in a static call."""

    def log(self, topics: tuple[bytes, ...], data: bytes) -> None:
        """Raises: WriteProtection in a static call."""

    def record(self, call: InferenceCall) -> None: ...


Precompile = Callable[[bytes, Meter, StateView], bytes]
Table = Mapping[Address, tuple[str, Precompile]]
