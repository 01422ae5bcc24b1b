"""Report: what a campaign found, each thing once and with the command that replays it."""

import sys
import threading
import time
from collections import Counter

from devnet.rpc.limits import STACK_BYTES
from fuzzing.rpc.campaign import MAX_GROWTH_MB, Campaign, Found, Report

_SHOWN = 600  # characters of a body
_LISTED = 5  # slowest methods


def run_and_report(seed: int, requests: int, episode: int | None, hardfork: str) -> int:
    """Exit code: 1 for a finding, memory that grew, or a method that nothing sound was sent to."""
    campaign = Campaign(seed, hardfork)
    began = time.perf_counter()
    _run_deep(campaign, requests, episode)
    report = campaign.report
    rate = report.requests / (time.perf_counter() - began)
    _show_findings(report.findings, f"scripts/fuzz rpc --seed {seed} --hardfork {hardfork}")
    kinds = Counter[str]()
    for (_, outcome), count in report.outcomes.items():
        kinds[outcome] += count
    slowest = sorted(report.slowest_s.items(), key=lambda item: -item[1])[:_LISTED]
    print(f"{report.requests} requests, {rate:.0f} a second, {len(report.findings)} findings")
    print("answers:", ", ".join(f"{name} {count}" for name, count in kinds.most_common()))
    print("slowest:", ", ".join(f"{name} {1_000 * took:.0f} ms" for name, took in slowest))
    failed = bool(report.findings)
    if episode is None:
        failed |= _show_whole(report)
    return int(failed)


def _show_whole(report: Report) -> bool:
    """What only many episodes show."""
    rss = report.rss_mb
    print(
        f"memory: {rss[0]:.0f} MB at first, {rss[-1]:.0f} MB at last, "
        f"{report.growth_mb:+.0f} MB after warm-up, at most {MAX_GROWTH_MB:.0f}"
    )
    if report.unanswered:
        print("never answered with a result:", ", ".join(report.unanswered))
    return report.growth_mb > MAX_GROWTH_MB or bool(report.unanswered)


def _run_deep(campaign: Campaign, requests: int, episode: int | None) -> None:
    """In a thread with a stack as deep as the server's: EVM calls nest."""

    def run() -> None:
        if episode is None:
            campaign.run_until(requests)
        else:
            campaign.run(range(episode, episode + 1))

    before = threading.stack_size(STACK_BYTES)
    try:
        thread = threading.Thread(target=run)
        thread.start()
    finally:
        threading.stack_size(before)
    thread.join()


def _show_findings(findings: list[Found], replay: str) -> None:
    seen = Counter[str]()
    for found in findings:
        cause = found.trace.strip().rpartition("\n")[2] or found.what
        seen[cause] += 1
        if seen[cause] > 1:
            continue
        where = f"episode {found.episode}, body {found.index}, {found.way}"
        print(f"finding: {found.what} ({where})\n  {found.body[:_SHOWN]!r}", file=sys.stderr)
        print(f"{found.trace}  replay: {replay} --episode {found.episode}\n", file=sys.stderr)
    for cause, count in seen.items():
        print(f"{count} times: {cause[:200]}", file=sys.stderr)
