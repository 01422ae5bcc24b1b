"""Lanes: several readers side by side, one writer in order, short questions at once."""

from __future__ import annotations

import asyncio
import gc
import json
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

import devnet.rpc.dispatch as dispatch_module
from devnet.clock import read_clock
from devnet.rpc.dispatch import Dispatcher
from devnet.rpc.limits import INLINE_BYTES, READERS
from devnet.rpc.transport.service import Service
from devnet.rpc.transport.workers import Workers

Encode = Callable[..., bytes]


def run_all(server: Any, *questions: tuple[object, ...]) -> tuple[list[object], float]:
    """Ask all at once on connections of their own: the answers, and seconds until the last."""
    answers: list[object] = [None] * len(questions)

    def ask(index: int) -> None:
        answers[index] = server.ask(*questions[index])

    threads = [threading.Thread(target=ask, args=(index,)) for index in range(len(questions))]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
        time.sleep(0.02)
    for thread in threads:
        thread.join()
    return answers, time.perf_counter() - began


def test_readers_run_side_by_side(server: Any) -> None:
    """As many as there are threads."""
    answers, took_s = run_all(server, *(("read", 0.4, str(n)) for n in range(READERS)))
    assert answers == [str(n) for n in range(READERS)]
    assert took_s < 0.4 * (READERS - 1)


def test_writers_never_overlap_and_keep_their_order(server: Any) -> None:
    """Whoever asks."""
    server.log.entries.clear()
    _, took_s = run_all(server, *(("write", 0.1, str(n)) for n in range(3)))
    assert server.log.entries == [f"{what} {n}" for n in range(3) for what in ("begin", "end")]
    assert took_s >= 0.3


def test_neither_readers_nor_the_writer_hold_up_short_questions(server: Any) -> None:
    """All threads busy, and more work waiting."""
    busy = [("read", 0.5)] * (READERS + 2) + [("write", 0.5)] * 2
    threads = [threading.Thread(target=server.ask, args=question) for question in busy]
    for thread in threads:
        thread.start()
    time.sleep(0.1)
    began = time.perf_counter()
    assert server.ask("echo", "quick") == "quick"
    assert time.perf_counter() - began < 0.2
    for thread in threads:
        thread.join()


def test_a_batch_is_answered_in_order_across_lanes(server: Any, request_body: Encode) -> None:
    """A write before a read is done before it."""
    server.log.entries.clear()
    parts = [
        request_body(1, "write", 0.05, "w"), request_body(2, "echo", 5),
        request_body(3, "read", 0.0, "r"), b"7", request_body(4, "nothing"),
    ]  # fmt: skip
    answers = json.loads(server.exchange(body=b"[" + b",".join(parts) + b"]")[2])
    assert [answer.get("result") for answer in answers] == ["w", 5, "r", None, None]
    assert server.log.entries == ["begin w", "end w", "begin r", "end r"]


def test_a_batch_stops_answering_when_it_has_answered_enough(
    server: Any, request_body: Encode, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What does not fit is refused by name, with the limit."""
    monkeypatch.setattr(dispatch_module, "MAX_BATCH_ANSWER_BYTES", 1_000)
    parts = [request_body(number, "big", 900) for number in range(4)]
    answers = json.loads(server.exchange(body=b"[" + b",".join(parts) + b"]")[2])
    assert [answer.get("error", {}).get("code") for answer in answers] == [
        *(None, None, -32005, -32005)
    ]
    assert "1000 bytes; split it" in answers[2]["error"]["message"]


def test_a_large_request_is_parsed_beside_the_loop(server: Any, request_body: Encode) -> None:
    """Same answer."""
    text = "x" * (INLINE_BYTES + 1)
    assert server.ask("echo", text) == text


def test_every_request_is_observed_by_its_name(server: Any) -> None:
    """One that does not exist has none, so that names from outside are not kept."""
    server.observed.clear()
    server.ask("echo", 1)
    server.exchange(body=b'[{"jsonrpc":"2.0","id":1,"method":"evil"},{}]')
    server.exchange(body=b"nonsense")
    assert server.observed == [("echo", False), ("", True), ("", True), ("", True)]


def test_threads_have_a_deep_stack(server: Any) -> None:
    """Recursion through C fits, as the EVM needs it."""
    assert server.ask("depth") == 9_000


@pytest.fixture
def workers() -> Iterator[Workers]:
    """One thread."""
    found = Workers("test", 1)
    yield found
    found.stop(5)


def test_work_that_nobody_waits_for_is_not_begun(workers: Workers) -> None:
    """A client that left does not keep the readers busy."""
    done: list[int] = []

    async def run() -> None:
        first = workers.run(partial(time.sleep, 0.1))
        second = workers.run(partial(done.append, 2))
        second.cancel()
        await first
        await workers.run(partial(done.append, 3))

    asyncio.run(run())
    assert done == [3]


def test_an_error_reaches_who_waits(workers: Workers) -> None:
    """As it was raised; the thread lives on."""

    async def run() -> None:
        with pytest.raises(ZeroDivisionError):
            await workers.run(lambda: 1 // 0)
        assert await workers.run(lambda: 5) == 5

    asyncio.run(run())


def test_a_write_that_fails_after_its_client_left_is_not_reported() -> None:
    """It is finished, and nobody waits for what became of it."""
    reported: list[dict[str, Any]] = []
    begun, go_on = threading.Event(), threading.Event()

    def fail() -> None:
        begun.set()
        go_on.wait(5)
        raise ZeroDivisionError

    async def run() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, what: reported.append(what))
        service = Service(Dispatcher({}), lambda *_: None, read_clock)
        client = asyncio.create_task(service.write(fail))
        while not begun.is_set():
            await asyncio.sleep(0.01)
        client.cancel()
        await asyncio.wait([client])
        go_on.set()
        await service.write(lambda: None)
        service.stop()

    asyncio.run(run())
    gc.collect()
    assert reported == []


def test_stopping_says_whether_all_was_done() -> None:
    """One that takes too long is left behind, and keeps no process alive."""

    async def run() -> None:
        workers = Workers("slow", 1)
        future = workers.run(partial(time.sleep, 0.3))
        assert not workers.stop(0.05)
        await future
        assert workers.stop(1.0)

    asyncio.run(run())
