"""Blocks, transactions, receipts, events as JSON: field by field what geth answers, by fork."""

from collections.abc import Sequence
from typing import Any

from devnet.chain.block import Execution, Withdrawal
from devnet.chain.body import compute_block_bytes
from devnet.chain.header import (
    CANCUN_LENGTH,
    LONDON_LENGTH,
    PRAGUE_LENGTH,
    SHANGHAI_LENGTH,
    compute_header_hash,
)
from devnet.chain.history import LogPlace, Place
from devnet.chain.receipt import compute_bloom
from devnet.chain.transaction import Transaction
from devnet.rpc.dispatch import Json
from devnet.rpc.quantity import encode_bytes, encode_quantity, encode_word
from devnet.validators.draft import Draft

_LEGACY, _ACCESS_LIST, _BLOB, _SET_CODE = 0, 1, 3, 4  # transaction types


def show_block(block: Execution, full: bool) -> dict[str, Json]:
    """A block with its transactions, or their hashes."""
    places = [Place(block, index) for index in range(len(block.transactions))]
    shown = show_header(block) | {
        "size": encode_quantity(compute_block_size(block)),
        "transactions": [
            show_transaction(place) if full else encode_bytes(place.transaction.hash)
            for place in places
        ],
        "uncles": [encode_bytes(compute_header_hash(uncle)) for uncle in block.uncles],
    }
    if block.header.length >= SHANGHAI_LENGTH:
        shown["withdrawals"] = [show_withdrawal(withdrawal) for withdrawal in block.withdrawals]
    return shown


def show_draft(draft: Draft, full: bool) -> dict[str, Json]:
    """A block that nobody has proposed: no hash yet, no nonce, no miner."""
    transactions = draft.block.transactions
    return show_block(draft.block, full=False) | {
        "hash": None,
        "nonce": None,
        "miner": None,
        "transactions": [show_waiting(t) if full else encode_bytes(t.hash) for t in transactions],
    }


def show_header(block: Execution) -> dict[str, Json]:
    """A header; fields of later forks are left out."""
    header = block.header
    shown: dict[str, Json] = {
        "number": encode_quantity(header.number),
        "hash": encode_bytes(block.hash),
        "parentHash": encode_bytes(header.parent_hash),
        "sha3Uncles": encode_bytes(header.uncles_hash),
        "miner": encode_bytes(header.coinbase),
        "stateRoot": encode_bytes(header.state_root),
        "transactionsRoot": encode_bytes(header.transactions_root),
        "receiptsRoot": encode_bytes(header.receipts_root),
        "logsBloom": encode_bytes(header.logs_bloom),
        "difficulty": encode_quantity(header.difficulty),
        "gasLimit": encode_quantity(header.gas_limit),
        "gasUsed": encode_quantity(header.gas_used),
        "timestamp": encode_quantity(header.timestamp),
        "extraData": encode_bytes(header.extra_data),
        "mixHash": encode_bytes(header.mix_hash),
        "nonce": encode_bytes(header.nonce),
    }
    if header.length >= LONDON_LENGTH:
        shown["baseFeePerGas"] = encode_quantity(header.base_fee_per_gas)
    if header.length >= SHANGHAI_LENGTH:
        shown["withdrawalsRoot"] = encode_bytes(header.withdrawals_root)
    if header.length >= CANCUN_LENGTH:
        shown["blobGasUsed"] = encode_quantity(header.blob_gas_used)
        shown["excessBlobGas"] = encode_quantity(header.excess_blob_gas)
        shown["parentBeaconBlockRoot"] = encode_bytes(header.parent_beacon_block_root)
    if header.length >= PRAGUE_LENGTH:
        shown["requestsHash"] = encode_bytes(header.requests_hash)
    return shown


def show_withdrawal(withdrawal: Withdrawal) -> dict[str, Json]:
    """Stake paid out; the amount is in gwei."""
    return {
        "index": encode_quantity(withdrawal.index),
        "validatorIndex": encode_quantity(withdrawal.validator_index),
        "address": encode_bytes(withdrawal.address),
        "amount": encode_quantity(withdrawal.amount_gwei),
    }


def show_transaction(place: Place) -> dict[str, Json]:
    """A transaction in a block."""
    header = place.block.header
    return {
        **_show_fields(place.transaction, place.receipt.effective_gas_price),
        "blockHash": encode_bytes(place.block.hash),
        "blockNumber": encode_quantity(header.number),
        "blockTimestamp": encode_quantity(header.timestamp),
        "transactionIndex": encode_quantity(place.index),
    }


def show_waiting(transaction: Transaction) -> dict[str, Json]:
    """A transaction that waits for a block."""
    return {
        **_show_fields(transaction, transaction.evm.max_fee_per_gas),
        "blockHash": None,
        "blockNumber": None,
        "blockTimestamp": None,
        "transactionIndex": None,
    }


