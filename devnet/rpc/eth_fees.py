"""eth: what gas costs, now and in past blocks."""

from collections.abc import Mapping, Sequence

from devnet.chain.block import Execution
from devnet.chain.forks.blob import GAS_PER_BLOB, compute_blob_base_fee
from devnet.chain.header import CANCUN_LENGTH, Header
from devnet.errors import InvalidParams
from devnet.node import Node
from devnet.rpc.block_reference import get_block
from devnet.rpc.dispatch import Json, Method
from devnet.rpc.filling import TIP_WEI
from devnet.rpc.lane import Routed, quick
from devnet.rpc.quantity import build_refusal, decode_list, decode_number, encode_quantity

MAX_HISTORY = 1_024  # blocks in one answer
MAX_PERCENTILES = 100


def get_gas_price(node: Node) -> Json:
    return encode_quantity(node.next_base_fee + TIP_WEI)


def get_max_priority_fee(node: Node) -> Json:
    return encode_quantity(TIP_WEI)


def get_base_fee(node: Node) -> Json:
    """Wei per gas of the next block."""
    return encode_quantity(node.next_base_fee)


def get_blob_base_fee(node: Node) -> Json:
    """Wei per unit of blob gas of the head."""
    return encode_quantity(_compute_blob_fee(node, node.head.header))


def get_fee_history(node: Node, count: object, newest: object, percentiles: object = None) -> Json:
    wanted = min(decode_number(count, "blockCount"), MAX_HISTORY)
    last = get_block(node, newest, "newestBlock")
    shares = _decode_percentiles(percentiles)
    number = last.header.number
    blocks = [node.history.get_block(n) for n in range(max(number + 1 - wanted, 0), number + 1)]
    if not blocks:
        return {"oldestBlock": encode_quantity(0), "gasUsedRatio": []}
    is_head = number == node.head.header.number
    following = node.next_header if is_head else node.history.get_block(number + 1).header
    headers = [*(block.header for block in blocks), following]
    history: dict[str, Json] = {
        "oldestBlock": encode_quantity(blocks[0].header.number),
        "baseFeePerGas": [encode_quantity(header.base_fee_per_gas) for header in headers],
        "gasUsedRatio": [block.header.gas_used / block.header.gas_limit for block in blocks],
        "baseFeePerBlobGas": [encode_quantity(_compute_blob_fee(node, h)) for h in headers],
        "blobGasUsedRatio": [_compute_blob_ratio(node, block.header) for block in blocks],
    }
    if shares:
        history["reward"] = [
            [encode_quantity(tip) for tip in _compute_rewards(block, shares)] for block in blocks
        ]
    return history


METHODS: Mapping[str, Method | Routed] = {
    "eth_gasPrice": quick(get_gas_price),
    "eth_maxPriorityFeePerGas": quick(get_max_priority_fee),
    "eth_baseFee": quick(get_base_fee),
    "eth_blobBaseFee": quick(get_blob_base_fee),
    "eth_feeHistory": get_fee_history,
}


def _compute_blob_fee(node: Node, header: Header) -> int:
    """Wei per unit of blob gas in a block, 0 before there were blobs."""
    if header.length < CANCUN_LENGTH:
        return 0
    rules = node.cluster.world.schedule.find_rules(header)
    return compute_blob_base_fee(header.excess_blob_gas, rules.blob)


def _compute_blob_ratio(node: Node, header: Header) -> float:
    rules = node.cluster.world.schedule.find_rules(header)
    room = rules.blob.maximum * GAS_PER_BLOB
    return header.blob_gas_used / room if room else 0.0


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
