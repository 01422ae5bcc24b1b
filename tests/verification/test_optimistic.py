"""Bundles of the optimistic rule: a final answer is proven like any other, and a lie is found."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from devnet.config import Optimistic
from devnet.consensus.optimistic import OPTIMISTIC
from devnet.proofs import build_proof
from devnet.validators.misbehaviour import parse_behavior
from devnet.validators.optimistic.contract import Status, encode_call, list_tensors
from devnet.verification.verifier import Outcome, verify_bundle
from precompiles.interface import Mode
from precompiles.models.samples import read_digits, read_sample
from precompiles.tensor import DType, Tensor

if TYPE_CHECKING:
    from tests.conftest import Driver


@pytest.mark.parametrize("lies", [False, True])
def test_a_final_answer_is_run_again_by_whoever_checks(start: type[Driver], lies: bool) -> None:
    """A lie that no committee looked at is final on the chain, and refuted by its own bundle."""
    terms = Optimistic(window_blocks=4, move_blocks=3)
    driver = start(validators=2, rule="optimistic", optimistic=terms)
    node, model_id = driver.node, driver.add_digits()
    if lies:
        node.set_behavior("v1", parse_behavior("wrong-model"))
        node.set_behavior("v0", parse_behavior("lazy"))
    tensor = Tensor(DType.UINT8, (1, 64), read_digits()[0][0].tobytes())
    data = encode_call("request", model_id, list_tensors([tensor]), 0)
    driver.node.send_raw(driver.sign(OPTIMISTIC, data, 1_000))
    for _ in range(80):
        if node.docket.matters[1].status is Status.FINAL:
            break
        node.mine()
    (settled,) = node.head.inferences
    bundle = build_proof(node, settled.receipt.transaction_hash)
    assert bundle.receipt.mode is Mode.OPTIMISTIC
    verdict = verify_bundle(bundle, read_sample("digits_exact"))
    assert verdict.outcome is (Outcome.REFUTED if lies else Outcome.VERIFIED)
    assert verdict.reason.startswith("execution: exact: output 'scores'") is lies
