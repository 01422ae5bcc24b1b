"""Report: the README beside the models and the table on stdout, both from the same figures."""

import hashlib
from collections.abc import Mapping

from .measure import Measurement
from .training import MACS

PAGE = """\
# Zoo: sample models

Written by `scripts/make_models`; every figure and digest below was measured by that script in the
run that wrote the files. Do not edit by hand.

| file | what it is |
|---|---|
| `digits_float.onnx` | perceptron 64-32-10 in float32, trained from scratch |
| `digits_exact.onnx` | the same, quantised after training: integers only, no float anywhere |
| `digits_held_out.npz` | unseen images: `pixels` uint8 [{total},64], `labels` uint8 [{total}] |

The images are the 1,797 of 8x8 pixels bundled with scikit-learn (UCI Machine Learning Repository,
data set 80, Optical Recognition of Handwritten Digits, test part). Fixed split, stratified:
{train:,} to train and to calibrate the quantisation, {total} held out.

## Signatures

| model | input | outputs, in this order |
|---|---|---|
| `digits_float` | `pixels` float32 [1,64] | `digit` int64 [1], `scores` float32 [1,10] |
| `digits_exact` | `pixels` uint8 [1,64] | `digit` int64 [1], `scores` int32 [1,10] |

Pixels count 0..16, row by row; scaling is inside the graph. `digit` is the index of the largest
score, the first on a tie.

## Figures

Held-out accuracy by ONNX Runtime: CPUExecutionProvider, 1 thread, sequential, optimisations off.

| model | bytes | MACs | right | accuracy |
|---|---|---|---|---|
{figures}

## Digests

| file | bytes | SHA-256 |
|---|---|---|
{digests}

A model's SHA-256 is its model id.

## Use, and make again

```python
from precompiles.models.samples import read_digits, read_sample

model = read_sample("digits_exact")
pixels, labels = read_digits()
```

```
scripts/make_models              # into this folder; needs scikit-learn
scripts/make_models --out DIR    # elsewhere
```

Seeded: two runs on one machine give equal bytes.
"""


def format_readme(
    files: Mapping[str, bytes], measured: Mapping[str, Measurement], train: int
) -> str:
    """The folder's README; `files` by file name, `measured` by model name."""
    figures = [
        f"| `{name}` | {len(files[f'{name}.onnx']):,} | {MACS:,} "
        f"| {result.right} of {result.total} | {_format_percent(result)} |"
        for name, result in measured.items()
    ]
    digests = [
        f"| `{name}` | {len(data):,} | `{hashlib.sha256(data).hexdigest()}` |"
        for name, data in files.items()
    ]
    total = next(iter(measured.values())).total
    return PAGE.format(
        total=total, train=train, figures="\n".join(figures), digests="\n".join(digests)
    )


def format_table(files: Mapping[str, bytes], measured: Mapping[str, Measurement]) -> str:
    """One line a model: name, size, held-out accuracy, start of its SHA-256."""
    lines = [f"{'model':<14}{'bytes':>8}{'MACs':>8}{'right':>12}{'accuracy':>11}  sha256"]
    for name, result in measured.items():
        data = files[f"{name}.onnx"]
        lines.append(
            f"{name:<14}{len(data):>8,}{MACS:>8,}{f'{result.right} of {result.total}':>12}"
            f"{_format_percent(result):>11}  {hashlib.sha256(data).hexdigest()[:16]}"
        )
    return "\n".join(lines)


def _format_percent(result: Measurement) -> str:
    return f"{result.accuracy:.2%}".replace("%", " %")
