"""The least gas with which a call succeeds: what `eth_estimateGas` answers.

Bounds and the words of refusals follow geth's `gasestimator.Estimate`; the result is exact.
"""

from collections.abc import Sequence
from dataclasses import replace

from devnet.chain.call import (
    MAX_CALL_GAS,
    REFUSALS,
    Call,
    CallResult,
    build_call_message,
    explain_failure,
    try_call,
)
from devnet.chain.forks.rules import Rules
from devnet.chain.header import Header
from devnet.chain.intrinsic import GAS_TRANSACTION, compute_intrinsic_gas
from devnet.chain.tracing.event import Reason
from devnet.chain.world import World
from devnet.errors import (
    ExecutionFailed,
    InsufficientFunds,
    IntrinsicGasTooLow,
)

_CALL_STIPEND = 2_300  # gas a value transfer hands to the callee


def estimate_gas(world: World, header: Header, ancestors: Sequence[bytes], call: Call) -> int:
    """The least gas limit with which the call succeeds, exact to the unit.

    Raises: what `execute_call` raises with all the gas there is; ExecutionFailed if that is not
        enough.
    """
    rules = world.schedule.find_rules(header)
    limit = _find_limit(world, header, call, rules)

    def attempt(gas: int) -> CallResult | None:
        try:
            result = try_call(world, header, ancestors, replace(call, gas=gas))
        except IntrinsicGasTooLow:
            return None
        return None if result.failure else result

    best = _try_limit(world, header, ancestors, call, limit)
    if attempt(best.gas_spent):
        high = best.gas_spent
        low = compute_intrinsic_gas(build_call_message(call, rules.fork), rules.fork) - 1
        if high <= low + 1 or not attempt(high - 1):
            return high
    else:
        low, high = best.gas_spent, limit
        likely = (best.gas_spent + _CALL_STIPEND) * 64 // 63  # EIP-150 holds back 1/64
        if low < likely < high and attempt(likely):
            high = likely
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if attempt(middle) else (middle, high)
    return high


def _find_limit(world: World, header: Header, call: Call, rules: Rules) -> int:
    """As much gas as a transaction may have, was named, and the sender can pay."""
    limit = min(header.gas_limit, rules.max_transaction_gas, MAX_CALL_GAS)
    if call.gas is not None and call.gas >= GAS_TRANSACTION:
        limit = min(call.gas, limit)
    if call.max_fee:
        state = world.open(header.state_root, header)
        balance = state.get_balance(call.sender)
        if balance < call.value:
            raise InsufficientFunds("insufficient funds for transfer")
        limit = min(limit, (balance - call.value) // call.max_fee)
    return limit


def _try_limit(
    world: World, header: Header, ancestors: Sequence[bytes], call: Call, limit: int
) -> CallResult:
    try:
        result = try_call(world, header, ancestors, replace(call, gas=limit))
    except IntrinsicGasTooLow as refused:
        raise ExecutionFailed(f"gas required exceeds allowance ({limit})") from refused
    except REFUSALS as refused:
        raise type(refused)(f"failed with {limit} gas: {refused}") from refused
    if result.failure is None:
        return result
    if result.failure.reason is Reason.OUT_OF_GAS:
        raise ExecutionFailed(f"gas required exceeds allowance ({limit})")
    raise explain_failure(result.failure, result.output)
