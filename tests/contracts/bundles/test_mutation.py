"""Whatever is changed in a bundle, the contract refuses it exactly when the Python verifier does.

Both name the same step, of those that both check. Signed again by everybody, a change gets further.
"""

import copy
import json
from contextlib import suppress
from random import Random
from typing import Any

import pytest

from devnet.errors import BadBundle
from devnet.verification.bundle import dump_bundle, parse_bundle
from tests.contracts.bundles.changes import (
    CHANGES,
    HARMLESS,
    Change,
    certify_other,
    list_members,
)
from tests.contracts.bundles.conftest import Deployed, assert_same_answer
from tests.contracts.bundles.notary import Notary
from tests.verification.leaves import iterate_leaves

NOTARY = Notary((3, 1, 2, 2, 1))
BUNDLE = NOTARY.notarise(5, 3)
PARTS = ("header", "certificate", "validators", "receipt", "path", "chainId")


def test_no_field_can_be_changed(deployed: Deployed) -> None:
    """Every value of the JSON that the contract reads, under the right set and under its own."""
    draw = Random(0)
    original = dump_bundle(BUNDLE)
    compared = 0
    for path in (p for part in PARTS for p in iterate_leaves(original[part], (part,))):
        changed = copy.deepcopy(original)
        parent = changed
        for key in path[:-1]:
            parent = parent[key]
        parent[path[-1]] = _change(parent[path[-1]], draw)
        with suppress(BadBundle):
            bundle = parse_bundle(json.dumps(changed))
            compared += 1
            for trusted in (NOTARY.set_hash, None):
                assert not assert_same_answer(deployed, bundle, trusted), path
    assert compared > 40


@pytest.mark.parametrize("part", PARTS)
def test_parts_of_two_bundles_do_not_mix(deployed: Deployed, part: str) -> None:
    """Swapped one by one; what both have in common changes nothing."""
    ours, theirs = dump_bundle(BUNDLE), dump_bundle(NOTARY.notarise(3, 1, nonce=1))
    with suppress(BadBundle):
        mixed = parse_bundle(json.dumps({**ours, part: theirs[part]}))
        is_same = ours[part] == theirs[part]
        assert assert_same_answer(deployed, mixed, NOTARY.set_hash) is is_same


@pytest.mark.parametrize(
    ("validators", "times"), [(1, 2), (4, 2), (7, 2), pytest.param(32, 2, marks=pytest.mark.slow)]
)
@pytest.mark.parametrize("change", CHANGES)
def test_every_kind_of_change_has_the_same_answer(
    deployed: Deployed, change: Change, validators: int, times: int
) -> None:
    """Once as it is, once signed again by all, under the right set and under the bundle's own."""
    notary = Notary(tuple(1 + index % 3 for index in range(validators)))
    original = notary.notarise(5, 3)
    draw = Random(f"{change.__name__} {validators}")
    for _ in range(times):
        try:
            changed = change(original, draw)
        except ValueError:  # one validator has nobody to swap with
            assert validators == 1
            return
        again = changed
        if changed.validators == original.validators and change is not certify_other:
            again = notary.certify(changed, list_members(original))
        for bundle, trusted in ((changed, notary.set_hash), (changed, None), (again, None)):
            is_accepted = assert_same_answer(deployed, bundle, trusted)
            assert not is_accepted or bundle == original or change in HARMLESS


def test_changes_on_changes_have_the_same_answer(deployed: Deployed) -> None:
    """Up to three kinds at once."""
    draw = Random(2)
    answers = set()
    for _ in range(60):
        bundle = BUNDLE
        for change in draw.sample(draw.choice((CHANGES, HARMLESS)), draw.randint(1, 3)):
            try:
                bundle = change(bundle, draw)
            except (IndexError, ValueError):  # nothing left to drop or swap
                continue
        answers.add(assert_same_answer(deployed, bundle))
    assert answers == {True, False}


def _change(value: Any, draw: Random) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + draw.choice((1, 2, 255))
    place = draw.randrange(2, len(value))
    digit = draw.choice([d for d in "0123456789abcdef" if d != value[place]])
    return value[:place] + digit + value[place + 1 :]
