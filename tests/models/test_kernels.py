"""Kernels: what is admitted loads, runs on extreme inputs and gives what was declared.

One small application of every operator, with every choice of element types, at the edges of the
admitted opsets. Exact ones also equal the reference evaluator.
"""

import random
from collections import defaultdict

import pytest
from fuzzing.application import build_application, list_bindings
from fuzzing.applications import APPLICATIONS
from fuzzing.trial import Finding, try_model

from precompiles.models.operators import OPERATORS

OPSETS = (13, 18, 23, 24)
TREE_OPSETS = (1, 3, 5)


def test_every_admitted_operator_has_an_application() -> None:
    """None escapes the test below."""
    listed = {row.name for row in OPERATORS if row.best is not None}
    assert listed - {application.operator for application in APPLICATIONS} == {"Constant"}


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_every_admitted_use_runs_as_declared() -> None:
    """Types, shapes and intervals hold; nothing admitted is refused by the runtime."""
    dice = random.Random(0)
    seen: dict[str, set[str]] = defaultdict(set)
    findings = []
    for application in APPLICATIONS:
        for opset in TREE_OPSETS if application.domain else OPSETS:
            for binding in list_bindings(application, opset):
                model = build_application(application, opset, binding).SerializeToString()
                try:
                    seen[application.operator].add(try_model(model, dice))
                except Finding as finding:
                    findings.append((application.operator, opset, binding, str(finding)))
    assert findings == []
    for row in OPERATORS:
        if row.best is None:
            assert seen[row.name] <= {"refused"}, row.name
        elif row.name != "Constant":
            assert seen[row.name] & {"exact", "portable", "pinned"}, row.name
