"""Campaign: requests by the hundred thousand at one node, in episodes that start alike.

Each episode's dice follow from the seed and its number, and the chain is undone between episodes,
so that a finding is replayed by running its episode alone.
"""

import gc
import logging
import random
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count, takewhile
from pathlib import Path
from traceback import format_exception

from devnet.config import DEFAULT_HARDFORK
from devnet.rpc.methods import build_methods
from fuzzing.rpc.exchange import Exchange, open_exchange
from fuzzing.rpc.judgement import Finding, judge
from fuzzing.rpc.kinds import read_schema
from fuzzing.rpc.requests import Author, Sent
from fuzzing.rpc.soil import Soil

EPISODE = 250  # bodies
WAYS = ("direct", "direct", "http", "direct", "direct", "websocket")
MAX_GROWTH_MB = 64.0  # of the process between warm-up and end
_WARM_UP = 0.2  # of all episodes
_SLOW_S = 20.0  # seconds after which an answer is a finding
_ELSEWHERE = (  # have a result where validators are processes, and under the optimistic rule
    "consensus_join",
    "inference_disputes",
    "inference_requests",
)


@dataclass(frozen=True, slots=True)
class Found:
    """What went wrong, and where."""

    episode: int
    index: int  # of the body in its episode
    way: str
    body: bytes
    what: str
    trace: str  # empty if nothing was raised


@dataclass(slots=True)
class Report:
    """What a campaign did."""

    requests: int = 0
    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)  # by method, result or code
    findings: list[Found] = field(default_factory=list)
    slowest_s: dict[str, float] = field(default_factory=dict)  # by method
    rss_mb: list[float] = field(default_factory=list)  # after each episode
    methods: tuple[str, ...] = ()

    @property
    def growth_mb(self) -> float:
        """From warm-up to the end."""
        return self.rss_mb[-1] - self.rss_mb[int(len(self.rss_mb) * _WARM_UP)]

    @property
    def unanswered(self) -> list[str]:
        """Methods that never had a result and could have had one."""
        missed = (name for name in self.methods if not self.outcomes[name, "result"])
        return [name for name in missed if name not in _ELSEWHERE]


class Campaign:
    """Runs episodes on one node."""

    def __init__(self, seed: int, hardfork: str = DEFAULT_HARDFORK) -> None:
        self._seed = seed
        self._hardfork = hardfork
        self._soil = Soil(hardfork)
        self._schema = read_schema(build_methods(self._soil.node))
        self.report = Report(methods=tuple(self._schema))

    def run(self, episodes: Iterable[int]) -> Report:
        """Episodes by number; each is some 300 requests."""
        for episode in episodes:
            self._run_episode(episode)
            gc.collect()
            self.report.rss_mb.append(_read_rss_mb())
        return self.report

    def run_until(self, requests: int) -> Report:
        """As many episodes from the first one on as so many requests take."""
        return self.run(takewhile(lambda _: self.report.requests < requests, count()))

    def _run_episode(self, number: int) -> None:
        dice = random.Random(f"{self._seed}/{number}")
        way = WAYS[number % len(WAYS)]
        if not self._soil.reset():
            self._soil = Soil(self._hardfork)
        author = Author(self._schema, self._soil, dice)
        with open_exchange(way, self._soil.node) as exchange, _collect_errors() as errors:
            for index in range(EPISODE):
                sent = author.write()
                what = self._try(exchange, sent)
                trace = "".join(errors)
                errors.clear()
                if what or trace:
                    found = Found(
                        number, index, way, sent.body, what or "an error was logged", trace
                    )
                    self.report.findings.append(found)

    def _try(self, exchange: Exchange, sent: Sent) -> str:
        """What is wrong with the answer, or nothing."""
        self.report.requests += max(1, len(sent.requests))
        began = time.perf_counter()
        try:
            raw = exchange.send(sent.body, bool(sent.requests))
            took_s = time.perf_counter() - began
            if raw is not None or not sent.requests:
                for method, answer in judge(sent, raw):
                    self._note(method, answer)
        except Finding as finding:
            return str(finding)
        except Exception as error:
            return f"{type(error).__name__} reached the client: {error}"
        for request in sent.requests[:1]:
            name = request["method"]
            self.report.slowest_s[name] = max(took_s, self.report.slowest_s.get(name, 0.0))
        return f"answered after {took_s:.1f} s" if took_s > _SLOW_S else ""

    def _note(self, method: str, answer: dict[str, object]) -> None:
        error = answer.get("error")
        outcome = str(error["code"]) if isinstance(error, dict) else "result"
        self.report.outcomes[method, outcome] += 1
        if outcome == "result":
            self._soil.harvest(method, answer["result"])


@contextmanager
def _collect_errors() -> Iterator[list[str]]:
    """What is logged as an error while this runs, with its trace."""
    found: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            error = record.exc_info[1] if record.exc_info else None
            found.append("".join(format_exception(error)) if error else record.getMessage())

    keep = Keep(logging.ERROR)
    logging.getLogger().addHandler(keep)
    try:
        yield found
    finally:
        logging.getLogger().removeHandler(keep)


def _read_rss_mb() -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0.0
