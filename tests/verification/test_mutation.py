"""No mutation of a valid bundle verifies, for either of two verifiers."""

import json
import random

import pytest
from bundles.paper import Chain
from bundles.runs import run_exact
from bundles.sound import build_changed_chain, prove_many, prove_one

from devnet.errors import BadBundle
from devnet.proofs import build_proof
from devnet.verification.bundle import Bundle, dump_bundle, parse_bundle
from devnet.verification.claims import check_claims
from devnet.verification.step import Mark
from devnet.verification.verifier import Outcome, verify_bundle
from precompiles.digest import compute_model_id
from tests.conftest import Driver
from tests.verification.mutation import mutate
from tests.verification.second_reader import check

MODEL = run_exact().model
MUTATIONS = 1_000


@pytest.fixture(scope="module")
def texts() -> tuple[str, ...]:
    """Valid bundles: of one chain on paper, of others with their own keys or id, of a node."""
    changed = build_changed_chain()
    elsewhere = Chain((1, 1, 1, 1), chain_id=10740, name="elsewhere")
    elsewhere.add_block()
    elsewhere.add_block(run_exact(), run_exact(1))
    driver = Driver()
    model = driver.add_digits()
    places = [driver.infer(model, digit) for digit in (0, 1)]
    bundles = (
        *(changed.build_bundle(12, 0), changed.build_bundle(12, 1)),
        *(elsewhere.build_bundle(2, 0), elsewhere.build_bundle(2, 1)),
        *(prove_one(run_exact()), prove_many()),
        prove_one(run_exact(), (33, 33, 1, 32), silent=(3,)),
        *(build_proof(driver.node, place.transaction.hash) for place in places),
    )
    assert {verify_bundle(bundle, MODEL).outcome for bundle in bundles} == {Outcome.VERIFIED}
    return tuple(json.dumps(dump_bundle(bundle)) for bundle in bundles)


def test_no_mutation_verifies(texts: tuple[str, ...]) -> None:
    """A thousand; those that read as the same bundle do not count, and are few."""
    draw = random.Random(0)
    counted = same = 0
    while counted < MUTATIONS:
        text = draw.choice(texts)
        changed = mutate(text, texts, draw)
        if _read(changed) == _read(text):
            same += 1
            continue
        counted += 1
        assert not _verifies(changed), changed
    assert same < MUTATIONS


def test_second_reader_agrees_on_mutations(texts: tuple[str, ...]) -> None:
    """Step by step, up to the model."""
    draw = random.Random(1)
    for _ in range(300):
        changed = mutate(draw.choice(texts), texts, draw)
        bundle = _read(changed)
        if bundle is None:
            assert check(changed, MODEL, None) == [["bundle", "fails"]], changed
            continue
        steps = [[step.name, step.mark.name.lower()] for step in check_claims(bundle, None)]
        same = bundle.receipt.model_id == compute_model_id(MODEL)
        model_step = ["model", "holds" if same else "fails"]
        assert check(changed, MODEL, None) == [*steps, model_step], changed


@pytest.mark.parametrize(
    ("mine", "other"), [(0, 1), (0, 2), (2, 3), (4, 2), (4, 0), (5, 4), (6, 4), (7, 8), (7, 4)]
)
def test_parts_of_two_valid_bundles_do_not_mix(
    texts: tuple[str, ...], mine: int, other: int
) -> None:
    """Any one of the top fields, between two inferences of a block, of a chain, of two chains."""
    bundle, donor = json.loads(texts[mine]), json.loads(texts[other])
    differing = [part for part in bundle if bundle[part] != donor[part]]
    assert len(differing) >= 3
    for part in differing:
        assert not _verifies(json.dumps({**bundle, part: donor[part]})), part


def _read(text: str) -> Bundle | None:
    try:
        return parse_bundle(text)
    except BadBundle:
        return None


def _verifies(text: str) -> bool:
    """As `verify_text`; the model runs only where everything else holds."""
    bundle = _read(text)
    if bundle is None or any(step.mark is not Mark.HOLDS for step in check_claims(bundle, None)):
        return False
    return verify_bundle(bundle, MODEL).outcome is Outcome.VERIFIED
