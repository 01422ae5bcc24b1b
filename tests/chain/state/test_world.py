"""A world gives the state of any root it has executed, to anyone, without copying."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from devnet.chain.call import Call
from devnet.chain.header import EMPTY_TRIE_ROOT, Header
from devnet.chain.state.trie import Branch
from devnet.chain.world import World

if TYPE_CHECKING:
    from benches.stock import StockWorld

    from tests.conftest import Driver

A, B = b"\xaa" * 20, b"\xbb" * 20
SENT = b"\xcc" * 20


def grow(world: World, header: Header, blocks: int, accounts: int = 1) -> list[bytes]:
    """Roots of blocks that each set a balance, a word and new accounts."""
    roots, state = [], world.open_empty(header)
    for number in range(1, blocks + 1):
        state.lock_changes()
        state.set_balance(A, number)
        state.set_storage(B, number % 7, number)
        for index in range(accounts):
            state.set_nonce((number * 1000 + index).to_bytes(20, "big"), 1)
        state.persist()
        roots.append(state.state_root)
    return roots


def count_branches() -> int:
    """Branches in the memory of this process."""
    gc.collect()
    return sum(type(thing) is Branch for thing in gc.get_objects())


def test_every_root_can_be_opened_and_many_at_once(world: World, header: Header) -> None:
    """Each shows its own block, whatever is done to the others."""
    roots = grow(world, header, 40)
    states = [world.open(root, header) for root in roots]
    for number, state in enumerate(states, 1):
        assert (state.get_balance(A), state.get_storage(B, number % 7)) == (number, number)
        assert not state.account_exists(((number + 1) * 1000).to_bytes(20, "big"))
        state.delete_account(A)
        state.set_storage(B, 0, 1)
        state.persist()
    for number, root in enumerate(roots, 1):
        assert world.open(root, header).get_balance(A) == number
        assert states[number - 1].get_balance(A) == 0


def test_state_thrown_away_leaves_nothing(world: World, header: Header) -> None:
    """Neither writes nor code nor roots that were not persisted reach another state."""
    (root,) = grow(world, header, 1)
    state = world.open(root, header)
    state.set_code(A, b"\1")
    state.set_storage(B, 1, 99)
    state.set_transient_storage(B, 1, b"\1")
    state.mark_address_warm(A)
    lost = state.make_state_root()
    again = world.open(root, header)
    assert (again.get_code(A), again.get_storage(B, 1)) == (b"", 1)
    assert (again.get_transient_storage(B, 1), again.is_address_warm(A)) == (b"", False)
    assert not world.has_root(lost)
    assert again.make_state_root() == again.state_root == root


def test_opening_costs_the_same_whatever_the_state_holds(world: World, header: Header) -> None:
    """A few kilobytes, with 10,000 accounts as with none."""
    (root,) = grow(world, header, 1, accounts=10_000)
    sizes = []
    for opened in (EMPTY_TRIE_ROOT, root):
        world.open(opened, header).get_balance(A)
        tracemalloc.start()
        state = world.open(opened, header)
        state.get_balance(A)
        sizes.append(tracemalloc.get_traced_memory()[0])
        tracemalloc.stop()
    assert max(sizes) < 8_000


def test_states_share_what_they_have_in_common(world: World, header: Header) -> None:
    """A hundred blocks over 5,000 accounts take a fraction of a hundred states."""
    grow(world, header, 1, accounts=5_000)
    nodes = len(list(world.iterate_nodes()))
    root = grow(world, header, 1, accounts=5_000)[0]
    state = world.open(root, header)
    for number in range(100):
        state.set_balance(A, number + 5)
        state.persist()
    assert len(list(world.iterate_nodes())) - nodes < 100 * 6


def test_forgotten_state_is_gone_and_frees_what_nobody_shares(world: World, header: Header) -> None:
    """Others stay whole; opening what was forgotten is an error."""
    before = count_branches()
    roots = grow(world, header, 10)
    all_ten = count_branches() - before
    world.forget([*roots[:9], b"unknown", EMPTY_TRIE_ROOT])
    assert count_branches() - before < all_ten / 3
    with pytest.raises(KeyError):
        world.open(roots[4], header)
    last = world.open(roots[9], header)
    assert [last.get_storage(B, slot) for slot in range(7)] == [7, 8, 9, 10, 4, 5, 6]
    assert world.open_empty(header).get_balance(A) == 0


def test_a_frozen_world_keeps_what_the_other_forgets(world: World, header: Header) -> None:
    """A reader that began before goes on, and what it alone holds is freed with it."""
    before = count_branches()
    roots = grow(world, header, 10)
    frozen = world.freeze()
    world.forget(roots)
    assert not any(map(world.has_root, roots))
    assert [frozen.open(root, header).get_balance(A) for root in roots] == list(range(1, 11))
    del frozen
    assert count_branches() == before


def test_persisting_is_what_publishes(world: World, header: Header) -> None:
    """Code and storage of a published root are there for all, and it can be persisted twice."""
    first = world.open_empty(header)
    second = world.open_empty(header)
    for state in (first, second):
        state.set_code(A, b"code")
        state.set_storage(A, 1, 2)
        state.persist()
        state.persist()
    assert first.state_root == second.state_root
    third = world.open(first.state_root, header)
    assert (third.get_code(A), third.get_storage(A, 1)) == (b"code", 2)


def play(driver: Driver, assemble: Callable[..., bytes], wrap: Callable[[bytes], bytes]) -> None:
    """A bit of everything that touches state."""
    node = driver.node
    word = (0, "CALLDATALOAD", 0, "SSTORE", 32, "CALLDATALOAD", 1, "SSTORE")
    keeper = driver.deploy(assemble(*word))
    driver.send(SENT)
    node.send_raw(driver.sign(SENT, value=5))
    for first, second in ((1, 2), (1, 0), (0, 0), (2**255, 1)):
        driver.send(keeper, first.to_bytes(32, "big") + second.to_bytes(32, "big"))
    driver.send(keeper, bytes(64), gas=22_000)  # runs out of gas
    dead = assemble("CALLER", "SELFDESTRUCT")
    node.send_raw(driver.sign(None, dead, value=3))  # born and gone in one transaction
    driver.send(driver.deploy(dead))  # too old to go: EIP-6780
    make = assemble(wrap(b"\xfe"), 0, "MSTORE", 7, 11, 21, 0, "CREATE2", 0, "SSTORE")
    factory = driver.deploy(make)
    driver.send(factory)
    driver.send(factory)  # collides
    driver.infer(driver.add_digits())
    before = node.snapshot()
    driver.send(keeper, b"\1" * 64)
    node.revert(before)
    node.mine(2)
    node.set_automine(False)
    nonce = node.get_pending_nonce(node.accounts[1].address)
    for n in range(20):
        node.send_raw(driver.sign(bytes([n + 1]) * 20, value=n, account=1, nonce=nonce + n))
    node.set_automine(True)
    node.call(Call(to=keeper, data=b"\2" * 64))


def test_chain_is_the_one_on_py_evms_own_state(
    start: Callable[..., Driver],
    stock_class: type[StockWorld],
    assemble: Callable[..., bytes],
    wrap: Callable[[bytes], bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The same transactions give the same block hashes on AccountDB and HexaryTrie."""
    hashes: list[list[Any]] = []
    for world in (World, stock_class):
        monkeypatch.setattr("devnet.validators.beginning.World", world)
        driver = start(validators=1)
        play(driver, assemble, wrap)
        head = driver.node.head.header.number
        hashes.append([driver.node.history.get_block(n).hash for n in range(head + 1)])
    assert hashes[0] == hashes[1]
    assert len(hashes[0]) > 15
