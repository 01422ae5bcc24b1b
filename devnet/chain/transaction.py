"""A transaction decoded once: hash, sender and py-evm's view of it, shared by all validators.

py-evm reads a transaction by the rules of its fork: before Istanbul, data cost more.
"""

from dataclasses import dataclass, replace
from typing import Any

import rlp
from coincurve import PublicKey
from eth.exceptions import UnrecognizedTransactionType
from eth.vm.forks.frontier.transactions import FrontierTransaction
from eth.vm.forks.homestead.transactions import HomesteadTransaction
from eth.vm.forks.prague.transactions import PragueTransactionBuilder
from eth.vm.forks.spurious_dragon.transactions import SpuriousDragonTransaction
from eth_keys.exceptions import BadSignature as BadKeySignature
from eth_utils.exceptions import ValidationError

from devnet.chain.forks.blob import GAS_PER_BLOB
from devnet.chain.forks.fork import LATEST, Fork
from devnet.chain.forks.rules import get_transaction_era, get_transaction_types
from devnet.chain.intrinsic import check_gas
from devnet.chain.sidecar import BLOB_TYPE, Sidecar, check_sidecar, split_network_form
from devnet.chain.state.encoding import encode_list, encode_number, get_payload
from devnet.errors import BadTransaction, UnsupportedTransaction
from precompiles.digest import compute_keccak

MAX_TRANSACTION_BYTES = 128 * 1024  # bytes without blobs, as geth's pool
MAX_NETWORK_BYTES = MAX_TRANSACTION_BYTES + 9 * 138_000  # with nine blobs and their cell proofs
MAX_NONCE = 2**64 - 2  # EIP-2681: its successor fits
_READERS: dict[Fork, Any] = {
    Fork.FRONTIER: FrontierTransaction,
    Fork.HOMESTEAD: HomesteadTransaction,
    Fork.SPURIOUS_DRAGON: SpuriousDragonTransaction,
    Fork.ISTANBUL: PragueTransactionBuilder,
}
_HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0  # secp256k1


@dataclass(frozen=True, slots=True)
class Transaction:
    """A signed transaction as it stands in a block."""

    raw: bytes
    hash: bytes
    sender: bytes
    evm: Any  # py-evm's SignedTransactionAPI
    era: Fork = Fork.ISTANBUL  # whose reading `evm` is
    sidecar: Sidecar | None = None  # blobs, where they came along

    @property
    def type_id(self) -> int:
        return self.raw[0] if self.raw[0] < 0x80 else 0

    @property
    def nonce(self) -> int:
        nonce: int = self.evm.nonce
        return nonce

    @property
    def blob_gas(self) -> int:
        """Units of blob gas; they are paid for whether or not the transaction succeeds."""
        if self.type_id != BLOB_TYPE:
            return 0
        return GAS_PER_BLOB * len(self.evm.blob_versioned_hashes)

    @property
    def is_creation(self) -> bool:
        return not self.evm.to


def decode_transaction(raw: bytes, fork: Fork = LATEST) -> Transaction:
    """Decode what a user sends and recover the sender; blobs come along and are checked.

    Raises: BadTransaction if the bytes, the signature or the blobs are unsound;
        UnsupportedTransaction; IntrinsicGasTooLow.
    """
    _check_type(raw, fork)
    if raw[0] == BLOB_TYPE:
        _check_size(raw, MAX_NETWORK_BYTES)
        raw, sidecar = split_network_form(raw)
        _check_size(raw, MAX_TRANSACTION_BYTES)
        transaction = decode_included(raw, fork)
        check_sidecar(sidecar, transaction.evm.blob_versioned_hashes, fork)
        return replace(transaction, sidecar=sidecar)
    _check_size(raw, MAX_TRANSACTION_BYTES)
    return decode_included(raw, fork)


