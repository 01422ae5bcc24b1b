"""Gas: the published formula, by hand, and what must follow from it."""

from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from precompiles.gas import (
    Schedule,
    compute_check_gas,
    compute_infer_gas,
    compute_trial_gas,
)
from precompiles.models.manifest import Manifest, Profile, Work
from precompiles.tensor import DType, TensorType

COUNTS = st.integers(0, 10**12)


def build_manifest(work: Work, inputs: int = 64, outputs: int = 48) -> Manifest:
    """A manifest with `inputs` and `outputs` bytes of tensors."""
    return Manifest(
        model_id=bytes(32),
        profile=Profile.EXACT,
        size_bytes=1,
        work=work,
        inputs=(TensorType("x", DType.UINT8, (1, inputs)),),
        outputs=(TensorType("y", DType.UINT8, (outputs,)),),
    )


def test_the_digit_model_costs_what_the_formula_says() -> None:
    """Every term by hand: 64 bytes in, 48 out, 2,368 multiply-adds."""
    manifest = build_manifest(Work(macs=2_368, moved_bytes=1_000, peak_bytes=5_000))
    base = 100 + 100
    tensors = 2  # 1.75, rounded up
    work = 1 + 1 + 1  # 0.2, 0.5 and 0.15, each rounded up
    assert compute_infer_gas(Schedule(), manifest) == base + tensors + work


def test_io_counts_elements_times_their_size() -> None:
    """A float64 costs eight bytes, a boolean one, a scalar one element."""
    kinds = (TensorType("a", DType.FLOAT64, (2, 3)), TensorType("b", DType.BOOL, ()))
    manifest = replace(build_manifest(Work(0, 0, 0)), inputs=kinds, outputs=())
    schedule = replace(Schedule(), io_bytes_per_gas=1)
    assert compute_infer_gas(schedule, manifest) == 200 + 48 + 1


@pytest.mark.parametrize(("work", "gas"), [(0, 0), (1, 1), (12_000, 1), (12_001, 2)])
def test_each_term_is_rounded_up(work: int, gas: int) -> None:
    """The first multiply-add costs a whole unit, the next 11,999 nothing."""
    manifest = build_manifest(Work(work, 0, 0))
    assert compute_infer_gas(Schedule(), manifest) == 200 + 2 + gas


@given(COUNTS, COUNTS, COUNTS, st.sampled_from(("macs", "moved_bytes", "peak_bytes")), COUNTS)
def test_more_work_never_costs_less(macs: int, moved: int, peak: int, term: str, more: int) -> None:
    """Gas is monotone in every term of the work."""
    work = Work(macs, moved, peak)
    harder = replace(work, **{term: getattr(work, term) + more})
    costs = [compute_infer_gas(Schedule(), build_manifest(w)) for w in (work, harder)]
    assert costs == sorted(costs)


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, 10**6))
def test_longer_tensors_never_cost_less(inputs: int, outputs: int, more: int) -> None:
    """Gas is monotone in what crosses the boundary, in both directions."""
    work = Work(0, 0, 0)
    cost = compute_infer_gas(Schedule(), build_manifest(work, inputs, outputs))
    assert compute_infer_gas(Schedule(), build_manifest(work, inputs + more, outputs)) >= cost
    assert compute_infer_gas(Schedule(), build_manifest(work, inputs, outputs + more)) >= cost


@given(st.integers(0, 1 << 26))
def test_admission_is_priced_by_the_byte(size: int) -> None:
    """Base and slope of the check that comes before parsing."""
    assert compute_check_gas(Schedule(), size) == 50_000 + 8 * size


@pytest.mark.parametrize(
    "name",
    [field.name for field in fields(Schedule) if field.name != "register_per_word"],
)
def test_every_price_counts(name: str) -> None:
    """A chain that changes any field of its schedule (words: test_registry) changes a cost."""
    changed = replace(Schedule(), **{name: 2 * getattr(Schedule(), name)})
    manifest = build_manifest(Work(10**6, 10**6, 10**6, 10**6), inputs=1_000)
    if "portable" in name:
        manifest = replace(manifest, profile=Profile.PORTABLE)

    def price(schedule: Schedule) -> tuple[int, ...]:
        infer, trial = compute_infer_gas(schedule, manifest), compute_trial_gas(schedule, manifest)
        return infer, trial, compute_check_gas(schedule, 1)

    assert price(Schedule()) != price(changed)
