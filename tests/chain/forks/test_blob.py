"""Blob gas: price and excess of every schedule, the reserve price of Osaka."""

from __future__ import annotations

import eth.consensus  # noqa: F401  # py-evm has an import cycle that only this order resolves
import pytest
from eth._utils.calculations import fake_exponential
from hypothesis import given
from hypothesis import strategies as st

from devnet.chain.forks.blob import (
    DEFAULT_BLOBS,
    GAS_PER_BLOB,
    BlobParameters,
    compute_blob_base_fee,
    compute_excess_blob_gas,
    is_payable,
)
from devnet.chain.forks.fork import Fork
from devnet.chain.header import SHANGHAI_LENGTH, Header

CANCUN, OSAKA = DEFAULT_BLOBS[Fork.CANCUN], DEFAULT_BLOBS[Fork.OSAKA]
TARGET = OSAKA.target * GAS_PER_BLOB


def build_parent(excess: int, used: int, base_fee: int = 0) -> Header:
    """A header of which only these fields matter."""
    return Header(
        parent_hash=bytes(32),
        coinbase=bytes(20),
        state_root=bytes(32),
        number=1,
        gas_limit=0,
        timestamp=0,
        mix_hash=bytes(32),
        base_fee_per_gas=base_fee,
        blob_gas_used=used,
        excess_blob_gas=excess,
    )


@pytest.mark.parametrize(
    ("excess", "fraction", "fee"),
    [  # as geth tests them
        (0, 1, 1),
        (2, 1, 6),
        (4, 2, 6),
        (3, 1, 16),
        (6, 2, 18),
        (4, 1, 49),
        (8, 2, 50),
        (5, 1, 136),
        (5, 2, 11),
        (50_000_000, 2_225_652, 5_709_098_764),
        (2_314_057, 3_338_477, 1),
        (2_314_058, 3_338_477, 2),
        (10 * 1024 * 1024, 3_338_477, 23),
    ],
)
def test_price_is_the_rounded_exponential(excess: int, fraction: int, fee: int) -> None:
    """The integer Taylor series of EIP-4844."""
    assert compute_blob_base_fee(excess, BlobParameters(3, 6, fraction)) == fee


@given(excess=st.integers(0, 3 * 10**8), fork=st.sampled_from(sorted(DEFAULT_BLOBS)))
def test_price_is_py_evms(excess: int, fork: Fork) -> None:
    """Within what a chain can reach."""
    blob = DEFAULT_BLOBS[fork]
    assert compute_blob_base_fee(excess, blob) == fake_exponential(1, excess, blob.update_fraction)


def test_price_fits_a_word_up_to_the_bound_and_not_far_beyond() -> None:
    """Beyond it the series is not computed: it would take as many steps as there are units."""
    for blob in DEFAULT_BLOBS.values():
        highest = 177 * blob.update_fraction
        assert is_payable(highest, blob)
        assert 2**255 < compute_blob_base_fee(highest, blob) < 2**256
        assert not is_payable(highest + 1, blob)


@given(excess=st.integers(0, 10**8), blobs=st.integers(0, 9), base_fee=st.integers(0, 10**12))
def test_excess_is_what_was_used_beyond_the_target(excess: int, blobs: int, base_fee: int) -> None:
    """Before Osaka the base fee does not matter."""
    parent = build_parent(excess, blobs * GAS_PER_BLOB, base_fee)
    for fork in (Fork.CANCUN, Fork.PRAGUE):
        blob = DEFAULT_BLOBS[fork]
        wanted = max(0, excess + (blobs - blob.target) * GAS_PER_BLOB)
        assert compute_excess_blob_gas(parent, blob, fork) == wanted


def test_first_block_with_blobs_has_no_excess() -> None:
    """Its parent has no such field."""
    parent = Header(
        parent_hash=bytes(32),
        coinbase=bytes(20),
        state_root=bytes(32),
        number=1,
        gas_limit=0,
        timestamp=0,
        mix_hash=bytes(32),
        length=SHANGHAI_LENGTH,
    )
    assert compute_excess_blob_gas(parent, CANCUN, Fork.CANCUN) == 0


@pytest.mark.parametrize(
    ("excess", "used", "base_fee", "wanted"),
    [
        (0, 0, 10**9, 0),
        (0, TARGET - GAS_PER_BLOB, 10**9, 0),
        (0, TARGET, 10**9, TARGET // 3),  # 131,072 wei for a blob against 8.2e12 for its execution
        (0, TARGET, 16, 0),  # equal: 8,192 gas of 16 wei are 131,072 wei
        (0, TARGET, 17, TARGET // 3),
        (5 * TARGET, TARGET, 10**9, 5 * TARGET + TARGET // 3),
        (5 * TARGET, 0, 10**9, 5 * TARGET),  # does not fall while execution is dearer
        (5 * TARGET, 0, 0, 4 * TARGET),
        (100 * TARGET, 0, 10**6, 99 * TARGET),  # blobs cost 6.6e6 wei: dearer than the reserve
    ],
)
def test_reserve_price_keeps_the_excess_from_falling(
    excess: int, used: int, base_fee: int, wanted: int
) -> None:
    """EIP-7918: while a blob costs less than 8,192 gas, the excess rises by a third of the use."""
    parent = build_parent(excess, used, base_fee)
    assert compute_excess_blob_gas(parent, OSAKA, Fork.OSAKA) == wanted


def test_parameters_of_a_new_fork_hold_for_its_first_block() -> None:
    """The child of a full block counts by its own target and price."""
    parent = build_parent(0, 9 * GAS_PER_BLOB)
    assert compute_excess_blob_gas(parent, OSAKA, Fork.OSAKA) == 3 * GAS_PER_BLOB
    assert compute_excess_blob_gas(parent, DEFAULT_BLOBS[Fork.BPO1], Fork.BPO1) == 0
    priced = build_parent(10**8, 9 * GAS_PER_BLOB, 10**12)
    bpo1 = compute_excess_blob_gas(priced, DEFAULT_BLOBS[Fork.BPO1], Fork.BPO1)
    assert bpo1 == 10**8 + 9 * GAS_PER_BLOB * 5 // 15
