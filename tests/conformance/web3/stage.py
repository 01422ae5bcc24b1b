"""What web3.py's module tests find on the chain: its own contracts, a transfer, a log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from web3 import Web3
from web3._utils.contract_sources.contract_data.emitter_contract import EMITTER_CONTRACT_DATA
from web3._utils.contract_sources.contract_data.math_contract import MATH_CONTRACT_DATA
from web3._utils.contract_sources.contract_data.offchain_lookup import OFFCHAIN_LOOKUP_DATA
from web3._utils.contract_sources.contract_data.panic_errors_contract import (
    PANIC_ERRORS_CONTRACT_DATA,
)
from web3._utils.contract_sources.contract_data.revert_contract import REVERT_CONTRACT_DATA
from web3._utils.contract_sources.contract_data.storage_contract import STORAGE_CONTRACT_DATA
from web3.types import RPCEndpoint, TxParams, Wei

LOG_DOUBLE_WITH_INDEX = 9  # in the emitter's enumeration
LOGGED = (12345, 54321)  # stand in the tests
DATA: Mapping[str, Mapping[str, Any]] = {
    "emitter": EMITTER_CONTRACT_DATA,
    "math": MATH_CONTRACT_DATA,
    "offchain_lookup": OFFCHAIN_LOOKUP_DATA,
    "panic_errors": PANIC_ERRORS_CONTRACT_DATA,
    "revert": REVERT_CONTRACT_DATA,
    "storage": STORAGE_CONTRACT_DATA,
}


@dataclass(frozen=True, slots=True)
class Stage:
    """Contracts by name, transactions by hash."""

    addresses: dict[str, Any]
    math_deployment: bytes
    with_log: bytes
    transfer: bytes
    empty_block: int

    def bind(self, w3: Any, name: str) -> Any:
        """A contract as this client, blocking or not, sees it."""
        return w3.eth.contract(self.addresses[name], abi=DATA[name]["abi"])


def set_stage(w3: Web3) -> Stage:
    """Send it all from an account that the tests leave alone, each in a block of its own."""
    sender = w3.eth.accounts[-1]
    receipts = {}
    for name, data in DATA.items():
        factory = w3.eth.contract(abi=data["abi"], bytecode=data["bytecode"])
        sent = factory.constructor().transact({"from": sender})
        receipts[name] = w3.eth.wait_for_transaction_receipt(sent)
    addresses = {name: receipt["contractAddress"] for name, receipt in receipts.items()}
    emitter: Any = w3.eth.contract(addresses["emitter"], abi=DATA["emitter"]["abi"])
    log: Any = emitter.functions.logDouble(LOG_DOUBLE_WITH_INDEX, *LOGGED).transact(
        {"from": sender}
    )
    w3.eth.wait_for_transaction_receipt(log)
    transfer: TxParams = {"from": sender, "to": sender, "value": Wei(1)}
    moved = w3.eth.send_transaction(transfer)
    w3.eth.wait_for_transaction_receipt(moved)
    w3.provider.make_request(RPCEndpoint("evm_mine"), [])
    deployed = receipts["math"]["transactionHash"]
    return Stage(addresses, deployed, log, moved, w3.eth.block_number)
