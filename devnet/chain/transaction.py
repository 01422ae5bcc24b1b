"""A transaction decoded once: hash, sender and py-evm's view of it, shared by all validators."""

from dataclasses import dataclass
from typing import Any

import rlp
from eth.exceptions import UnrecognizedTransactionType
from eth.vm.forks.prague.transactions import PragueTransactionBuilder
from eth_keys.exceptions import BadSignature as BadKeySignature
from eth_utils.exceptions import ValidationError

from devnet.chain.intrinsic import check_gas
from devnet.errors import BadTransaction, UnsupportedTransaction
from precompiles.digest import compute_keccak

MAX_TRANSACTION_BYTES = 128 * 1024  # bytes, as geth's pool
BLOB_TYPE = 3
_HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0  # secp256k1


@dataclass(frozen=True, slots=True)
class Transaction:
    """A signed transaction as it stands in a block."""

    raw: bytes
    hash: bytes
    sender: bytes
    evm: Any  # py-evm's SignedTransactionAPI

    @property
    def type_id(self) -> int:
        return self.raw[0] if self.raw[0] < 0x80 else 0

    @property
    def nonce(self) -> int:
        nonce: int = self.evm.nonce
        return nonce

    @property
    def is_creation(self) -> bool:
        return not self.evm.to


def decode_transaction(raw: bytes) -> Transaction:
    """Decode canonical bytes and recover the sender.

    Raises: BadTransaction if the bytes or the signature are unsound; UnsupportedTransaction;
        IntrinsicGasTooLow.
    """
    if not raw:
        raise BadTransaction("empty transaction")
    if len(raw) > MAX_TRANSACTION_BYTES:
        raise BadTransaction(f"transaction of {len(raw)} bytes, at most {MAX_TRANSACTION_BYTES}")
    if raw[0] == BLOB_TYPE:
        raise UnsupportedTransaction("blob transactions (type 3) are not taken; send type 0 to 2")
    try:
        evm = PragueTransactionBuilder.decode(raw)
        check_gas(evm)  # `validate` says only that it is insufficient
        evm.validate()
        if evm.s > _HALF_ORDER:  # `validate` asks this of legacy transactions alone
            raise BadTransaction(f"signature has a high s (EIP-2): {evm.s}, at most {_HALF_ORDER}")
        sender: bytes = evm.sender
    except UnrecognizedTransactionType as unknown:
        raise UnsupportedTransaction(f"transaction type {raw[0]} is not known") from unknown
    except (
        rlp.exceptions.RLPException,
        ValidationError,
        BadKeySignature,
        ValueError,
        TypeError,
    ) as broken:
        raise BadTransaction(f"transaction does not decode: {broken}") from broken
    return Transaction(raw, compute_keccak(raw), sender, evm)
