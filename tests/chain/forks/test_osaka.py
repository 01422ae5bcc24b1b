"""Limits that Osaka brings: gas of a transaction, bytes of a block."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from devnet.chain.body import compute_block_bytes
from devnet.chain.call import Call
from devnet.chain.estimation import estimate_gas
from devnet.chain.execution import Leave
from devnet.chain.forks.fork import Fork
from devnet.chain.forks.rules import MAX_BLOCK_BYTES
from devnet.chain.forks.schedule import build_schedule
from devnet.chain.transaction import Transaction, decode_included
from devnet.errors import BadBlock, BadTransaction, BlockFull, ExecutionReverted

if TYPE_CHECKING:
    from tests.chain.forks.conftest import Chain

CAP = 16_777_216
FRESH = bytes.fromhex("f5" * 20)
GREEDY = bytes.fromhex("a1" * 20)  # reverts below 20 million gas


def test_a_transaction_has_at_most_2_to_the_24_gas(make_chain: Callable[..., Chain]) -> None:
    """EIP-7825; under Prague it may fill the block."""
    osaka, prague = make_chain("osaka"), make_chain("prague")
    assert osaka.send(to=FRESH, gas=CAP).receipts[0].succeeded
    assert prague.send(to=FRESH, gas=CAP + 1).receipts[0].succeeded
    with pytest.raises(BadTransaction, match=r"too high \(cap: 16777216, tx: 16777217\)"):
        osaka.send(to=FRESH, gas=CAP + 1)


def test_a_chain_may_do_without_the_cap(make_chain: Callable[..., Chain]) -> None:
    """Everything else is Osaka."""
    chain = make_chain(build_schedule(Fork.OSAKA, caps_transaction_gas=False))
    assert chain.send(to=FRESH, gas=30_000_000).receipts[0].succeeded


def test_an_estimate_stays_below_the_cap(
    make_chain: Callable[..., Chain], assemble: Callable[..., bytes]
) -> None:
    """A call that needs more cannot be sent, so there is no estimate for it."""
    greedy = assemble(20_000_000, "GAS", "GT", 13, "JUMPI", 0, 0, "REVERT") + b"\x5b"
    for fork in ("osaka", "prague"):
        chain = make_chain(fork, {GREEDY: greedy})
        plain = Call(chain.accounts[0].address, FRESH)
        assert estimate_gas(chain.world, chain.head, chain.hashes[1:], plain) == 21_000
        if fork == "prague":
            found = estimate_gas(chain.world, chain.head, chain.hashes[1:], Call(to=GREEDY))
            assert found > 20_000_000
            continue
        with pytest.raises(ExecutionReverted):
            estimate_gas(chain.world, chain.head, chain.hashes[1:], Call(to=GREEDY))


def build_bulk(chain: Chain, sizes: list[int]) -> list[Transaction]:
    """Transactions with so many zero bytes of data, one an account."""
    return [
        decode_included(chain.sign(n, to=FRESH, data=bytes(size), gas=21_000 + 10 * size))
        for n, size in enumerate(sizes)
    ]


def note(left: list[type]) -> Leave:
    """Notes the kinds of refusal."""
    return lambda _, why: left.append(type(why))


@pytest.fixture
def wide(make_chain: Callable[..., Chain]) -> Callable[[str], Chain]:
    """A chain whose blocks have room for as much gas as one likes, and fees near zero."""

    def build(fork: str) -> Chain:
        schedule = build_schedule(Fork[fork.upper()], caps_transaction_gas=False)
        return make_chain(schedule)

    return build


def test_a_block_has_at_most_8_mebibytes(wide: Callable[[str], Chain]) -> None:
    """EIP-7934: the RLP of a block of Osaka; Prague has no such limit."""
    size = 1_100_000
    for fork in ("osaka", "prague"):
        chain = wide(fork)
        batch = build_bulk(chain, [size] * 8)
        changes: dict[str, Any] = {"gas_limit": 10**9}
        if fork == "prague":
            assert len(chain.execute(*batch, **changes).transactions) == 8
            continue
        assert len(chain.execute(*batch[:7], **changes).transactions) == 7
        with pytest.raises(BadBlock, match=f"at most {MAX_BLOCK_BYTES}"):
            chain.execute(*batch, **changes)
        left: list[type] = []
        made = chain.execute(*batch, on_left_out=note(left), **changes)
        assert (len(made.transactions), left) == (7, [BlockFull])


def test_the_limit_is_exact_to_the_byte(wide: Callable[[str], Chain]) -> None:
    """One byte less is a block, and a proposer that leaves room never comes near it."""
    chain = wide("osaka")
    fill = [1_000_000] * 8
    changes: dict[str, Any] = {"gas_limit": 10**9}
    block = chain.execute(*build_bulk(chain, fill), **changes)
    used = compute_block_bytes(block.header, [t.raw for t in block.transactions])
    fill[-1] += MAX_BLOCK_BYTES - used
    exact = chain.execute(*build_bulk(chain, fill), **changes)
    raws = [t.raw for t in exact.transactions]
    assert compute_block_bytes(exact.header, raws) == MAX_BLOCK_BYTES
    fill[-1] += 1
    with pytest.raises(BadBlock, match="8388609 bytes"):
        chain.execute(*build_bulk(chain, fill), **changes)
