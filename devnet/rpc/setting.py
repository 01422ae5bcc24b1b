"""Where a call is tried: the state after a block, that block's context, and what is overridden."""

from collections.abc import Sequence
from dataclasses import dataclass

from devnet.chain.block import Execution
from devnet.chain.call import Call
from devnet.chain.header import Header
from devnet.chain.override import (
    BlockOverride,
    override_header,
    override_world,
    shift_ancestors,
)
from devnet.chain.prepared import carry_on
from devnet.chain.world import World
from devnet.errors import InvalidParams
from devnet.node import Node
from devnet.rpc.block_reference import get_block, is_pending
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
    if is_pending(block) and index is None:
        draft = node.draft()
        found = Setting(draft.world, draft.block.header, draft.ancestors)
    else:
        found = _decode_place(node, get_block(node, block), index)
    changed, override = decode_accounts(accounts), decode_block_override(block_override)
    if not changed and override == _AS_IT_IS:
        return found
    header = override_header(found.header, override)
    return Setting(
        override_world(found.world, changed, override),
        header,
        shift_ancestors(found.ancestors, found.header.number, header.number),
    )


def build_setting(node: Node, block: Execution, index: int | None = None) -> Setting:
    """The state after a block.

    Args:
        index: of a transaction in the block, for the state before that one instead.
    """
    world = node.cluster.world
    if index is not None:
        world = carry_on(world, open_between(node, block, index))
    return Setting(world, block.header, node.history.get_ancestors(block.header.number))


def decode_call(node: Node, transaction: object, setting: Setting) -> Call:
    """The message that a client wants to try there. Raises: InvalidParams, ChainError."""
    request = decode_transaction_request(transaction, node.config.chain_id)
    fork = setting.world.schedule.find_fork(setting.header)
    return request.build_call(fork)


def _decode_place(node: Node, block: Execution, index: object) -> Setting:
    place = None if index is None else decode_number(index, "txIndex")
    if place is not None and place >= len(block.transactions):
        raise InvalidParams(f"txIndex is {place}, the block has {len(block.transactions)}")
    return build_setting(node, block, place)
