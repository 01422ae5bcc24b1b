"""`devnet model check` and `devnet model quantize`: work on model files, need no node."""

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from devnet.cli.dimension import dimension_option
from devnet.cli.output import json_option
from devnet.errors import ConfigError
from devnet.model_source import read_model
from precompiles.gas import Schedule, compute_infer_gas

if TYPE_CHECKING:
    from precompiles.models.report import Report as ModelReport
    from precompiles.quantization.report import OutputReport, Report


@click.command()
@click.argument("source", type=click.Path(path_type=Path))
@click.argument("target", type=click.Path(path_type=Path))
@click.option(
    "--calibrate",
    "samples",
    required=True,
    type=click.Path(path_type=Path),
    help="npz with one array per input, samples first; `labels` may hold the right answers.",
)
@json_option
def quantize(source: Path, target: Path, samples: Path, as_json: bool) -> None:
    """Turn the float model SOURCE into the exact integer model TARGET."""
    from precompiles.quantization.file import quantize_file
    from precompiles.quantization.refusal import CannotQuantize

    try:
        report = quantize_file(source, target, samples)
    except CannotQuantize as refused:
        raise ConfigError(str(refused)) from refused
    except OSError as fault:
        raise ConfigError(f"cannot use '{fault.filename}': {fault.strerror}") from fault
    if as_json:
        click.echo(json.dumps(_to_json(report)))
        return
    click.echo(f"profile        {report.profile.name.lower()}")
    click.echo(f"bytes          {report.bytes_float:,} float, {report.bytes_exact:,} exact")
    click.echo(f"multiply-adds  {report.work.macs:,}")
    for port in (*report.inputs, *report.outputs):
        click.echo(f"{port.type.name:14} {port.type}, scale {port.scale:g}, zero {port.zero_point}")
    for output in report.results:
        click.echo(f"{output.name:14} {_describe(output)} on {report.samples:,} samples")


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@dimension_option
@json_option
def check(file: Path, dimensions: dict[str, int], as_json: bool) -> None:
    """What admission says of FILE: profile, why not exact or portable, signature, work and price.

    Exit 1 if the model is refused.
    """
    from precompiles.models.report import check_model

    report = check_model(read_model(str(file)), dimensions)
    click.echo(json.dumps(_check_to_json(report)) if as_json else "\n".join(_check_lines(report)))
    if not report.is_admitted:
        sys.exit(1)


def _check_lines(report: "ModelReport") -> Iterator[str]:
    manifest = report.manifest
    yield f"{'id':14} 0x{report.model_id.hex()}"
    if manifest is None:
        yield f"{'profile':14} refused"
        yield from (f"  {refusal}" for refusal in report.refusals)
        return
    yield f"{'profile':14} {manifest.profile.name.lower()}"
    yield from (f"{'input':14} {kind}" for kind in manifest.inputs)
    yield from (f"{'output':14} {kind}" for kind in manifest.outputs)
    yield f"{'multiply-adds':14} {manifest.work.macs:,}"
    yield f"{'memory':14} {manifest.work.peak_bytes:,} bytes at most"
    yield f"{'gas per call':14} {compute_infer_gas(Schedule(), manifest):,}"
    if report.obstacles:
        yield "not exact because of"
        yield from (f"  {verdict}" for verdict in report.obstacles)
    if report.portable_obstacles:
        yield "not portable because of"
        yield from (f"  {verdict}" for verdict in report.portable_obstacles)


def _check_to_json(report: "ModelReport") -> dict[str, Any]:
    manifest = report.manifest
    found: dict[str, Any] = {
        "id": "0x" + report.model_id.hex(),
        "sizeBytes": report.size_bytes,
        "admitted": report.is_admitted,
        "refusals": list(report.refusals),
        "obstacles": [str(verdict) for verdict in report.obstacles],
        "portableObstacles": [str(verdict) for verdict in report.portable_obstacles],
    }
    if manifest is not None:
        found |= {
            "profile": manifest.profile.name.lower(),
            "inputs": [str(kind) for kind in manifest.inputs],
            "outputs": [str(kind) for kind in manifest.outputs],
            "macs": manifest.work.macs,
            "peakBytes": manifest.work.peak_bytes,
            "gas": compute_infer_gas(Schedule(), manifest),
        }
    return found


def _describe(output: "OutputReport") -> str:
    parts = []
    if output.accuracy_float is not None and output.accuracy_exact is not None:
        parts.append(
            f"accuracy {output.accuracy_float:.2%} float, {output.accuracy_exact:.2%} exact"
        )
    if output.label_error_float is not None and output.label_error_exact is not None:
        before, after = output.label_error_float, output.label_error_exact
        parts.append(f"mean distance to labels {before:.4g} float, {after:.4g} exact")
    if output.agreement is not None:
        parts.append(f"same choice {output.agreement:.2%}")
    if output.error is not None:
        error = output.error
        parts.append(
            f"error at most {error.max_abs:.4g}, mean {error.mean_abs:.4g}, "
            f"relative {error.relative_rms:.2%}"
        )
    return "; ".join(parts) or "nothing to compare"


def _to_json(report: "Report") -> dict[str, Any]:
    ports = {
        side: [
            {"name": p.type.name, "type": str(p.type), "scale": p.scale, "zeroPoint": p.zero_point}
            for p in each
        ]
        for side, each in (("inputs", report.inputs), ("outputs", report.outputs))
    }
    return {
        "profile": report.profile.name.lower(),
        "samples": report.samples,
        "bytesFloat": report.bytes_float,
        "bytesExact": report.bytes_exact,
        "macs": report.work.macs,
        **ports,
        "results": [asdict(result) for result in report.results],
    }
