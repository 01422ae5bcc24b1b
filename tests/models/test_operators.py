"""The table of operators: complete, unambiguous, and what the README says."""

import subprocess
import sys
from pathlib import Path

import pytest
from onnx import AttributeProto, defs

from precompiles.engine.reference.evaluator import RULES
from precompiles.errors import NotAdmitted
from precompiles.models.limits import MAX_OPSET, MIN_OPSET
from precompiles.models.manifest import Profile
from precompiles.models.operators import OPERATORS, find_operator
from precompiles.models.reading.attribute import INTEGERS, TEXTS
from precompiles.models.reading.signature import find_signature
from precompiles.models.table.operator import Rule

ROOT = Path(__file__).resolve().parents[2]
STANDARD = [row for row in OPERATORS if not row.domain]


def test_every_operator_of_the_admitted_opsets_has_one_row() -> None:
    """No operator that ONNX had by the last admitted opset is unmentioned, none is invented."""
    known = {
        schema.name
        for schema in defs.get_all_schemas_with_history()
        if schema.domain == "" and schema.since_version <= MAX_OPSET
    }
    names = [row.name for row in STANDARD]
    assert len(names) == len(set(names))
    assert set(names) == known


def test_every_row_says_why_and_every_obstacle_what_to_do() -> None:
    """A user who is refused or pinned always reads a way on."""
    for row in OPERATORS:
        assert row.why, row.name
        if row.exact != "always":
            assert row.remedy or row.rule in (Rule.ROUND, Rule.MOVE), row.name


def test_every_admitted_operator_has_a_signature_and_element_types() -> None:
    """In some admitted opset, with at least one choice for each slot."""
    for row in STANDARD:
        if row.best is None:
            continue
        opsets = range(MIN_OPSET, MAX_OPSET + 1)
        assert any(find_signature(row.name, opset, "") for opset in opsets), row.name
        assert row.choices, row.name
        assert {len(choice) for choice in row.choices} == {len(row.slots)}, row.name


def test_every_exact_operator_has_a_second_evaluator() -> None:
    """What is called exact is checked at registration, so the reference evaluator must know it."""
    exact = {row.name for row in OPERATORS if row.best is Profile.EXACT}
    assert exact - set(RULES) == set()


def test_every_text_attribute_has_its_admitted_values() -> None:
    """An attribute without a list would be refused whatever it says."""
    for row in STANDARD:
        signature = find_signature(row.name, MAX_OPSET, "") if row.best is not None else None
        for name, declared in (signature.attributes if signature else {}).items():
            if declared.code in (AttributeProto.STRING, AttributeProto.STRINGS):
                listed = f"{row.name}.{name}" in TEXTS or name in TEXTS
                assert listed or name in ("equation", "value_string", "value_strings"), row.name


def test_every_integer_attribute_has_bounds() -> None:
    """None is left to the runtime's own checks."""
    for row in STANDARD:
        signature = find_signature(row.name, MAX_OPSET, "") if row.best is not None else None
        for name, declared in (signature.attributes if signature else {}).items():
            if declared.code in (AttributeProto.INT, AttributeProto.INTS):
                assert f"{row.name}.{name}" in INTEGERS or name in INTEGERS, f"{row.name}.{name}"


def test_misspelt_operator_is_answered_with_near_names() -> None:
    """The message names what may have been meant."""
    with pytest.raises(NotAdmitted, match="did you mean MatMul"):
        find_operator("", "MatMull")
    with pytest.raises(NotAdmitted, match=r"operator evil\.Run is not"):
        find_operator("evil", "Run")


def test_readme_holds_the_table_as_generated() -> None:
    """`scripts/write_operator_table --check` finds no difference."""
    script = ROOT / "scripts" / "write_operator_table"
    done = subprocess.run([sys.executable, script, "--check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