def show_signed(transaction: Transaction) -> dict[str, Json]:
    """A transaction by itself, as it was made; whose it is follows from the signature."""
    shown = _show_fields(transaction, transaction.evm.max_fee_per_gas)
    del shown["from"]
    if transaction.type_id > _ACCESS_LIST:
        shown["gasPrice"] = None
    return shown


def show_receipt(place: Place) -> dict[str, Json]:
    """What came of a transaction in a block."""
    receipt, transaction = place.receipt, place.transaction
    first = place.first_log_index
    shown: dict[str, Json] = {
        "transactionHash": encode_bytes(transaction.hash),
        "transactionIndex": encode_quantity(place.index),
        "blockHash": encode_bytes(place.block.hash),
        "blockNumber": encode_quantity(place.block.header.number),
        "from": encode_bytes(transaction.sender),
        "to": _show_address(transaction.evm.to),
        "type": encode_quantity(transaction.type_id),
        "gasUsed": encode_quantity(receipt.gas_used),
        "cumulativeGasUsed": encode_quantity(receipt.cumulative_gas_used),
        "effectiveGasPrice": encode_quantity(receipt.effective_gas_price),
        "contractAddress": _show_address(receipt.contract_address),
        "logs": [
            show_log(LogPlace(log, place, first + index)) for index, log in enumerate(receipt.logs)
        ],
        "logsBloom": encode_bytes(compute_bloom(receipt.logs)),
    }
    if receipt.state_root:
        shown["root"] = encode_bytes(receipt.state_root)
    else:
        shown["status"] = encode_quantity(int(receipt.succeeded))
    if receipt.blob_gas_used:
        shown["blobGasUsed"] = encode_quantity(receipt.blob_gas_used)
        shown["blobGasPrice"] = encode_quantity(receipt.blob_gas_price)
    return shown


def show_log(found: LogPlace) -> dict[str, Json]:
    """An event and where it stands."""
    block = found.place.block
    return {
        "address": encode_bytes(found.log.address),
        "topics": [encode_bytes(topic) for topic in found.log.topics],
        "data": encode_bytes(found.log.data),
        "blockHash": encode_bytes(block.hash),
        "blockNumber": encode_quantity(block.header.number),
        "blockTimestamp": encode_quantity(block.header.timestamp),
        "transactionHash": encode_bytes(found.place.transaction.hash),
        "transactionIndex": encode_quantity(found.place.index),
        "logIndex": encode_quantity(found.index),
        "removed": False,
    }


def compute_block_size(block: Execution) -> int:
    """Bytes of the block's RLP."""
    raws = [transaction.raw for transaction in block.transactions]
    return compute_block_bytes(block.header, raws, block.uncles, block.withdrawals)


def _show_fields(transaction: Transaction, gas_price: int) -> dict[str, Json]:
    evm = transaction.evm
    fields: dict[str, Json] = {
        "hash": encode_bytes(transaction.hash),
        "type": encode_quantity(transaction.type_id),
        "from": encode_bytes(transaction.sender),
        "to": _show_address(evm.to),
        "nonce": encode_quantity(evm.nonce),
        "gas": encode_quantity(evm.gas),
        "gasPrice": encode_quantity(gas_price),
        "value": encode_quantity(evm.value),
        "input": encode_bytes(evm.data),
        "r": encode_quantity(evm.r),
        "s": encode_quantity(evm.s),
    }
    if evm.chain_id is not None:  # before EIP-155 a signature holds on every chain
        fields["chainId"] = encode_quantity(evm.chain_id)
    if transaction.type_id == _LEGACY:
        fields["v"] = encode_quantity(evm.v)
        return fields
    fields["v"] = fields["yParity"] = encode_quantity(evm.y_parity)
    fields["accessList"] = _show_access_list(evm.access_list)
    if transaction.type_id != _ACCESS_LIST:
        fields["maxFeePerGas"] = encode_quantity(evm.max_fee_per_gas)
        fields["maxPriorityFeePerGas"] = encode_quantity(evm.max_priority_fee_per_gas)
    if transaction.type_id == _BLOB:
        fields["maxFeePerBlobGas"] = encode_quantity(evm.max_fee_per_blob_gas)
        fields["blobVersionedHashes"] = [encode_bytes(h) for h in evm.blob_versioned_hashes]
    if transaction.type_id == _SET_CODE:
        fields["authorizationList"] = [_show_authorization(a) for a in evm.authorization_list]
    return fields


def _show_access_list(accesses: Sequence[Any]) -> list[Json]:
    return [
        {"address": encode_bytes(address), "storageKeys": [encode_word(slot) for slot in slots]}
        for address, slots in accesses
    ]


def _show_authorization(authorization: Any) -> dict[str, Json]:
    return {
        "chainId": encode_quantity(authorization.chain_id),
        "address": encode_bytes(authorization.address),
        "nonce": encode_quantity(authorization.nonce),
        "yParity": encode_quantity(authorization.y_parity),
        "r": encode_quantity(authorization.r),
        "s": encode_quantity(authorization.s),
    }


def _show_address(address: bytes | None) -> str | None:
    return encode_bytes(address) if address else None
