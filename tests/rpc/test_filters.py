"""Filters: what comes between two polls, how long they live, how many there may be."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import devnet.rpc.eth_logs as eth_logs
import devnet.rpc.filters as filters_module
from devnet.config import Config
from devnet.errors import LimitExceeded, UnknownFilter
from devnet.node import Node
from devnet.rpc.feeds import NewBlocks, PendingTransactions
from devnet.rpc.filters import Filters

TO = "0x" + "11" * 20


@pytest.fixture
def emitter(rpc: Any, read_data: Callable[[int], str]) -> Callable[[], dict[str, Any]]:
    """Emits one event; the receipt."""
    reader = rpc.deploy_reader()
    return lambda: rpc.send(to=reader, data=read_data(0))


def test_a_block_filter_gives_each_hash_once(rpc: Any) -> None:
    """From its creation on."""
    rpc("evm_mine")
    found = rpc("eth_newBlockFilter")
    assert rpc("eth_getFilterChanges", found) == []
    rpc("evm_mine", {"blocks": 2})
    height = int(rpc("eth_blockNumber"), 16)
    hashes = [rpc("eth_getBlockByNumber", hex(n))["hash"] for n in (height - 1, height)]
    assert rpc("eth_getFilterChanges", found) == hashes
    assert rpc("eth_getFilterChanges", found) == []


def test_a_pending_filter_gives_hashes_or_whole_transactions(rpc: Any) -> None:
    """With automine too, and before there is a block."""
    hashes = rpc("eth_newPendingTransactionFilter")
    whole = rpc("eth_newPendingTransactionFilter", True)
    first = rpc.send(to=TO)["transactionHash"]
    rpc("evm_setAutomine", False)
    second = rpc("eth_sendTransaction", {"to": TO})
    assert rpc("eth_getFilterChanges", hashes) == [first, second]
    seen = rpc("eth_getFilterChanges", whole)
    assert seen[1] == rpc("eth_getTransactionByHash", second)
    assert (seen[0]["hash"], seen[0]["blockHash"]) == (first, None)


def test_an_event_filter_gives_what_matches(rpc: Any, emitter: Callable[[], Any]) -> None:
    """As `eth_getLogs` shows it; others are not disturbed."""
    before = emitter()
    mine = rpc(
        "eth_newFilter", {"address": before["to"], "topics": before["logs"][0]["topics"][:1]}
    )
    other = rpc("eth_newFilter", {"address": TO})
    logs = emitter()["logs"]
    assert rpc("eth_getFilterChanges", mine) == logs
    assert rpc("eth_getFilterChanges", mine) == rpc("eth_getFilterChanges", other) == []


def test_an_event_filter_can_be_asked_for_all_its_events(
    rpc: Any, emitter: Callable[[], Any]
) -> None:
    """Those of its range; blocks that are there already included."""
    first = emitter()
    found = rpc("eth_newFilter", {"fromBlock": first["blockNumber"]})
    second = emitter()
    assert rpc("eth_getFilterLogs", found) == first["logs"] + second["logs"]
    assert rpc("eth_getFilterChanges", found) == second["logs"]


def test_bounds_of_a_filter_hold_for_what_comes(rpc: Any, emitter: Callable[[], Any]) -> None:
    """A number is a bound, a tag is none, and earliest is block 0."""
    due = int(emitter()["blockNumber"], 16) + 2
    ranges: list[dict[str, str]] = [
        {"fromBlock": hex(due)},
        {"toBlock": hex(due - 1)},
        {"fromBlock": hex(due), "toBlock": hex(due)},
        {"fromBlock": "earliest", "toBlock": "latest"},
        {"fromBlock": "latest"},
    ]
    found = [rpc("eth_newFilter", query) for query in ranges]
    for _ in range(3):
        emitter()
    counts = [len(rpc("eth_getFilterChanges", name)) for name in found]
    assert counts == [2, 1, 1, 3, 3]


def test_events_of_undone_blocks_come_again_as_removed(
    rpc: Any, emitter: Callable[[], Any]
) -> None:
    """The newest first, after they came as events; hashes of undone blocks do not."""
    emitter()
    events, blocks = rpc("eth_newFilter", {}), rpc("eth_newBlockFilter")
    snapshot = rpc("evm_snapshot")
    logs = emitter()["logs"] + emitter()["logs"]
    assert len(rpc("eth_getFilterChanges", blocks)) == 2
    rpc("evm_revert", snapshot)
    removed = [{**log, "removed": True} for log in reversed(logs)]
    assert rpc("eth_getFilterChanges", events) == logs + removed
    assert rpc("eth_getFilterChanges", blocks) == []


def test_a_filter_that_is_removed_is_gone(rpc: Any) -> None:
    """Once; the node stops feeding nobody."""
    observers = len(rpc.node.observers)
    found = rpc("eth_newBlockFilter")
    assert len(rpc.node.observers) == observers + 1
    assert rpc("eth_uninstallFilter", found) is True
    assert rpc("eth_uninstallFilter", found) is False
    for method in ("eth_getFilterChanges", "eth_getFilterLogs"):
        code, message = rpc.fail(method, found)
        assert code == -32000
        assert message.startswith(f"filter not found: {found}")
    assert len(rpc.node.observers) == observers


def test_only_event_filters_have_logs(rpc: Any) -> None:
    """As in geth."""
    code, message = rpc.fail("eth_getFilterLogs", rpc("eth_newBlockFilter"))
    assert code == -32000
    assert "is not one of events" in message


@pytest.mark.parametrize(
    ("method", "params", "message"),
    [
        ("eth_newFilter", [{"fromBlock": "0x2", "toBlock": "0x1"}], "above filter.toBlock 1"),
        ("eth_newFilter", [{"blockHash": "0x" + "00" * 32}], "use eth_getLogs"),
        ("eth_newFilter", [{"topics": "all"}], "filter.topics is"),
        ("eth_newFilter", ["all"], "filter is"),
        ("eth_newPendingTransactionFilter", [1], "full is 1"),
        ("eth_getFilterChanges", ["x"], 'filter is "x"'),
        ("eth_uninstallFilter", [{}], "filter is an object"),
    ],
)
def test_what_does_not_read_is_refused(
    rpc: Any, method: str, params: list[Any], message: str
) -> None:
    """By name."""
    code, text = rpc.fail(method, *params)
    assert code == -32602
    assert message in text


def test_subscriptions_need_a_connection_of_their_own(rpc: Any) -> None:
    """geth's words and code, with the remedy."""
    for method in ("eth_subscribe", "eth_unsubscribe"):
        code, message = rpc.fail(method, "newHeads")
        assert (code, message) == (
            -32601, "notifications not supported; connect by WebSocket or IPC"
        )  # fmt: skip


