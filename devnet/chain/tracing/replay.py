"""Executes a decided block again, with a tracer for each transaction that is asked for.

It is `execute_block` that runs, on the parent's state: what is observed is what was decided.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any

import rlp
from eth_keys.datatypes import Signature
from eth_keys.exceptions import BadSignature
from eth_utils.exceptions import ValidationError

from devnet.chain.block import Execution
from devnet.chain.execution import execute_block
from devnet.chain.header import Header
from devnet.chain.intrinsic import SET_CODE_TYPE
from devnet.chain.prepared import PreparedWorld
from devnet.chain.tracing.event import Begin, Tracer
from devnet.chain.tracing.observation import observe
from devnet.chain.tracing.touching import compute_created
from devnet.chain.transaction import Transaction
from devnet.chain.world import World

_AUTHORITY_MAGIC = b"\x05"  # EIP-7702
Choose = Callable[[int], Tracer | None]  # by index of the transaction in the block


class Enough(Exception):
    """Nothing more of the block is asked for."""


def replay_block(
    world: World,
    parent: Header,
    block: Execution,
    ancestors: Sequence[bytes],
    choose: Choose,
    last: int,
) -> None:
    """Run a block's transactions on its parent's state, up to and with that of index `last`.

    Args:
        ancestors: hashes of earlier blocks, the parent first.
    """

    def feed(state: Any) -> Iterator[Transaction]:
        for index in range(last + 1):
            transaction, tracer = block.transactions[index], choose(index)
            if tracer is None:
                yield transaction
                continue
            begin = build_begin(state, transaction.evm, transaction.sender, block.header)
            with watch(state, begin, tracer):
                yield transaction

    _run(world, parent, block, ancestors, feed)


def open_between(
    world: World, parent: Header, block: Execution, ancestors: Sequence[bytes], count: int
) -> Any:
    """The state after the first `count` transactions of a block, to read from."""
    return _run(world, parent, block, ancestors, lambda _: iter(block.transactions[:count]))


def compute_roots(
    world: World, parent: Header, block: Execution, ancestors: Sequence[bytes]
) -> tuple[bytes, ...]:
    """The state root after each transaction of a block."""
    roots: list[bytes] = []

    def feed(state: Any) -> Iterator[Transaction]:
        for transaction in block.transactions:
            yield transaction
            roots.append(state.make_state_root())

    _run(world, parent, block, ancestors, feed)
    return tuple(roots)


def _run(
    world: World,
    parent: Header,
    block: Execution,
    ancestors: Sequence[bytes],
    feed: Callable[[Any], Iterator[Transaction]],
) -> Any:
    """Run what is fed in the block's place; the state, which nobody else sees."""
    states: list[Any] = []

    def keep(state: Any) -> Any:
        states.append(state)
        return state

    def feed_and_stop() -> Iterator[Transaction]:
        yield from feed(states[0])
        raise Enough

    with suppress(Enough):
        execute_block(
            PreparedWorld(world, keep),
            parent,
            blank_results(block.header),
            feed_and_stop(),
            ancestors,
            uncles=block.uncles,
            withdrawals=block.withdrawals,
        )
    return states[0]


def blank_results(header: Header) -> Header:
    """The header without what executing its block fills in."""
    return replace(header, state_root=bytes(32), gas_used=0, logs_bloom=bytes(256), blob_gas_used=0)


@contextmanager
def watch(state: Any, begin: Begin, tracer: Tracer) -> Iterator[None]:
    """Report the transaction that is executed in this block of code."""
    tracer.on_begin(begin)
    with observe(state, tracer):
        yield
    tracer.on_end(state)


def build_begin(state: Any, evm: Any, sender: bytes, header: Header) -> Begin:
    """The beginning of a transaction, signed or not, on a state that it has not changed yet."""
    to = bytes(evm.to) or None
    return Begin(
        state=state,
        sender=sender,
        to=to,
        created=b"" if to else compute_created(sender, state.get_nonce(sender)),
        value=evm.value,
        data=bytes(evm.data),
        gas=evm.gas,
        coinbase=header.coinbase,
        authorities=tuple(_read_authorities(evm)),
    )


def _read_authorities(evm: Any) -> Iterator[bytes]:
    """Accounts that signed the authorizations of a transaction (EIP-7702)."""
    if getattr(evm, "type_id", 0) != SET_CODE_TYPE:
        return
    for item in evm.authorization_list:
        message = _AUTHORITY_MAGIC + rlp.encode([item.chain_id, item.address, item.nonce])
        try:
            signature = Signature(vrs=(item.y_parity, item.r, item.s))
            yield signature.recover_public_key_from_msg(message).to_canonical_address()
        except (BadSignature, ValidationError, ValueError):
            continue
