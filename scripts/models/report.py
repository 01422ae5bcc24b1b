"""Report: the README beside the models and the table on stdout, both from the same figures."""

import hashlib
from collections.abc import Mapping, Sequence

import numpy as np

from precompiles.quantization.port import Port
from precompiles.tensor import DType

from .family import Family, Task
from .measure import Measurement

PAGE = """\
# Zoo: sample models

Written by `scripts/make_models`; every figure and digest below was measured by that script in the
run that wrote the files. Do not edit by hand.

| model | what it is |
|---|---|
| `digits` | perceptron 64-32-10: an 8x8 image to a digit |
| `digits_cnn` | two 3x3 convolutions with pooling, then scores: the same |
| `digits_transformer` | encoder block, 8 rows as tokens, LayerNormalization, Gelu: the same |
| `diagnosis` | 80 boosted trees of depth 2: measurements of cell nuclei to malignant or benign |
| `volatility` | perceptron 32-16-1: recent log-returns to the fee of an exchange, in basis points |

Each has a float form, `_float`, and an exact one, `_exact`: integers only, no float anywhere. All
exact forms but the trees' are what `precompiles/quantization` makes of the float form, calibrated
on the training part; the trees are the same graph with integer thresholds and leaves.

## Data

| archive | held out | trained on | what it is |
|---|---|---|---|
{archives}

The split of the two data sets is fixed and stratified. The returns are **synthetic**: a seeded
stochastic-volatility series with no market behind it, held out by another seed; the right fee is
twice the volatility of the next 8 intervals, kept in 5 to 100 basis points.

## Signatures

| model | input | outputs, in this order |
|---|---|---|
{signatures}

Pixels count 0..16, row by row; scaling is inside the graph. `digit` is the index of the largest
score, the first on a tie. An integer stands for scale * (integer - zero point); both are in the
model's metadata as `devnet.scale.<name>` and `devnet.zero_point.<name>`:

| model | scales; every zero point is 0 |
|---|---|
{scales}

## Figures

Held-out data by ONNX Runtime: CPUExecutionProvider, 1 thread, sequential, optimisations off.
`same` is the share of samples on which the exact form answers as the float one.

| model | bytes | MACs | same | right | accuracy |
|---|---|---|---|---|---|
{choices}

| model | bytes | MACs | mean error | mean distance to the float form |
|---|---|---|---|---|
{estimates}

Errors in basis points against the right fee. {baseline}

## Digests

| file | bytes | SHA-256 |
|---|---|---|
{digests}

A model's SHA-256 is its model id.

## Use, and make again

```python
from precompiles.models.samples import read_held_out, read_sample

model = read_sample("digits_exact")
data = read_held_out("digits")  # arrays by name: pixels, labels
```

```
scripts/make_models                       # all, into this folder; needs scikit-learn
scripts/make_models --out DIR diagnosis   # one of them elsewhere, without this page
```

Seeded: two runs on one machine give equal bytes.
"""

_ARCHIVES = {
    "digits_held_out": "1,797 images bundled with scikit-learn (UCI data set 80, Optical "
    "Recognition of Handwritten Digits, test part)",
    "diagnosis_held_out": "569 patients bundled with scikit-learn (UCI data set 17, Breast Cancer "
    "Wisconsin, Diagnostic)",
    "volatility_held_out": "windows of 32 returns from a synthetic series",
}


def format_readme(
    families: Sequence[Family],
    files: Mapping[str, bytes],
    measured: Mapping[str, Measurement],
) -> str:
    """The folder's README; `files` by file name, `measured` by model name."""
    return PAGE.format(
        archives="\n".join(_describe_archives(families)),
        signatures="\n".join(
            f"| `{name}` | {_list_ports(result.inputs)} | {_list_ports(result.outputs)} |"
            for name, result in measured.items()
        ),
        scales="\n".join(
            f"| `{name}` | {_list_scales((*result.inputs, *result.outputs))} |"
            for name, result in measured.items()
            if name.endswith("_exact")
        ),
        choices="\n".join(_format_rows(families, files, measured, Task.CHOOSE)),
        estimates="\n".join(_format_rows(families, files, measured, Task.ESTIMATE)),
        baseline=" ".join(
            f"A formula, the exponentially weighted mean of squares, has {family.baseline:.2f}."
            for family in families
            if family.task is Task.ESTIMATE
        ),
        digests="\n".join(
            f"| `{name}` | {len(data):,} | `{hashlib.sha256(data).hexdigest()}` |"
            for name, data in files.items()
        ),
    )


def format_table(files: Mapping[str, bytes], measured: Mapping[str, Measurement]) -> str:
    """One line a model: name, size, held-out result, start of its SHA-256."""
    lines = [f"{'model':<26}{'bytes':>8}{'MACs':>8}{'right':>12}{'error':>10}  sha256"]
    for name, result in measured.items():
        data = files[f"{name}.onnx"]
        right = f"{result.right} of {len(result.answers)}"
        lines.append(
            f"{name:<26}{len(data):>8,}{result.macs:>8,}{right:>12}{result.error:>10.4f}"
            f"  {hashlib.sha256(data).hexdigest()[:16]}"
        )
    return "\n".join(lines)


def _describe_archives(families: Sequence[Family]) -> list[str]:
    found = {family.held_out: family for family in families}
    rows = []
    for name, family in found.items():
        arrays = ", ".join(
            f"`{key}` {array.dtype}{str(list(array.shape)).replace(' ', '')}"
            for key, array in family.data.items()
        )
        count = len(next(iter(family.data.values())))
        rows.append(
            f"| `{name}.npz`: {arrays} | {count:,} | {family.trained_on:,} | {_ARCHIVES[name]} |"
        )
    return rows


def _format_rows(
    families: Sequence[Family],
    files: Mapping[str, bytes],
    measured: Mapping[str, Measurement],
    task: Task,
) -> list[str]:
    rows = []
    for family in families:
        if family.task is not task:
            continue
        original = measured[f"{family.name}_float"].answers
        for form in ("float", "exact"):
            name = f"{family.name}_{form}"
            result = measured[name]
            count = len(result.answers)
            start = f"| `{name}` | {len(files[f'{name}.onnx']):,} | {result.macs:,} "
            if task is Task.CHOOSE:
                same = float(np.mean(result.answers == original))
                rows.append(
                    f"{start}| {_format_percent(same)} | {result.right} of {count} "
                    f"| {_format_percent(result.accuracy)} |"
                )
            else:
                distance = float(np.mean(np.abs(result.answers - original)))
                rows.append(f"{start}| {result.error:.2f} | {distance:.2f} |")
    return rows


def _list_ports(ports: Sequence[Port]) -> str:
    return ", ".join(
        f"`{port.type.name}` {port.type.dtype.name.lower()} "
        f"{str(list(port.type.shape)).replace(' ', '')}"
        for port in ports
    )


def _list_scales(ports: Sequence[Port]) -> str:
    assert not any(port.zero_point for port in ports), "the page says that all are 0"
    quantities = [port for port in ports if port.type.dtype is not DType.INT64]
    return ", ".join(f"`{port.type.name}` {port.scale:.6g}" for port in quantities)


def _format_percent(share: float) -> str:
    return f"{share:.2%}".replace("%", " %")
