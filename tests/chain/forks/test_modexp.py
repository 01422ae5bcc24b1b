"""MODEXP: right for every operand, priced by the fork, bounded from Osaka on."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import TYPE_CHECKING

import eth.consensus  # noqa: F401  # py-evm has an import cycle that only this order resolves
import pytest
from eth.vm.forks.berlin.computation import _calculate_multiplication_complexity
from hypothesis import given, settings
from hypothesis import strategies as st

from devnet.chain.forks.fork import Fork
from devnet.chain.forks.modexp import OperandTooLong, compute_modexp, compute_modexp_gas

if TYPE_CHECKING:
    from tests.chain.forks.conftest import Chain

upstream = importlib.import_module("eth.precompiles.modexp")  # the package hides it by a function
CALLER = bytes.fromhex("a1" * 20)  # calls 0x05 with its call data, stores success and first word
OPERAND = st.binary(max_size=80)


def pack(base: bytes, exponent: bytes, modulus: bytes) -> bytes:
    """The input of the precompile."""
    lengths = b"".join(len(part).to_bytes(32, "big") for part in (base, exponent, modulus))
    return lengths + base + exponent + modulus


@given(base=OPERAND, exponent=OPERAND, modulus=OPERAND)
@settings(max_examples=200)
def test_result_is_the_power_modulo_the_modulus(
    base: bytes, exponent: bytes, modulus: bytes
) -> None:
    """As long as the modulus; zero for modulus zero; 1 for 0 to the power 0."""
    b, e, m = (int.from_bytes(part, "big") for part in (base, exponent, modulus))
    wanted = (pow(b, e, m) if m else 0).to_bytes(len(modulus), "big")
    assert compute_modexp(pack(base, exponent, modulus)) == wanted


@given(data=st.binary(max_size=200), cut=st.integers(0, 200))
def test_missing_input_reads_as_zeros(data: bytes, cut: int) -> None:
    """A call with less data is the call with zeros behind it."""
    lengths = bytes(31) + b"\x08" + bytes(31) + b"\x04" + bytes(31) + b"\x08"
    short = (lengths + data)[:cut]
    assert compute_modexp(short) == compute_modexp(short + bytes(300))
    for fork in (Fork.BYZANTIUM, Fork.BERLIN, Fork.OSAKA):
        assert compute_modexp_gas(short, fork) == compute_modexp_gas(short + bytes(300), fork)


def test_py_evm_is_wrong_where_the_base_is_empty() -> None:
    """What is replaced: 0 to the power 0 is 1 modulo 3, upstream says 0."""
    data = pack(b"", b"", b"\x03")
    assert compute_modexp(data) == b"\x01"
    assert upstream._modexp(data) == 0


@given(base=OPERAND, exponent=OPERAND, modulus=OPERAND)
def test_byzantium_gas_is_py_evms(base: bytes, exponent: bytes, modulus: bytes) -> None:
    """EIP-198."""
    data = pack(base, exponent, modulus)
    wanted = upstream._compute_modexp_gas_fee_eip_198(data)
    assert compute_modexp_gas(data, Fork.BYZANTIUM) == wanted


@given(base=st.integers(0, 3_000), modulus=st.integers(0, 3_000))
def test_berlin_complexity_is_py_evms(base: int, modulus: int) -> None:
    """EIP-2565: an exponent of one bit less than eight costs seven rounds of it."""
    data = pack(bytes(base), b"\xff", bytes(modulus))
    wanted = max(200, _calculate_multiplication_complexity(base, modulus) * 7 // 3)
    assert compute_modexp_gas(data, Fork.BERLIN) == wanted


# base, exponent and modulus bytes, exponent, gas under Berlin and under Osaka
VECTORS = [
    (0, 0, 0, 0, 200, 500),
    (1, 32, 32, 2**256 - 1, 1_360, 4_080),  # EIP-198, first example
    (0, 32, 32, 2**256 - 2**32 - 978, 1_360, 4_080),  # EIP-198, second example
    (32, 1, 32, 3, 200, 500),
    (33, 1, 32, 3, 200, 500),
    (64, 1, 64, 2, 200, 500),
    (64, 3, 64, 65_537, 341, 2_048),  # nagydani-1-pow0x10001 of EIP-2565 and EIP-7883
    (128, 3, 128, 65_537, 1_365, 8_192),
    (256, 3, 256, 65_537, 5_461, 32_768),
    (512, 3, 512, 65_537, 21_845, 131_072),
    (1024, 3, 1024, 65_537, 87_381, 524_288),  # nagydani-5-pow0x10001
    (1024, 1, 1024, 2, 5_461, 32_768),  # nagydani-5-square
    (1024, 33, 1024, 2**256 * 3, 1_403_562, 8_683_520),  # 32 bytes of head, 8 or 16 rounds behind
]


@pytest.mark.parametrize(
    ("base", "exponent", "modulus", "value", "berlin", "osaka"),
    VECTORS,
    ids=range(len(VECTORS)),
)
def test_gas_is_that_of_the_fork(
    base: int, exponent: int, modulus: int, value: int, berlin: int, osaka: int
) -> None:
    """EIP-2565 and EIP-7883 with vectors of theirs."""
    data = pack(bytes(base), value.to_bytes(exponent, "big"), bytes(modulus))
    assert compute_modexp_gas(data, Fork.BERLIN) == berlin
    assert compute_modexp_gas(data, Fork.PRAGUE) == berlin
    assert compute_modexp_gas(data, Fork.OSAKA) == osaka


@pytest.mark.parametrize("index", range(3))
@pytest.mark.parametrize("length", [1_025, 2**32, 2**256 - 1])
def test_long_operands_are_refused_from_osaka_on(index: int, length: int) -> None:
    """EIP-7823: 1,024 bytes are the most; before, only gas bounds them."""
    lengths = [0, 0, 0]
    lengths[index] = 1_024
    fits = b"".join(n.to_bytes(32, "big") for n in lengths)
    assert compute_modexp_gas(fits, Fork.OSAKA) >= 500
    lengths[index] = length
    data = b"".join(n.to_bytes(32, "big") for n in lengths)
    with pytest.raises(OperandTooLong, match="at most 1024"):
        compute_modexp_gas(data, Fork.OSAKA)
    assert compute_modexp_gas(data, Fork.PRAGUE) >= 200


def test_a_call_beyond_the_bound_fails_and_burns_its_gas(
    make_chain: Callable[..., Chain], assemble: Callable[..., bytes]
) -> None:
    """Under Prague it succeeds."""
    copy = ("CALLDATASIZE", 0, 0, "CALLDATACOPY")
    call = (32, 4096, "CALLDATASIZE", 0, 5, 300_000, "STATICCALL", 0, "SSTORE")
    code = assemble(*copy, *call, "RETURNDATASIZE", 1, "SSTORE", 4096, "MLOAD", 2, "SSTORE")
    data = pack(b"\x02", b"\x0a", bytes(1_023) + b"\xfb\x00")
    for fork, outcome in (("prague", (1, 1_025)), ("osaka", (0, 0))):
        chain = make_chain(fork, {CALLER: code})
        receipt = chain.send(to=CALLER, data=data).receipts[0]
        assert receipt.succeeded
        assert (chain.read(CALLER, 0), chain.read(CALLER, 1)) == outcome
        assert (receipt.gas_used > 300_000) == (fork == "osaka")


def test_every_fork_computes_the_same_in_a_contract(
    make_chain: Callable[..., Chain], assemble: Callable[..., bytes]
) -> None:
    """From Byzantium on; Homestead has no such precompile."""
    copy = ("CALLDATASIZE", 0, 0, "CALLDATACOPY")
    call = (32, 512, "CALLDATASIZE", 0, 0, 5, 100_000, "CALL", 0, "SSTORE")
    code = assemble(*copy, *call, 512, "MLOAD", 2, "SSTORE")
    data = pack(b"\x03", b"\x05", bytes(31) + b"\x64")
    for fork, result in (("homestead", 0), ("byzantium", 43), ("berlin", 43), ("osaka", 43)):
        chain = make_chain(fork, {CALLER: code.replace(b"\x5f", b"\x60\x00")})
        assert chain.send(to=CALLER, data=data).receipts[0].succeeded
        assert (chain.read(CALLER, 0), chain.read(CALLER, 2)) == (1, result)
