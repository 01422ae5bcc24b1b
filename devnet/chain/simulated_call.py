"""One call of a simulated block: what is filled in, and what refuses it.

| code   | the call                                     | checked                    |
|--------|----------------------------------------------|----------------------------|
| -38010 | has a nonce that is used                     | with validation            |
| -38011 | has a nonce that comes later                 | with validation            |
| -38012 | pays less than the base fee                  | with validation or a fee   |
| -38013 | has less gas than it costs to begin          | always                     |
| -38014 | costs more than the sender has               | always                     |
| -38015 | does not fit into what is left of the block  | always                     |
| -38025 | creates by code that is too long             | always                     |
"""

from dataclasses import dataclass
from typing import Any

from eth_utils.address import to_checksum_address

from devnet.chain.forks.blob import GAS_PER_BLOB
from devnet.chain.forks.fork import Fork
from devnet.chain.forks.rules import Rules
from devnet.chain.header import Header
from devnet.chain.intrinsic import check_gas
from devnet.chain.message import Delegation, Message, build_message
from devnet.chain.signing import AccessList
from devnet.errors import IntrinsicGasTooLow, SimulationRefused

NONCE_TOO_LOW, NONCE_TOO_HIGH = -38010, -38011
FEE_TOO_LOW, GAS_TOO_LOW, NO_FUNDS = -38012, -38013, -38014
BLOCK_FULL, INITCODE_TOO_LARGE = -38015, -38025
INVALID_PARAMS = -32602
NONCE_EXHAUSTED = -32603  # geth's code for all that the list above has no code for
MAX_NONCE = 2**64 - 1


@dataclass(frozen=True, slots=True)
class SimulatedCall:
    """A call as it was asked for; None is filled in."""

    sender: bytes = bytes(20)
    to: bytes | None = None  # None creates a contract
    value: int = 0
    data: bytes = b""
    gas: int | None = None
    nonce: int | None = None
    gas_price: int | None = None  # wei per gas, as the next two
    max_fee: int = 0
    tip: int = 0
    access_list: AccessList = ()
    delegations: tuple[Delegation, ...] = ()
    blob_hashes: tuple[bytes, ...] = ()
    max_blob_fee: int = 0


class GasBudget:
    """Gas of a whole simulation: a bound of work, not a rule of the chain."""

    def __init__(self, gas: int) -> None:
        self.left = gas

    def spend(self, gas: int) -> None:
        self.left = max(self.left - gas, 0)


def fill_message(
    call: SimulatedCall,
    state: Any,
    header: Header,
    gas_used: int,
    budget: GasBudget,
    rules: Rules,
    chain_id: int,
) -> Message:
    """The message to execute. Raises: SimulationRefused if the block has no room."""
    room = header.gas_limit - gas_used
    gas = room if call.gas is None else call.gas
    if gas > room:
        raise SimulationRefused(
            f"block gas limit reached: {gas_used + gas} >= {header.gas_limit}", BLOCK_FULL
        )
    return build_message(
        sender=call.sender,
        to=call.to,
        value=call.value,
        data=call.data,
        gas=min(gas, budget.left),
        max_fee=call.gas_price if call.gas_price is not None else call.max_fee,
        tip=call.gas_price if call.gas_price is not None else call.tip,
        fork=rules.fork,
        nonce=state.get_nonce(call.sender) if call.nonce is None else call.nonce,
        access_list=call.access_list,
        delegations=call.delegations,
        blob_hashes=call.blob_hashes,
        max_blob_fee=call.max_blob_fee,
        chain_id=chain_id,
        type_id=None if call.gas_price is None else 0,
    )


def check_message(
    message: Message, state: Any, header: Header, rules: Rules, validates: bool
) -> None:
    """Hold a message against the state. Raises: SimulationRefused."""
    sender = to_checksum_address(message.sender)

    def refuse(text: str, code: int) -> SimulationRefused:
        return SimulationRefused(f"err: {text} (supplied gas {message.gas})", code)

    nonce = state.get_nonce(message.sender)
    if validates and message.nonce != nonce:
        word, code = ("low", NONCE_TOO_LOW) if message.nonce < nonce else ("high", NONCE_TOO_HIGH)
        raise refuse(
            f"nonce too {word}: address {sender}, tx: {message.nonce} state: {nonce}", code
        )
    if validates and nonce == MAX_NONCE:
        raise refuse(f"nonce has max value: address {sender}, nonce: {nonce}", NONCE_EXHAUSTED)
    max_fee, tip = message.max_fee_per_gas, message.max_priority_fee_per_gas
    if validates or max_fee or tip:
        if tip > max_fee:
            raise refuse(
                f"max priority fee per gas higher than max fee per gas: address {sender}, "
                f"maxPriorityFeePerGas: {tip}, maxFeePerGas: {max_fee}",
                INVALID_PARAMS,
            )
        if max_fee < header.base_fee_per_gas:
            raise refuse(
                f"max fee per gas less than block base fee: address {sender}, "
                f"maxFeePerGas: {max_fee}, baseFee: {header.base_fee_per_gas}",
                FEE_TOO_LOW,
            )
    if validates and message.blob_versioned_hashes and rules.fork >= Fork.CANCUN:
        blob_fee, most = state.blob_base_fee, message.max_fee_per_blob_gas
        if most < blob_fee:
            raise refuse(
                f"max fee per blob gas less than block blob gas fee: address {sender}, "
                f"blobGasFeeCap: {most}, blobBaseFee: {blob_fee}",
                FEE_TOO_LOW,
            )
    if not message.to and (message.blob_versioned_hashes or message.authorization_list):
        raise refuse("a blob or set-code transaction cannot create a contract", INVALID_PARAMS)
    blob_gas = GAS_PER_BLOB * len(message.blob_versioned_hashes)
    cost = message.gas * max_fee + message.value + blob_gas * message.max_fee_per_blob_gas
    balance = state.get_balance(message.sender)
    if balance < cost:
        raise refuse(
            "insufficient funds for gas * price + value: "
            f"address {sender} have {balance} want {cost}",
            NO_FUNDS,
        )
    try:
        check_gas(message, rules.fork)
    except IntrinsicGasTooLow as short:
        raise refuse(str(short), GAS_TOO_LOW) from short
    if not message.to and len(message.data) > rules.max_initcode_bytes:
        raise refuse(
            f"max initcode size exceeded: code size {len(message.data)} limit "
            f"{rules.max_initcode_bytes}",
            INITCODE_TOO_LARGE,
        )
