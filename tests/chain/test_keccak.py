"""py-evm hashes with the C keccak, and gets the digests it got before."""

from eth_hash.auto import keccak
from eth_hash.backends import pysha3
from eth_hash.backends.pycryptodome import keccak256
from hypothesis import given
from hypothesis import strategies as st

from devnet.chain.keccak import bind_keccak
from devnet.chain.world import World


@given(data=st.binary(max_size=600))
def test_digest_is_that_of_the_other_library(data: bytes) -> None:
    """Bytes and bytearrays, once bound and again."""
    bind_keccak()
    assert keccak(data) == keccak(bytearray(data)) == keccak256(data)


def test_whoever_has_a_world_has_the_fast_hash() -> None:
    """No import order and no environment variable can undo it."""
    World({}, 1)
    assert keccak.hasher == pysha3.keccak256
