"""`devnet audit`: run every model call of a range of blocks again, and say what that shows."""

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from devnet.cli.audit_chain import open_chain
from devnet.cli.output import escape, fail, json_option
from devnet.cli.remote import DEFAULT_URL
from devnet.cli.trust import trust_option
from devnet.consensus.agreement import locate_rule
from devnet.errors import ConfigError, HostError, RemoteError
from devnet.verification.audit.audit import audit_blocks, select_blocks
from devnet.verification.audit.execution import EXACT
from devnet.verification.audit.finding import Finding, Result, Summary
from devnet.verification.audit.workers import open_workers
from precompiles.digest import encode_cid

_WORDS = {
    Result.CONFIRMED: "confirmed",
    Result.REFUTED: "refuted",
    Result.CANNOT_TELL: "cannot tell",
}
_COLOURS = {Result.CONFIRMED: "green", Result.REFUTED: "red", Result.CANNOT_TELL: "yellow"}
_HEAD_TAGS = ("latest", "safe", "finalized")
_MAX_JOBS = 256
_CLEAR = "\r\x1b[K"  # the line of the progress, which is drawn again
OnBlock = Callable[[int], None]


@click.command(name="audit")
@click.option("--from", "first", default="earliest", show_default=True, help="First block.")
@click.option("--to", "last", default="latest", show_default=True, help="Last block.")
@click.option(
    "--url",
    "--rpc-url",
    default=DEFAULT_URL,
    show_default=True,
    envvar="ETH_RPC_URL",
    help="Node to ask.",
)
@click.option(
    "--data-dir",
    type=click.Path(file_okay=False, path_type=Path),
    help="Read this data directory instead; no node may use it.",
)
@trust_option
@click.option(
    "--agreement",
    metavar="RULE",
    help="Accept other bits by this rule of the chain, as in tolerance(64); else none.",
)
@click.option(
    "--jobs",
    type=click.IntRange(1, _MAX_JOBS),
    default=lambda: min(os.cpu_count() or 1, _MAX_JOBS),
    show_default="cores",
    help="Processes that run models.",
)
@json_option
def command(
    first: str,
    last: str,
    url: str,
    data_dir: Path | None,
    trust: bytes | None,
    agreement: str | None,
    jobs: int,
    as_json: bool,
) -> None:
    """Run every inference of a range of blocks again: confirmed, refuted or cannot tell."""
    rule = locate_rule(agreement, Path()) if agreement and agreement != EXACT else ""
    show = _JsonReport() if as_json else _TextReport(is_remote=not data_dir, is_pinned=bool(trust))
    try:
        with open_chain(url, data_dir, trust) as source, open_workers(jobs, rule) as workers:
            head = source.head
            start, end = _parse_block("--from", first, head), _parse_block("--to", last, head)
            numbers = select_blocks(start, end, head)
            with _show_progress(len(numbers), as_json) as on_block:
                for finding in audit_blocks(source, numbers, workers, on_block):
                    show.add(finding)
            show.finish(numbers)
    except (RemoteError, HostError) as silent:  # nothing is refuted by that
        fail(str(silent), Result.CANNOT_TELL.value)
    sys.exit(show.summary.verdict.value)


def _parse_block(option: str, text: str, head: int) -> int:
    if text in _HEAD_TAGS:
        return head
    if text == "earliest":
        return 0
    try:
        return int(text, 16 if text.startswith("0x") else 10)
    except ValueError:
        raise ConfigError(
            f"{option} '{text}' is no block: give a number, latest or earliest"
        ) from None


@contextmanager
def _show_progress(blocks: int, as_json: bool) -> Iterator[OnBlock]:
    """A line on a terminal, nothing elsewhere."""
    if as_json or not sys.stderr.isatty():
        yield lambda number: None
        return
    with click.progressbar(length=blocks, label="blocks", file=sys.stderr) as bar:
        yield lambda number: bar.update(1)


class _TextReport:
    """What is not confirmed, line by line, then a table, and what rests on the node's word."""

    def __init__(self, *, is_remote: bool, is_pinned: bool) -> None:
        self.summary = Summary()
        self._is_remote, self._is_pinned = is_remote, is_pinned
        self._bound = -1  # the last block that something was found about: it names those before

    def add(self, finding: Finding) -> None:
        self.summary.add(finding)
        self._bound = finding.blocks.stop - 1
        if finding.result is not Result.CONFIRMED:
            word = click.style(f"{_WORDS[finding.result]:11}", _COLOURS[finding.result])
            if sys.stderr.isatty():
                click.echo(_CLEAR, err=True, nl=False)
            click.echo(f"{word}  {_locate(finding)}  {finding.step}: {escape(finding.reason)}")

    def finish(self, numbers: range) -> None:
        summary = self.summary
        click.echo(f"{'model':60}" + "".join(f"{word:>12}" for word in _WORDS.values()))
        for model_id in summary.models:
            name = encode_cid(model_id) if model_id else "blocks as a whole"
            counts = (summary.counts[model_id, result] for result in _WORDS)
            click.echo(f"{name:60}" + "".join(f"{count:>12,}" for count in counts))
        totals = [summary.count(result) for result in _WORDS]
        click.echo(f"{'all':60}" + "".join(f"{count:>12,}" for count in totals))
        if self._is_remote:
            self._tell_trust(numbers)
        blocks = f"blocks {numbers.start} to {numbers.stop - 1}"
        word = _WORDS[summary.verdict] if sum(totals) else "no inferences"
        click.echo(f"{blocks}: {word}")

    def _tell_trust(self, numbers: range) -> None:
        """What no signature was asked for."""
        rest = range(max(self._bound + 1, numbers.start), numbers.stop)
        if rest:
            click.echo(f"on the node's word: that {_name(rest)} had no call to a model")
        if any(self.summary.models) and not self._is_pinned:
            click.echo("on the node's word: its first validator set; --trust HASH pins it")


class _JsonReport:
    """One object, printed as it grows: `findings` first, then the counts."""

    def __init__(self) -> None:
        self.summary = Summary()
        self._before = '{"findings": ['

    def add(self, finding: Finding) -> None:
        self.summary.add(finding)
        click.echo(f"{self._before}\n{json.dumps(_dump(finding))}", nl=False)
        self._before = ","

    def finish(self, numbers: range) -> None:
        start = self._before if self._before != "," else ""
        counts = {_WORDS[result]: self.summary.count(result) for result in _WORDS}
        rest = {
            "from": numbers.start,
            "to": numbers.stop - 1,
            "counts": counts,
            "outcome": _WORDS[self.summary.verdict],
        }
        click.echo(f"{start}\n], {json.dumps(rest)[1:]}")


def _locate(finding: Finding) -> str:
    receipt, blocks = finding.receipt, finding.blocks
    if receipt is not None:
        transaction = f"0x{receipt.transaction_hash.hex()}"
        return f"block {blocks.start}, inference {receipt.call_index} of {transaction}"
    return _name(blocks)


def _name(blocks: range) -> str:
    if len(blocks) == 1:
        return f"block {blocks.start}"
    return f"blocks {blocks.start} to {blocks.stop - 1}"


def _dump(finding: Finding) -> dict[str, Any]:
    receipt = finding.receipt
    return {
        "result": _WORDS[finding.result],
        "block": finding.blocks.start,
        "lastBlock": finding.blocks.stop - 1,
        "transactionHash": f"0x{receipt.transaction_hash.hex()}" if receipt else None,
        "callIndex": receipt.call_index if receipt else None,
        "modelId": f"0x{receipt.model_id.hex()}" if receipt else None,
        "step": finding.step or None,
        "reason": finding.reason or None,
    }
