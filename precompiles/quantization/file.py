"""Quantisation of files: a model and an npz in, an exact model out, whole or not at all."""

import os
import tempfile
import zipfile
from pathlib import Path

import numpy as np

from precompiles.models.graph import Array
from precompiles.quantization.quantize import quantize_model
from precompiles.quantization.refusal import BadCalibration
from precompiles.quantization.report import Report, compare_models

LABELS = "labels"  # name of the array of right answers, unless the model has an input of that name


def quantize_file(input_path: Path, output_path: Path, npz_path: Path) -> Report:
    """Quantise a float model file on the samples of an npz; the output appears complete.

    The npz holds one array per input, named like it, the first axis counting samples; `labels` may
    hold the right answers.

    Raises: OSError; CannotQuantize, NotAdmitted, TooLarge, RuntimeBroken. Nothing is written then.
    """
    model = Path(input_path).read_bytes()
    data = read_samples(Path(npz_path))
    quantized = quantize_model(model, data)
    inputs = {port.type.name for port in quantized.inputs}
    labels = None if LABELS in inputs else data.get(LABELS)
    report = compare_models(model, quantized, data, labels)
    _write(Path(output_path), quantized.model)
    return report


def read_samples(path: Path) -> dict[str, Array]:
    """Arrays of an npz by name; nothing in it is executed.

    Raises: OSError; BadCalibration if it is no npz of numeric arrays.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
    except (ValueError, zipfile.BadZipFile, AttributeError) as broken:
        raise BadCalibration(
            f"{path} is not an npz of plain arrays: {broken}; write it with numpy.savez"
        ) from broken
    for name, array in arrays.items():
        if array.dtype.kind not in "buif" or array.ndim == 0:
            raise BadCalibration(f"array '{name}' of {path} is {array.dtype}{list(array.shape)}")
    return arrays


def _write(path: Path, data: bytes) -> None:
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as fault:
        raise OSError(fault.errno, fault.strerror, str(path)) from fault
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, 0o644)
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise
