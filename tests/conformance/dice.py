"""Random transactions: of every type that a fork knows, from accounts whose keys are known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import rlp
from eth_account import Account

from devnet.chain.forks.fork import Fork
from devnet.chain.forks.rules import get_transaction_types
from devnet.chain.forks.system import SYSTEM_CONTRACTS
from tests.conformance.random_code import CONTRACTS, Code

CHAIN_ID = 1337
WITHDRAWALS, CONSOLIDATIONS = tuple(SYSTEM_CONTRACTS)[2:]


class Dice(Code):
    """Code and transactions by one seed."""

    def sign(self, index: int, nonces: Sequence[int], fork: Fork) -> bytes:
        """A transaction of any type that the fork knows."""
        pick = self.random
        to = pick.choice((*CONTRACTS, *CONTRACTS, self.address(), None))
        data = pick.choice((b"", bytes(40), pick.randbytes(80), pick.randbytes(160)))
        kind = pick.choice(get_transaction_types(fork))
        if kind > 2 and to is None:
            to = CONTRACTS[0]
        if to is None:
            data = self.program(pick.randrange(1, 8), 1) + self.deploy()
        if to in (WITHDRAWALS, CONSOLIDATIONS):
            data = pick.randbytes(56 if to == WITHDRAWALS else 96)
        gas = pick.choice((60_000, 200_000, 500_000, 1_000_000))
        value = pick.choice((0, 0, 1, 1_000))
        if kind == 3:
            return self.sign_blobs(index, nonces[index], gas, to or b"", value, data)
        fields = {"nonce": nonces[index], "gas": gas, "value": value, "data": data}
        fields |= {"to": to} if to is not None else {}
        fields |= {"chainId": CHAIN_ID} if fork >= Fork.SPURIOUS_DRAGON else {}
        if kind < 2:
            fields |= {"gasPrice": 10**10}
        else:
            fields |= {"maxFeePerGas": 10**10, "maxPriorityFeePerGas": pick.choice((0, 10**9))}
        if kind:
            slots = ["0x" + bytes(31).hex() + "01"]
            listed = {"address": "0x" + self.address().hex(), "storageKeys": slots}
            fields |= {"accessList": [listed] * pick.randrange(3), "type": kind}
        if kind == 4:
            fields |= {"authorizationList": [self.authorize(index, nonces) for _ in range(2)]}
        return bytes(Account.sign_transaction(fields, self.keys[index].to_bytes()).raw_transaction)

    def sign_blobs(
        self, index: int, nonce: int, gas: int, to: bytes, value: int, data: bytes, count: int = 2
    ) -> bytes:
        """A blob transaction as it stands in a block."""
        hashes = [b"\x01" + bytes([n]) * 31 for n in range(count)]
        body = [CHAIN_ID, nonce, 10**9, 10**10, gas, to, value, data, [], 10**10, hashes]
        signature = self.keys[index].sign_msg(b"\x03" + rlp.encode(body))
        return b"\x03" + bytes(rlp.encode([*body, signature.v, signature.r, signature.s]))

    def authorize(self, sender: int, nonces: Sequence[int]) -> Any:
        """A delegation, mostly valid."""
        pick = self.random
        index = pick.randrange(len(self.keys))
        fields = {
            "chainId": pick.choice((0, CHAIN_ID, CHAIN_ID, 99)),
            "address": pick.choice((*CONTRACTS, *self.owners, bytes(20), bytes(19) + b"\x02")),
            "nonce": nonces[index] + (index == sender) + (pick.random() < 0.1),
        }
        return Account.sign_authorization(fields, self.keys[index].to_bytes())