def decode_included(raw: bytes, fork: Fork = LATEST) -> Transaction:
    """Decode a transaction as it stands in a block: of any size, blobs named only.

    Raises: what `decode_transaction` raises.
    """
    _check_type(raw, fork)
    era = get_transaction_era(fork)
    try:
        evm = _READERS[era].decode(raw)
        check_gas(evm, fork)  # `validate` says only that it is insufficient
        check_last_nonce(evm.nonce)
        evm.validate()
        if raw[0] == BLOB_TYPE:
            _check_blob_fields(evm)
        if evm.s > _HALF_ORDER and fork >= Fork.HOMESTEAD:  # `validate` asks it of legacy ones only
            raise BadTransaction(f"signature has a high s (EIP-2): {evm.s}, at most {_HALF_ORDER}")
        sender = recover_sender(raw, evm)
    except UnrecognizedTransactionType as unknown:
        raise UnsupportedTransaction(f"transaction type not supported: {raw[0]}") from unknown
    except (
        rlp.exceptions.RLPException,
        ValidationError,
        BadKeySignature,
        ValueError,
        TypeError,
    ) as broken:
        raise BadTransaction(f"transaction does not decode: {broken}") from broken
    return Transaction(raw, compute_keccak(raw), sender, evm, era)


def recover_sender(raw: bytes, evm: Any) -> bytes:
    """Who signed a transaction; py-evm's view then knows it too.

    A typed one is signed as it stands, without its last three items: py-evm would build it again.
    Raises: what py-evm raises for what is no signature.
    """
    if raw[0] < 0x80 and evm.y_parity in (0, 1):
        signature = encode_number(evm.y_parity) + encode_number(evm.r) + encode_number(evm.s)
        payload = get_payload(raw, 1)
        digest = compute_keccak(raw[:1] + encode_list(payload[: -len(signature)]))
        parts = evm.r.to_bytes(32, "big") + evm.s.to_bytes(32, "big") + bytes((evm.y_parity,))
        try:
            key = PublicKey.from_signature_and_message(parts, digest, hasher=None)
        except Exception:
            return bytes(evm.sender)  # it says what is wrong
        vars(evm)["sender"] = compute_keccak(key.format(compressed=False)[1:])[12:]
    return bytes(evm.sender)


def check_last_nonce(nonce: int) -> None:
    """Raises: BadTransaction for a nonce that has no successor (EIP-2681)."""
    if nonce > MAX_NONCE:
        raise BadTransaction(f"nonce has max value: {nonce}")


def restore_transaction(
    raw: bytes, sender: bytes, era: int, sidecar: tuple[Any, ...] | None
) -> Transaction:
    """A transaction that was decoded before; neither signature nor blobs are checked again."""
    evm = _READERS[Fork(era)].decode(raw)
    blobs = None
    if sidecar is not None:
        version, *lists = sidecar
        blobs = Sidecar(version, *map(tuple, lists))
    return Transaction(raw, compute_keccak(raw), sender, evm, Fork(era), blobs)


def adapt_transaction(transaction: Transaction, fork: Fork) -> Transaction:
    """The transaction as a fork reads it; it may have waited across a fork."""
    if transaction.era is get_transaction_era(fork):
        return transaction
    return replace(decode_included(transaction.raw, fork), sidecar=transaction.sidecar)


def _check_type(raw: bytes, fork: Fork) -> None:
    if not raw:
        raise BadTransaction("empty transaction")
    if raw[0] < 0x80 and raw[0] not in get_transaction_types(fork):
        under = fork.name.lower()
        raise UnsupportedTransaction(f"transaction type not supported: {raw[0]} under {under}")


def _check_blob_fields(evm: Any) -> None:  # py-evm's `validate` asks nothing of these
    for name in ("chain_id", "value", "max_fee_per_gas", "max_priority_fee_per_gas"):
        _check_range(name, getattr(evm, name), 256)
    _check_range("max_fee_per_blob_gas", evm.max_fee_per_blob_gas, 256)
    _check_range("gas", evm.gas, 64)
    for _, slots in evm.access_list:
        for slot in slots:
            _check_range("slot", slot, 256)
    for named in evm.blob_versioned_hashes:
        if len(named) != 32:
            raise BadTransaction(f"versioned hash of {len(named)} bytes, must have 32")


def _check_range(name: str, value: int, bits: int) -> None:
    if value >> bits:
        raise BadTransaction(f"{name} does not fit {bits} bits: {value}")


def _check_size(raw: bytes, limit: int) -> None:
    if len(raw) > limit:
        raise BadTransaction(f"transaction of {len(raw)} bytes, at most {limit}")
