"""Calls that change nothing: `eth_call` and gas estimation on any executed state."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from eth.exceptions import VMError
from eth_utils.exceptions import ValidationError

from devnet.chain.header import Header
from devnet.chain.intrinsic import (
    check_gas,
    compute_floor_gas,
    compute_initcode_gas,
    compute_intrinsic_gas,
)
from devnet.chain.precompile import walk_inferences
from devnet.chain.revert import describe_revert
from devnet.chain.signing import AccessList
from devnet.chain.world import World
from devnet.errors import (
    BadTransaction,
    ExecutionFailed,
    ExecutionReverted,
    HostError,
    InsufficientFunds,
    IntrinsicGasTooLow,
)
from precompiles.errors import Fatal
from precompiles.interface import InferenceCall

_CALL_STIPEND = 2_300  # gas a value transfer hands to the callee


@dataclass(frozen=True, slots=True)
class Call:
    """A message to try; fees are zero unless the caller names a price."""

    sender: bytes = bytes(20)
    to: bytes | None = None  # None creates a contract
    value: int = 0
    data: bytes = b""
    gas: int | None = None  # the block gas limit if not given
    gas_price: int = 0  # wei per gas
    access_list: AccessList = ()


@dataclass(frozen=True, slots=True)
class CallResult:
    """Outcome of a call that was tried."""

    output: bytes
    gas_used: int  # after the refund
    gas_spent: int  # before the refund
    inferences: tuple[InferenceCall, ...]


@dataclass(frozen=True, slots=True)
class _Message:
    """What py-evm's executor reads of a transaction; it carries no signature."""

    sender: bytes
    to: bytes
    value: int
    data: bytes
    gas: int
    gas_price: int
    intrinsic_gas: int
    type_id: int = 2
    nonce: int = 0
    access_list: AccessList = ()
    authorization_list: tuple[()] = ()

    @property
    def max_fee_per_gas(self) -> int:
        return self.gas_price

    @property
    def max_priority_fee_per_gas(self) -> int:
        return self.gas_price


def execute_call(
    world: World, header: Header, ancestors: Sequence[bytes], call: Call
) -> CallResult:
    """Try a call on the state after `header`, in that block's context.

    Raises: ExecutionReverted, ExecutionFailed, InsufficientFunds, IntrinsicGasTooLow, HostError.
    """
    base_fee = header.base_fee_per_gas if call.gas_price else 0
    state = world.open(header.state_root, header, ancestors, base_fee)
    message = _build_message(call, header.gas_limit)
    _check_funds(state, message)
    state.lock_changes()
    try:
        computation = _run(state, message)
    except Fatal as fault:
        raise HostError(f"{type(fault).__name__}: {fault}") from fault
    except (VMError, ValidationError) as refused:
        raise BadTransaction(f"refused by the EVM: {refused}") from refused
    output = bytes(computation.output)
    if computation.is_error:
        raise _explain(computation, output)
    spent = message.gas - computation.get_gas_remaining()
    refund = min(computation.get_gas_refund(), spent // 5)
    used = max(spent - refund, compute_floor_gas(call.data))
    calls = tuple(found for found, undone in walk_inferences(computation) if not undone)
    return CallResult(output, used, max(spent, used), calls)


def estimate_gas(world: World, header: Header, ancestors: Sequence[bytes], call: Call) -> int:
    """The least gas limit with which the call succeeds, exact to the unit.

    Raises: what `execute_call` raises with all the gas there is.
    """
    limit = header.gas_limit if call.gas is None else min(call.gas, header.gas_limit)

    def succeeds(gas: int) -> bool:
        try:
            execute_call(world, header, ancestors, replace(call, gas=gas))
        except (ExecutionReverted, ExecutionFailed, IntrinsicGasTooLow):
            return False
        return True

    best = execute_call(world, header, ancestors, replace(call, gas=limit))
    if succeeds(best.gas_spent):
        high = best.gas_spent
        low = compute_intrinsic_gas(_build_message(call, limit)) - 1
        if high <= low + 1 or not succeeds(high - 1):
            return high
    else:
        low, high = best.gas_spent, limit
        likely = (best.gas_spent + _CALL_STIPEND) * 64 // 63  # EIP-150 holds back 1/64
        if low < likely < high and succeeds(likely):
            high = likely
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if succeeds(middle) else (middle, high)
    return high


def _build_message(call: Call, gas_limit: int) -> _Message:
    gas = gas_limit if call.gas is None else min(call.gas, gas_limit)
    message = _Message(
        sender=call.sender,
        to=call.to or b"",
        value=call.value,
        data=call.data,
        gas=gas,
        gas_price=call.gas_price,
        intrinsic_gas=0,
        access_list=call.access_list,
    )
    charged_later = 0 if message.to else compute_initcode_gas(message.data)
    return replace(message, intrinsic_gas=compute_intrinsic_gas(message) - charged_later)


def _check_funds(state: Any, message: _Message) -> None:
    check_gas(message)
    balance = state.get_balance(message.sender)
    cost = message.value + message.gas * message.gas_price
    if balance < cost:
        raise InsufficientFunds(
            f"insufficient funds for transfer: address 0x{message.sender.hex()} "
            f"has {balance}, needs {cost}"
        )


def _run(state: Any, message: _Message) -> Any:
    executor = state.get_transaction_executor()
    evm_message = executor.build_evm_message(message)
    return executor.build_computation(evm_message, message)


def _explain(computation: Any, output: bytes) -> ExecutionReverted | ExecutionFailed:
    name = type(computation.error).__name__
    if name == "Revert":
        return ExecutionReverted(describe_revert(output), output)
    if name == "OutOfGas":
        return ExecutionFailed("out of gas")
    return ExecutionFailed(f"{name}: {computation.error}")
