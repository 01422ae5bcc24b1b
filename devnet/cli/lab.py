"""`devnet lab`: run scenario files."""

import json
import shlex
from dataclasses import replace
from pathlib import Path

import click

from devnet.cli.output import fail
from devnet.errors import ConfigError
from devnet.lab.scenario.reading import find_scenario, list_shipped, load_scenario
from devnet.lab.scenario.result import find_surprises
from devnet.lab.scenario.run import run_scenario
from devnet.lab.trace import Trace


@click.group(name="lab")
def command() -> None:
    """Run scenarios: validators, network and faults from a file, replayable from its seed."""


@command.command(name="list")
def show_list() -> None:
    """Scenarios that come with the package."""
    for name in list_shipped():
        click.echo(f"{name:24}{load_scenario(find_scenario(name)).title}")


@command.command(name="run")
@click.argument("scenario")
@click.option("--seed", type=click.IntRange(0, 2**63 - 1), help="Instead of the file's.")
@click.option(
    "--trace",
    "trace_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write everything that happened, a line each.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def run(scenario: str, seed: int | None, trace_file: Path | None, as_json: bool) -> None:
    """Run SCENARIO, a TOML file or a shipped name; exit code 1 if not as the file expects."""
    read = load_scenario(find_scenario(scenario))
    if seed is not None:
        read = replace(read, seed=seed)
    trace = Trace(keep=trace_file is not None)
    result = run_scenario(read, trace)
    surprises = find_surprises(result, read.expect)
    if trace_file is not None:
        try:
            trace_file.write_text("".join(line + "\n" for line in trace.lines))
        except OSError as fault:
            raise ConfigError(f"cannot write {trace_file}: {fault.strerror}") from fault
    if as_json:
        shown = {
            "title": read.title,
            "seed": read.seed,
            "outcome": result.outcome.value,
            "heights": result.heights,
            "disagree": list(result.disagree),
            "culprits": list(result.culprits),
            "proposers": list(result.proposers),
            "report": list(result.report),
            "traceHash": result.trace_hash,
            "surprises": list(surprises),
        }
        click.echo(json.dumps(shown, indent=2))
    else:
        click.echo(f"{read.title or scenario}: {result.outcome.value}")
        for line in result.report:
            click.echo(f"  {line}")
        click.echo(f"trace {result.trace_hash} (seed {read.seed})")
    if surprises:
        again = f"devnet lab run {shlex.quote(scenario)} --seed {read.seed}"
        fail(f"not as {scenario} expects: {'; '.join(surprises)}; again: {again}", 1)
