"""Outcomes and faults of a precompile call.

    PrecompileError
      Halt                 the call fails, its gas is burnt
        OutOfGas  WriteProtection
      Revert               the call fails, unused gas is kept, the contract reads the reason
        BadInput  UnknownModel  NotAdmitted  TooLarge  NotAllowed
      Fatal                this host cannot answer: never an outcome, the validator abstains
        ModelMissing  StoreCorrupt  RuntimeBroken

Halt and Revert are part of consensus: equal on every host. Fatal never reaches a contract.
"""

from eth_abi.abi import encode

_ERROR_STRING_SELECTOR = bytes.fromhex("08c379a0")  # Error(string)


class PrecompileError(Exception):
    """Anything a precompile raises."""


class Halt(PrecompileError):
    """The call fails and burns all its gas."""


class OutOfGas(Halt):
    """The static cost of the call is above the gas it was given."""

    def __init__(self, cost: int, limit: int) -> None:
        super().__init__(f"costs {cost} gas, {limit} given")
        self.cost = cost
        self.limit = limit


class WriteProtection(Halt):
    """A static call tried to change state."""


class Revert(PrecompileError):
    """The call fails with a reason, in Solidity's `Error(string)` form."""

    @property
    def reason(self) -> str:
        return f"{type(self).__name__}: {self}"

    @property
    def data(self) -> bytes:
        return _ERROR_STRING_SELECTOR + encode(["bytes"], [self.reason.encode(errors="replace")])


class BadInput(Revert):
    """The call data does not decode, or does not fit the model's signature."""


class UnknownModel(Revert):
    """The chain does not know this id or alias."""


class NotAdmitted(Revert):
    """The static check refuses the model."""


class TooLarge(Revert):
    """A size is above its published cap."""


class NotAllowed(Revert):
    """The caller may not do this."""


class Fatal(PrecompileError):
    """This host cannot answer."""


class ModelMissing(Fatal):
    """The chain knows the model, this host's store has no bytes for it."""


class StoreCorrupt(Fatal):
    """The stored bytes do not hash to the model id."""


class RuntimeBroken(Fatal):
    """The inference runtime failed on an admitted model."""
