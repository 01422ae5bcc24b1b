"""Where a call is tried: the state after a block, that block's context, and what is overridden."""

from collections.abc import Sequence
from dataclasses import dataclass

from devnet.chain.block import Execution
from devnet.chain.call import Call
from devnet.chain.header import Header
from devnet.chain.override import (
    Accounts,
    BlockOverride,
    override_header,
    override_world,
    shift_ancestors,
)
from devnet.chain.prepared import carry_on
from devnet.chain.world import World
from devnet.errors import InvalidParams
from devnet.node import Node
from devnet.rpc.block_reference import get_block
from devnet.rpc.overrides import decode_accounts, decode_block_override
from devnet.rpc.quantity import decode_number
from devnet.rpc.replays import open_between
from devnet.rpc.transaction_request import decode_transaction_request

_AS_IT_IS = BlockOverride()


@dataclass(frozen=True, slots=True)
class Setting:
    """A world, a block in it, and the hashes before that block, latest first."""

    world: World
    header: Header
    ancestors: Sequence[bytes]


def decode_setting(
    node: Node,
    block: object,
    accounts: object = None,
    block_override: object = None,
    index: object = None,
) -> Setting:
    """The setting that a client names. Raises: InvalidParams, ChainError."""
    found = get_block(node, block)
    changed, override = decode_accounts(accounts), decode_block_override(block_override)
    place = None if index is None else decode_number(index, "txIndex")
    if place is not None and place >= len(found.transactions):
        raise InvalidParams(f"txIndex is {place}, the block has {len(found.transactions)}")
    return build_setting(node, found, changed, override, place)


def build_setting(
    node: Node,
    block: Execution,
    accounts: Accounts | None = None,
    override: BlockOverride = _AS_IT_IS,
    index: int | None = None,
) -> Setting:
    """The state after a block, with overrides if there are any.

    Args:
        index: of a transaction in the block, for the state before that one instead.
    """
    world, number = node.cluster.reader.world, block.header.number
    if index is not None:
        world = carry_on(world, open_between(node, block, index))
    ancestors = node.history.get_ancestors(number)
    if not accounts and override == _AS_IT_IS:
        return Setting(world, block.header, ancestors)
    header = override_header(block.header, override)
    return Setting(
        override_world(world, accounts or {}, override),
        header,
        shift_ancestors(ancestors, number, header.number),
    )


def decode_call(node: Node, transaction: object, setting: Setting) -> Call:
    """The message that a client wants to try there. Raises: InvalidParams, ChainError."""
    request = decode_transaction_request(transaction, node.config.chain_id)
    fork = setting.world.schedule.find_fork(setting.header)
    return request.build_call(setting.header.base_fee_per_gas, fork)
