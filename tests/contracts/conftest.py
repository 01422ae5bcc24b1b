"""The staking contract on a chain of its own, as a genesis block places it, and who calls it."""

from __future__ import annotations

from ast import literal_eval
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
from eth_tester import EthereumTester, PyEVMBackend
from eth_tester.exceptions import TransactionFailed
from eth_typing import ChecksumAddress
from eth_utils.abi import abi_to_signature
from web3 import Web3
from web3.contract import Contract
from web3.providers.eth_tester import EthereumTesterProvider

from contracts import load
from devnet.config import WEI_PER_ETHER, Staking
from devnet.consensus.staking import STAKING, build_storage, read_validators
from devnet.consensus.validator_set import Member, ValidatorSet

ERRORS = {
    str(item["name"]): Web3.keccak(text=abi_to_signature(item))[:4]
    for item in load("Staking").abi
    if item["type"] == "error"
}


@dataclass(frozen=True, slots=True)
class Stakes:
    """A chain whose first accounts are its validators."""

    w3: Web3
    contract: Contract
    founders: ValidatorSet

    @property
    def accounts(self) -> list[ChecksumAddress]:
        """Who sends: the founders first."""
        return list(self.w3.eth.accounts)

    def send(self, call: Any, sender: int, value: int = 0) -> Any:
        """The receipt of a call by an account, given its index."""
        fields = {"from": self.accounts[sender], "value": value}
        return self.w3.eth.wait_for_transaction_receipt(call.transact(fields))

    def deposit(self, validator: int, wei: int = WEI_PER_ETHER) -> Any:
        call = self.contract.functions.deposit(self.accounts[validator])
        return self.send(call, validator, wei)

    def withdraw(self, validator: int, wei: int = WEI_PER_ETHER) -> Any:
        return self.send(self.contract.functions.withdraw(wei), validator)

    def read(self) -> ValidatorSet:
        """The set as validators read it: from storage alone."""
        address = Web3.to_checksum_address(STAKING)

        def load_word(place: ChecksumAddress, slot: int) -> int:
            return int.from_bytes(self.w3.eth.get_storage_at(place, slot), "big")

        return read_validators(partial(load_word, address), ValidatorSet(()))

    def refuse(self, call: Any, sender: int, error: str, value: int = 0) -> None:
        """Hold a call to fail with an error of the contract."""
        fields = {"from": self.accounts[sender], "value": value}
        self._refuse(lambda: call.call(fields), error)

    def refuse_data(self, data: bytes, error: str) -> None:
        """The same for call data."""
        fields: Any = {"from": self.accounts[0], "to": self.contract.address, "data": data}
        self._refuse(lambda: self.w3.eth.call(fields), error)

    def send_data(self, data: bytes) -> Any:
        """The receipt of a call by the first account."""
        fields: Any = {"from": self.accounts[0], "to": self.contract.address, "data": data}
        return self.w3.eth.wait_for_transaction_receipt(self.w3.eth.send_transaction(fields))

    def mine(self, count: int) -> None:
        """Blocks without transactions."""
        self.w3.provider.ethereum_tester.mine_blocks(count)  # type: ignore[attr-defined]

    def _refuse(self, call: Callable[[], object], error: str) -> None:
        with pytest.raises(TransactionFailed) as refused:
            call()
        fault: Any = refused.value.__context__
        while isinstance(fault, Exception):
            fault = fault.args[0]
        fault = literal_eval(fault)
        assert fault[:4] == ERRORS[error], (error, fault)


def build_stakes(
    powers: tuple[int, ...] = (1, 1, 1, 1), addresses: Sequence[bytes] = (), **terms: int
) -> Stakes:
    """A chain that begins with these powers, of the first accounts if no others are named."""
    state = dict(PyEVMBackend.generate_genesis_state(num_accounts=8))
    members = zip(addresses or list(state), powers, strict=False)
    founders = ValidatorSet(tuple(Member(bytes(address), power) for address, power in members))
    rules = Staking(**terms)
    state[STAKING] = {
        "balance": founders.total_power * rules.unit_wei,
        "nonce": 1,
        "storage": build_storage(founders, rules),
        "code": load("Staking").deployed_bytecode,
    }
    w3 = Web3(EthereumTesterProvider(EthereumTester(PyEVMBackend(genesis_state=state))))
    address = Web3.to_checksum_address(STAKING)
    return Stakes(w3, w3.eth.contract(address=address, abi=load("Staking").abi), founders)


@pytest.fixture
def stakes() -> Stakes:
    """Four validators of power 1."""
    return build_stakes(unbonding_blocks=3)