class Watch:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now_s = 1_000.0

    def __call__(self) -> float:
        return self.now_s


def test_a_filter_lives_five_minutes_from_its_last_poll() -> None:
    """Also if nobody asks for it any more: the node lets go of it."""
    node, watch = Node(Config(validators=1)), Watch()
    filters = Filters(node, watch)
    polled, idle = filters.add(NewBlocks()), filters.add(PendingTransactions(full=False))
    watch.now_s += 299
    filters.take(polled)
    watch.now_s += 2
    node.mine()
    assert len(filters) == 1
    assert len(filters.take(polled)) == 1
    with pytest.raises(UnknownFilter, match="not polled for 300 s"):
        filters.take(idle)
    watch.now_s += 300
    node.mine()
    assert (len(filters), node.observers) == (0, [])


def test_filters_have_a_number_and_a_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """One more is refused; one that holds too much is let go; an idle one makes room."""
    monkeypatch.setattr(filters_module, "MAX_FILTERS", 2)
    monkeypatch.setattr(filters_module, "MAX_FILTER_BACKLOG", 3)
    node, watch = Node(Config(validators=1)), Watch()
    filters = Filters(node, watch)
    first = filters.add(NewBlocks())
    filters.add(NewBlocks())
    with pytest.raises(LimitExceeded, match="2 filters are in use"):
        filters.add(NewBlocks())
    node.mine(3)
    assert len(filters.take(first)) == 3
    node.mine()
    assert len(filters) == 1
    watch.now_s += 300
    filters.add(NewBlocks())
    assert len(filters) == 1


def test_all_filters_together_have_a_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fullest is let go until the rest fits."""
    monkeypatch.setattr(filters_module, "MAX_BACKLOGS", 5)
    node = Node(Config(validators=1))
    filters = Filters(node, Watch())
    full = filters.add(NewBlocks())
    node.mine(2)
    others = filters.add(NewBlocks()), filters.add(NewBlocks())
    node.mine()
    assert len(filters) == 3
    node.mine()
    with pytest.raises(UnknownFilter, match="or most of 5 in all filters"):
        filters.take(full)
    assert [len(filters.take(name)) for name in others] == [2, 2]


def test_a_query_for_events_is_bounded(
    rpc: Any, emitter: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In blocks and in results; both say how much is given."""
    emitter()
    emitter()
    monkeypatch.setattr(eth_logs, "MAX_LOGS", 1)
    code, message = rpc.fail("eth_getLogs", {"fromBlock": "0x0"})
    assert (code, "more than 1 events match" in message) == (-32005, True)
    assert len(rpc("eth_getLogs", {})) == 1
    monkeypatch.setattr(eth_logs, "MAX_LOG_BLOCKS", 2)
    code, message = rpc.fail("eth_getLogs", {"fromBlock": "0x0"})
    assert (code, "blocks in one query, at most 2; split the range" in message) == (-32005, True)
