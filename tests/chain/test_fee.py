"""The base fee follows EIP-1559, as py-evm computes it."""

from dataclasses import replace

import eth.consensus  # noqa: F401  # py-evm has an import cycle that only this order resolves
import rlp
from eth.vm.forks.london.headers import calculate_expected_base_fee_per_gas
from eth.vm.forks.prague.blocks import PragueBlockHeader
from hypothesis import given
from hypothesis import strategies as st

from devnet.chain.fee import compute_base_fee
from devnet.chain.header import Header, encode_header

PARENT = Header(
    parent_hash=bytes(32),
    coinbase=bytes(20),
    state_root=bytes(32),
    number=5,
    gas_limit=30_000_000,
    timestamp=1,
    mix_hash=bytes(32),
    base_fee_per_gas=10**9,
)


@given(
    gas_limit=st.integers(5_000, 2**40),
    share=st.integers(0, 1_000),
    base_fee=st.integers(0, 10**15),
)
def test_base_fee_is_that_of_py_evm(gas_limit: int, share: int, base_fee: int) -> None:
    """For any limit, fullness and parent fee."""
    gas_used = gas_limit * share // 1_000
    parent = replace(PARENT, gas_limit=gas_limit, gas_used=gas_used, base_fee_per_gas=base_fee)
    upstream = rlp.decode(encode_header(parent), PragueBlockHeader)
    assert compute_base_fee(parent) == calculate_expected_base_fee_per_gas(upstream)


def test_base_fee_moves_by_an_eighth_at_most() -> None:
    """An empty block lowers it, half a block keeps it, a full one raises it; it can always rise."""
    for used, fee in ((0, 875_000_000), (15_000_000, 10**9), (30_000_000, 1_125_000_000)):
        assert compute_base_fee(replace(PARENT, gas_used=used)) == fee
    assert compute_base_fee(replace(PARENT, gas_used=30_000_000, base_fee_per_gas=0)) == 1
