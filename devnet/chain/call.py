"""Calls that change nothing: `eth_call` on any executed state.

What refuses a call, in which order and in which words, follows geth's `core.StateTransition`.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

from eth.exceptions import VMError
from eth_utils.address import to_checksum_address
from eth_utils.exceptions import ValidationError

from devnet.chain.forks.blob import GAS_PER_BLOB
from devnet.chain.forks.fork import Fork
from devnet.chain.forks.rules import Rules
from devnet.chain.header import Header
from devnet.chain.intrinsic import check_gas, compute_floor_gas
from devnet.chain.message import Delegation, Message, build_message
from devnet.chain.precompile import walk_inferences
from devnet.chain.prepared import rebind_state
from devnet.chain.revert import describe_revert
from devnet.chain.signing import AccessList
from devnet.chain.tracing.event import Failure, Reason, Tracer
from devnet.chain.tracing.failure import describe_failure
from devnet.chain.tracing.replay import build_begin, watch
from devnet.chain.world import World
from devnet.errors import (
    BadTransaction,
    ExecutionFailed,
    ExecutionReverted,
    FeeTooLow,
    HostError,
    InsufficientFunds,
)
from precompiles.errors import Fatal
from precompiles.interface import InferenceCall

MAX_CALL_GAS = 50_000_000  # of one call; geth's default for `--rpc.gascap`
REFUSALS = (BadTransaction, FeeTooLow)  # why a call does not begin


@dataclass(frozen=True, slots=True)
class Call:
    """A message to try; it pays nothing unless it names a price."""

    sender: bytes = bytes(20)
    to: bytes | None = None  # None creates a contract
    value: int = 0
    data: bytes = b""
    gas: int | None = None  # all that a call may have if not given
    max_fee: int = 0  # wei per gas
    tip: int = 0  # wei per gas; a gas price is both
    access_list: AccessList = ()
    delegations: tuple[Delegation, ...] = ()
    blob_hashes: tuple[bytes, ...] = ()
    max_blob_fee: int = 0  # wei per unit of blob gas; 0 makes blobs free

    @property
    def is_free(self) -> bool:
        """Whether it names no price: then no base fee holds."""
        return not self.max_fee and not self.tip


@dataclass(frozen=True, slots=True)
class CallResult:
    """Outcome of a call that was tried."""

    output: bytes
    gas_used: int  # after the refund
    gas_spent: int  # before the refund
    inferences: tuple[InferenceCall, ...]
    failure: Failure | None = None


def execute_call(
    world: World, header: Header, ancestors: Sequence[bytes], call: Call
) -> CallResult:
    """Try a call on the state after `header`, in that block's context.

    Raises: ExecutionReverted, ExecutionFailed, and what `try_call` raises.
    """
    try:
        result = try_call(world, header, ancestors, call)
    except REFUSALS as refused:
        raise type(refused)(f"err: {refused} (supplied gas {_cap(call.gas)})") from refused
    if result.failure is not None:
        raise explain_failure(result.failure, result.output)
    return result


def try_call(
    world: World,
    header: Header,
    ancestors: Sequence[bytes],
    call: Call,
    tracer: Tracer | None = None,
) -> CallResult:
    """As `execute_call`, but a call that fails has a result too; a tracer may watch.

    Raises: FeeTooLow, InsufficientFunds, IntrinsicGasTooLow, BadTransaction: the `REFUSALS`;
        HostError.
    """
    base_fee = 0 if call.is_free else header.base_fee_per_gas
    state = world.open(header.state_root, header, ancestors, base_fee)
    rules: Rules = state.rules
    if call.blob_hashes and not call.max_blob_fee:
        state = rebind_state(state, blob_base_fee=0)
    message = build_call_message(call, rules.fork)
    _check_price(call, base_fee)
    _check(state, message, rules)
    state.lock_changes()
    try:
        with _watch(state, message, header, tracer):
            computation = run_message(state, message)
    except Fatal as fault:
        raise HostError(f"{type(fault).__name__}: {fault}") from fault
    except (VMError, ValidationError) as refused:
        raise BadTransaction(f"refused by the EVM: {refused}") from refused
    used, spent = compute_gas_used(message, computation, rules)
    return CallResult(
        output=bytes(computation.output),
        gas_used=used,
        gas_spent=max(spent, used),
        inferences=tuple(c for c, undone in walk_inferences(computation) if not undone),
        failure=describe_failure(computation),
    )


def explain_failure(failure: Failure, output: bytes) -> ExecutionReverted | ExecutionFailed:
    """The error of a call that failed."""
    if failure.reason is Reason.REVERTED:
        return ExecutionReverted(describe_revert(output), output)
    return ExecutionFailed(str(failure))


def run_message(state: Any, message: Any) -> Any:
    """Execute a message as a transaction, fees and refunds included; the finished computation."""
    executor = state.get_transaction_executor()
    evm_message = executor.build_evm_message(message)
    computation = executor.build_computation(evm_message, message)
    executor.finalize_computation(message, computation)
    state.clear_transient_storage()
    return computation


def compute_gas_used(message: Message, computation: Any, rules: Rules) -> tuple[int, int]:
    """Gas that is paid for, and gas spent before the refund."""
    spent = message.gas - computation.get_gas_remaining()
    refund = min(computation.get_gas_refund(), spent // rules.refund_quotient)
    return max(spent - refund, compute_floor_gas(message.data, rules.fork)), spent


def build_call_message(call: Call, fork: Fork) -> Message:
    """The message of a call, under the rules of a fork."""
    return build_message(
        sender=call.sender,
        to=call.to,
        value=call.value,
        data=call.data,
        gas=_cap(call.gas),
        max_fee=call.max_fee,
        tip=call.tip,
        fork=fork,
        access_list=call.access_list,
        delegations=call.delegations,
        blob_hashes=call.blob_hashes,
        max_blob_fee=call.max_blob_fee,
    )


def _watch(
    state: Any, message: Message, header: Header, tracer: Tracer | None
) -> AbstractContextManager[None]:
    if tracer is None:
        return nullcontext()
    return watch(state, build_begin(state, message, message.sender, header), tracer)


def _cap(gas: int | None) -> int:
    return MAX_CALL_GAS if gas is None else min(gas, MAX_CALL_GAS)


def _check_price(call: Call, base_fee: int) -> None:
    sender = to_checksum_address(call.sender)
    if call.tip > call.max_fee:
        raise BadTransaction(
            f"max priority fee per gas higher than max fee per gas: address {sender}, "
            f"maxPriorityFeePerGas: {call.tip}, maxFeePerGas: {call.max_fee}"
        )
    if call.max_fee < base_fee:
        raise FeeTooLow(
            f"max fee per gas less than block base fee: address {sender}, "
            f"maxFeePerGas: {call.max_fee}, baseFee: {base_fee}"
        )


def _check(state: Any, message: Message, rules: Rules) -> None:
    sender = to_checksum_address(message.sender)
    if not message.to and message.blob_versioned_hashes:
        raise BadTransaction("blob transaction of type create")
    if not message.to and message.authorization_list:
        raise BadTransaction(
            f"EIP-7702 transaction cannot be used to create contract (sender {sender})"
        )
    balance = state.get_balance(message.sender)
    blob_gas = GAS_PER_BLOB * len(message.blob_versioned_hashes)
    fees = message.gas * message.max_fee_per_gas + blob_gas * message.max_fee_per_blob_gas
    cost = message.value + fees
    if balance < cost:
        raise InsufficientFunds(
            "insufficient funds for gas * price + value: "
            f"address {sender} have {balance} want {cost}"
        )
    check_gas(message, rules.fork)
    if not message.to and len(message.data) > rules.max_initcode_bytes:
        raise BadTransaction(
            f"max initcode size exceeded: code size {len(message.data)} limit "
            f"{rules.max_initcode_bytes}"
        )
