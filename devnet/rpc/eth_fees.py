"""eth: what gas costs, now and in past blocks."""

from collections.abc import Mapping, Sequence

from devnet.chain.block import Execution
from devnet.chain.fee import compute_base_fee
from devnet.errors import InvalidParams
from devnet.node import Node
from devnet.rpc.block_reference import get_block
from devnet.rpc.dispatch import Json, Method
from devnet.rpc.lane import Routed, quick
from devnet.rpc.quantity import build_refusal, decode_list, decode_number, encode_quantity

TIP_WEI = 10**9  # per gas; what the node adds where the caller names no fee
MAX_HISTORY = 1_024  # blocks in one answer
MAX_PERCENTILES = 100
_BLOB_BASE_FEE = 1  # wei; without blob transactions it never leaves its minimum (EIP-4844)


def get_gas_price(node: Node) -> Json:
    return encode_quantity(node.next_base_fee + TIP_WEI)


def get_max_priority_fee(node: Node) -> Json:
    return encode_quantity(TIP_WEI)


def get_blob_base_fee(node: Node) -> Json:
    return encode_quantity(_BLOB_BASE_FEE)


def get_fee_history(node: Node, count: object, newest: object, percentiles: object = None) -> Json:
    wanted = min(decode_number(count, "blockCount"), MAX_HISTORY)
    last = get_block(node, newest, "newestBlock")
    shares = _decode_percentiles(percentiles)
    number = last.header.number
    blocks = [node.history.get_block(n) for n in range(max(number + 1 - wanted, 0), number + 1)]
    if not blocks:
        return {"oldestBlock": encode_quantity(0), "gasUsedRatio": []}
    fees = [block.header.base_fee_per_gas for block in blocks] + [compute_base_fee(last.header)]
    history: dict[str, Json] = {
        "oldestBlock": encode_quantity(blocks[0].header.number),
        "baseFeePerGas": [encode_quantity(fee) for fee in fees],
        "gasUsedRatio": [block.header.gas_used / block.header.gas_limit for block in blocks],
        "baseFeePerBlobGas": [encode_quantity(_BLOB_BASE_FEE) for _ in fees],
        "blobGasUsedRatio": [0.0 for _ in blocks],
    }
    if shares:
        history["reward"] = [
            [encode_quantity(tip) for tip in _compute_rewards(block, shares)] for block in blocks
        ]
    return history


METHODS: Mapping[str, Method | Routed] = {
    "eth_gasPrice": quick(get_gas_price),
    "eth_maxPriorityFeePerGas": quick(get_max_priority_fee),
    "eth_blobBaseFee": quick(get_blob_base_fee),
    "eth_feeHistory": get_fee_history,
}


def _decode_percentiles(value: object) -> tuple[float, ...]:
    items = decode_list([] if value is None else value, "rewardPercentiles", MAX_PERCENTILES)
    shares: list[float] = []
    for index, item in enumerate(items):
        name = f"rewardPercentiles[{index}]"
        if isinstance(item, bool) or not isinstance(item, int | float) or not 0 <= item <= 100:
            raise build_refusal(name, item, "a number from 0 to 100")
        if shares and item < shares[-1]:
            raise InvalidParams(f"{name} is {item}, below the one before it; sort them")
        shares.append(float(item))
    return tuple(shares)


def _compute_rewards(block: Execution, shares: Sequence[float]) -> list[int]:
    """Tips paid, at percentiles of the block's gas, cheapest transactions first."""
    base_fee, total = block.header.base_fee_per_gas, block.header.gas_used
    paid = sorted((r.effective_gas_price - base_fee, r.gas_used) for r in block.receipts)
    if not paid:
        return [0 for _ in shares]
    rewards, position, reached = [], 0, paid[0][1]
    for share in shares:
        threshold = int(total * share / 100)
        while reached < threshold and position < len(paid) - 1:
            position += 1
            reached += paid[position][1]
        rewards.append(paid[position][0])
    return rewards
