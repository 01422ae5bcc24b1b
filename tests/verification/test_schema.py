"""The published shape: every bundle that is made has it, and it is in the package."""

import json
from importlib.resources import files
from typing import Any

import pytest
from bundles.paper import Chain
from bundles.runs import run_exact
from jsonschema import Draft202012Validator

from devnet.consensus.set_change import Update
from devnet.proofs import build_proof
from devnet.verification.bundle import FORMAT, dump_bundle
from tests.conftest import Driver

SCHEMA = json.loads(files("devnet.verification").joinpath("bundle.schema.json").read_text())
VALIDATOR = Draft202012Validator(SCHEMA)


@pytest.fixture(scope="module")
def shown() -> dict[str, Any]:
    """A bundle with everything in it: changes of the set, several receipts, an attachment."""
    chain = Chain((1, 1, 1, 1))
    chain.add_block(changes=[Update(chain.add_key(4), 1)])
    chain.add_block()
    chain.add_block(run_exact(), run_exact(1))
    bundle = dump_bundle(chain.build_bundle(3))
    return bundle | {"attachments": [{"kind": "zk-proof", "version": 1, "data": "0x00"}]}


def test_schema_is_a_schema_of_this_format() -> None:
    """By the draft's own schema."""
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["properties"]["format"]["const"] == FORMAT


def test_what_a_node_writes_has_the_shape(driver: Driver) -> None:
    """A bundle as `inference_bundle` answers it."""
    place = driver.infer(driver.add_digits())
    VALIDATOR.validate(dump_bundle(build_proof(driver.node, place.transaction.hash)))


def test_every_part_has_the_shape(shown: dict[str, Any]) -> None:
    """Changes and attachments too."""
    assert shown["changes"]
    VALIDATOR.validate(shown)


def test_no_object_takes_an_unknown_field(shown: dict[str, Any]) -> None:
    """At any depth, an engine's description apart, whose fields are free."""

    def spoil(value: Any) -> int:
        found = 0
        if isinstance(value, dict):
            if "runtime" not in value:
                value["surplus"] = 0
                assert not VALIDATOR.is_valid(shown)
                del value["surplus"]
                found += 1
            value = list(value.values())
        for child in value if isinstance(value, list) else ():
            found += spoil(child)
        return found

    assert spoil(shown) > 20


def test_no_field_but_attachments_may_be_missing(shown: dict[str, Any]) -> None:
    """At the top."""
    for name in shown:
        rest = {key: value for key, value in shown.items() if key != name}
        assert VALIDATOR.is_valid(rest) is (name == "attachments"), name
