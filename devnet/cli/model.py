"""`devnet model`: add, list, show and run models on a running node."""

import json
from pathlib import Path
from typing import Any

import click
import numpy as np
from rich.console import Console
from rich.table import Table

from devnet.cli.dimension import dimension_option
from devnet.cli.model_file import check, quantize
from devnet.cli.output import json_option
from devnet.cli.remote import rpc_option
from devnet.errors import ConfigError
from devnet.model_source import read_model
from devnet.rpc.client import Client
from precompiles.dtypes import NUMPY_DTYPES
from precompiles.engine.canonical import to_array, to_tensor
from precompiles.tensor import DType, Tensor

_WIDTH = 140  # characters: an id is never cut


@click.group(name="model")
def command() -> None:
    """Add, list, show and run models."""


@command.command()
@click.argument("file")
@click.option("--alias", help="A name for it on this chain.")
@dimension_option
@click.option("--release", metavar="NAME[@VERSION]", help="Publish it in this repository.")
@rpc_option
@json_option
def add(
    file: str,
    alias: str | None,
    dimensions: dict[str, int],
    release: str | None,
    client: Client,
    as_json: bool,
) -> None:
    """Register a model: an ONNX file, or a bundled sample such as digits_exact."""
    options: dict[str, Any] = {"alias": alias} if alias else {}
    if dimensions:
        options["dimensions"] = dimensions
    if release:
        name, _, version = release.partition("@")
        options["release"] = {"name": name, "version": version, "fileName": Path(file).name}
    added = client.upload("models", read_model(file), {"options": json.dumps(options)})
    if as_json:
        click.echo(json.dumps(added))
        return
    click.echo(added["id"])
    known = "was registered already" if added["transactionHash"] is None else "registered"
    click.echo(f"{known} as {added['cid']}", err=True)


@command.command(name="list")
@rpc_option
@json_option
def list_models(client: Client, as_json: bool) -> None:
    """Registered models."""
    models = client.request("inference_models")
    if as_json:
        click.echo(json.dumps(models))
        return
    table = Table(box=None, padding=(0, 2, 0, 0))
    for name in ("alias", "id", "profile", "MACs", "bytes"):
        table.add_column(name, no_wrap=True)
    for model in models:
        table.add_row(
            ", ".join(model["aliases"]) or "-",
            model["id"],
            model["profile"],
            f"{model['macs']:,}",
            f"{model['sizeBytes']:,}",
        )
    Console(width=_WIDTH).print(table)


@command.command()
@click.argument("model")
@rpc_option
@json_option
def show(model: str, client: Client, as_json: bool) -> None:
    """One model: id, CID, signature, profile, work, price, owner."""
    found = client.request("inference_model", model)
    found["gas"] = client.request("inference_quote", model)
    if as_json:
        click.echo(json.dumps(found))
        return
    rows = {
        "id": found["id"],
        "CID": found["cid"],
        "aliases": ", ".join(found["aliases"]) or "-",
        "profile": found["profile"],
        "inputs": _describe(found["inputs"]),
        "outputs": _describe(found["outputs"]),
        "multiply-adds": f"{found['macs']:,}",
        "bytes": f"{found['sizeBytes']:,}",
        "gas per call": f"{_to_int(found['gas']):,}",
        "owner": found["owner"],
    }
    for name, value in rows.items():
        click.echo(f"{name:14} {value}")


@command.command()
@click.argument("model")
@click.option(
    "--input",
    "inputs",
    multiple=True,
    metavar="NAME=FILE.npy|JSON",
    help="A numpy file, or nested lists as JSON.",
)
@rpc_option
def run(model: str, inputs: tuple[str, ...], client: Client) -> None:
    """Run a model off chain: the bits a transaction would get, as JSON."""
    found = client.request("inference_model", model)
    kinds = {kind["name"]: DType(kind["dtype"]) for kind in found["inputs"]}
    tensors = dict(_read_input(text, kinds) for text in inputs)
    answer = client.request("inference_run", model, tensors)
    outputs = {name: _show_tensor(tensor) for name, tensor in answer["outputs"].items()}
    click.echo(json.dumps({**answer, "outputs": outputs}))


command.add_command(check)
command.add_command(quantize)


def _read_input(text: str, kinds: dict[str, DType]) -> tuple[str, dict[str, Any]]:
    name, separator, value = text.partition("=")
    if not separator or name not in kinds:
        raise ConfigError(f"--input '{text}' is not NAME=VALUE with NAME one of {list(kinds)}")
    dtype = NUMPY_DTYPES[kinds[name]]
    try:
        if value.endswith(".npy"):
            array = np.load(value, allow_pickle=False)
        else:
            array = np.asarray(json.loads(value))
        cast = array.astype(dtype, casting="same_kind" if value.endswith(".npy") else "unsafe")
    except (OSError, ValueError, TypeError) as fault:
        raise ConfigError(f"--input '{name}' does not read as {dtype}: {fault}") from fault
    if not np.array_equal(cast, array, equal_nan=cast.dtype.kind == "f") and cast.dtype.kind != "f":
        raise ConfigError(f"--input '{name}' has values that do not fit {dtype}")
    tensor = to_tensor(cast)
    return name, {
        "dtype": int(tensor.dtype),
        "shape": list(tensor.shape),
        "data": "0x" + tensor.data.hex(),
    }


def _show_tensor(tensor: dict[str, Any]) -> Any:
    data = bytes.fromhex(tensor["data"][2:])
    return to_array(Tensor(DType(tensor["dtype"]), tuple(tensor["shape"]), data)).tolist()


def _describe(kinds: list[dict[str, Any]]) -> str:
    return ", ".join(f"{k['name']} {DType(k['dtype']).name.lower()}{k['shape']}" for k in kinds)


def _to_int(value: int | str) -> int:
    return int(value, 16) if isinstance(value, str) else value
