"""Where commands take models from: a file or a bundled sample, and sizes of its dimensions."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from devnet.errors import ConfigError
from precompiles.models.samples import list_samples, read_sample


def read_file(file: str) -> bytes:
    """Bytes of a model file, or of a sample by its name.

    Raises: ConfigError if there is neither.
    """
    if file in list_samples():
        return read_sample(file)
    try:
        return Path(file).read_bytes()
    except OSError as fault:
        samples = ", ".join(list_samples())
        raise ConfigError(
            f"cannot read '{file}': {fault.strerror}; give an ONNX file or a sample ({samples})"
        ) from fault


def _parse_dimensions(
    _context: click.Context, _option: click.Parameter, texts: tuple[str, ...]
) -> dict[str, int]:
    sizes = {}
    for text in texts:
        name, _, size = text.rpartition("=")
        if not name or not size.isdecimal():
            raise ConfigError(f"--dimension '{text}' is not NAME=SIZE, as in batch=1")
        sizes[name] = int(size)
    return sizes


dimension_option: Callable[[Callable[..., Any]], Callable[..., Any]] = click.option(
    "--dimension",
    "dimensions",
    multiple=True,
    metavar="NAME=SIZE",
    callback=_parse_dimensions,
    help="Size of a dynamic dimension, by name or input:axis; may be given several times.",
)
