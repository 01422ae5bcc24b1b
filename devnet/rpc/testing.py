"""testing: builds a block on any block of the chain and forgets it, as execution-apis define it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from devnet.chain.block import Execution, Withdrawal
from devnet.chain.execution import execute_block
from devnet.chain.header import Header
from devnet.chain.pool.selection import build_prices
from devnet.chain.sidecar import Sidecar
from devnet.chain.template import build_child
from devnet.chain.transaction import Transaction, decode_transaction
from devnet.errors import UnknownBlock
from devnet.node import Node
from devnet.rpc.block_reference import find_block_by_hash
from devnet.rpc.dispatch import Json, Method
from devnet.rpc.overrides import decode_withdrawals
from devnet.rpc.quantity import (
    build_refusal,
    decode_address,
    decode_bytes,
    decode_hash,
    decode_list,
    decode_object,
    decode_uint64,
    encode_bytes,
    encode_quantity,
)
from devnet.rpc.views import show_withdrawal

MAX_TRANSACTIONS = 100_000  # in one block
_GAS_LIMIT_DIVISOR = 1_024  # the limit moves by less than this part of the parent's


@dataclass(frozen=True, slots=True)
class Attributes:
    """What the consensus layer says of a block."""

    timestamp: int
    coinbase: bytes
    mix_hash: bytes
    parent_beacon_block_root: bytes
    withdrawals: tuple[Withdrawal, ...]


def build_block_v1(
    node: Node,
    parent_hash: object,
    attributes: object,
    transactions: object = None,
    extra_data: object = None,
) -> Json:
    """A block of the given transactions, or of the pool's if there are none (null)."""
    parent = find_block_by_hash(node, parent_hash)
    if parent is None:
        raise UnknownBlock(f"unknown parent {parent_hash}")
    wanted = _decode_attributes(attributes)
    extra = b"" if extra_data is None else decode_bytes(extra_data, "extraData")
    block, sidecars = _build(node, parent, wanted, _decode(node, transactions), extra)
    return _show(block, sidecars)


METHODS: Mapping[str, Method] = {"testing_buildBlockV1": build_block_v1}


def _decode(node: Node, value: object) -> tuple[Transaction, ...] | None:
    if value is None:
        return None
    items = decode_list(value, "transactions", MAX_TRANSACTIONS)
    raws = [decode_bytes(item, f"transactions[{i}]") for i, item in enumerate(items)]
    return tuple(decode_transaction(raw, node.next_rules.fork) for raw in raws)


def _decode_attributes(value: object) -> Attributes:
    name = "payloadAttributes"
    fields = decode_object(value, name)
    required = ("timestamp", "prevRandao", "suggestedFeeRecipient")
    if missing := [key for key in required if key not in fields]:
        raise build_refusal(name, value, f"an object with {missing[0]}")
    root = fields.get("parentBeaconBlockRoot")
    return Attributes(
        timestamp=decode_uint64(fields["timestamp"], f"{name}.timestamp"),
        coinbase=decode_address(fields["suggestedFeeRecipient"], f"{name}.suggestedFeeRecipient"),
        mix_hash=decode_hash(fields["prevRandao"], f"{name}.prevRandao"),
        parent_beacon_block_root=bytes(32)
        if root is None
        else decode_hash(root, f"{name}.parentBeaconBlockRoot"),
        withdrawals=decode_withdrawals(fields.get("withdrawals", []), f"{name}.withdrawals"),
    )


def _build(
    node: Node,
    parent: Execution,
    wanted: Attributes,
    given: tuple[Transaction, ...] | None,
    extra_data: bytes,
) -> tuple[Execution, tuple[Sidecar, ...]]:
    world = node.cluster.world.branch()
    if not world.has_inference(parent.header.number):
        world.inference_from = parent.header.number + 2  # which only validators begin with
    template = replace(
        build_child(
            world.schedule,
            parent.header,
            parent.hash,
            timestamp=wanted.timestamp,
            coinbase=wanted.coinbase,
            mix_hash=wanted.mix_hash,
            parent_beacon_block_root=wanted.parent_beacon_block_root,
            extra_data=extra_data,
        ),
        gas_limit=_compute_gas_limit(parent.header, node.config.block_gas_limit),
    )
    state = world.open(parent.header.state_root, template)
    chosen: Iterable[Transaction] = given or ()
    if given is None:
        chosen = node.pool.select(state.get_nonce, build_prices(template, state.rules))
    ancestors = [parent.hash, *node.history.get_ancestors(parent.header.number)][:256]
    leave = (lambda *_: None) if given is None else None
    block = execute_block(
        world, parent.header, template, chosen, ancestors, leave, withdrawals=wanted.withdrawals
    )
    sidecars = tuple(t.sidecar for t in block.transactions if t.sidecar is not None)
    return block, sidecars


def _compute_gas_limit(parent: Header, wanted: int) -> int:
    step = parent.gas_limit // _GAS_LIMIT_DIVISOR - 1
    return max(min(wanted, parent.gas_limit + step), parent.gas_limit - step)


def _show(block: Execution, sidecars: tuple[Sidecar, ...]) -> Json:
    header = block.header
    tips = [r.effective_gas_price - header.base_fee_per_gas for r in block.receipts]
    value = sum(tip * r.gas_used for tip, r in zip(tips, block.receipts, strict=True))
    return {
        "executionPayload": {
            "parentHash": encode_bytes(header.parent_hash),
            "feeRecipient": encode_bytes(header.coinbase),
            "stateRoot": encode_bytes(header.state_root),
            "receiptsRoot": encode_bytes(header.receipts_root),
            "logsBloom": encode_bytes(header.logs_bloom),
            "prevRandao": encode_bytes(header.mix_hash),
            "blockNumber": encode_quantity(header.number),
            "gasLimit": encode_quantity(header.gas_limit),
            "gasUsed": encode_quantity(header.gas_used),
            "timestamp": encode_quantity(header.timestamp),
            "extraData": encode_bytes(header.extra_data),
            "baseFeePerGas": encode_quantity(header.base_fee_per_gas),
            "blockHash": encode_bytes(block.hash),
            "transactions": [encode_bytes(t.raw) for t in block.transactions],
            "withdrawals": [show_withdrawal(withdrawal) for withdrawal in block.withdrawals],
            "blobGasUsed": encode_quantity(header.blob_gas_used),
            "excessBlobGas": encode_quantity(header.excess_blob_gas),
        },
        "blockValue": encode_quantity(value),
        "blobsBundle": {
            "commitments": [encode_bytes(c) for s in sidecars for c in s.commitments],
            "proofs": [encode_bytes(p) for s in sidecars for p in s.proofs],
            "blobs": [encode_bytes(b) for s in sidecars for b in s.blobs],
        },
        "executionRequests": [encode_bytes(request) for request in block.requests],
        "shouldOverrideBuilder": False,
    }
