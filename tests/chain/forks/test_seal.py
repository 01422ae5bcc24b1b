"""Proof of work: a block that was really mined, and seals that are none."""

from dataclasses import replace

import pytest

from devnet.chain.forks.seal import SealCheck, check_seal
from devnet.chain.header import Header, compute_header_hash
from devnet.errors import BadSeal, ConfigError

FIRST = Header(  # block 1 of the main network
    parent_hash=bytes.fromhex("d4e56740f876aef8c010b86a40d5f56745a118d0906a34e69aec8c0db1cb8fa3"),
    coinbase=bytes.fromhex("05a56e2d52c817161883f50c441c3228cfe54d9f"),
    state_root=bytes.fromhex("d67e4d450343046425ae4271474353857ab860dbc0a1dde64b41b5cd3a532bf3"),
    difficulty=17_171_480_576,
    number=1,
    gas_limit=5_000,
    timestamp=1_438_269_988,
    extra_data=b"Geth/v1.0.0/linux/go1.4.2",
    mix_hash=bytes.fromhex("969b900de27b6ac6a67742365dd65f55a0526c41fd18e1b16f1a1215c2e66f59"),
    nonce=bytes.fromhex("539bd4979fef1ec4"),
    length=15,
)
BLANK = replace(FIRST, mix_hash=bytes(32), nonce=bytes(8))


def test_a_mined_block_is_taken_and_any_change_refused() -> None:
    """The proof is about every field, and about the difficulty."""
    pytest.importorskip("ethash")
    expected = "88e96d4537bea4d9c05d12549907b32561d3bf31f45aae734cdc119f13406cb6"
    assert compute_header_hash(FIRST).hex() == expected
    check_seal(FIRST)
    seals = SealCheck()
    seals(FIRST)
    assert seals.blank == 0
    for other in (
        replace(FIRST, nonce=bytes.fromhex("539bd4979fef1ec5")),
        replace(FIRST, mix_hash=b"\x01" * 32),
        replace(FIRST, timestamp=1_438_269_989),
        replace(FIRST, difficulty=2**60),
        replace(FIRST, nonce=bytes(8)),
    ):
        with pytest.raises(BadSeal, match=r"block 1: nonce 0x.* is no proof of work"):
            seals(other)


def test_blank_seals_are_counted_or_refused() -> None:
    """No package is needed to see that they are blank."""
    seals = SealCheck()
    seals(BLANK)
    seals(BLANK)
    assert seals.blank == 2
    with pytest.raises(BadSeal, match="mix hash and nonce are zero"):
        SealCheck(is_strict=True)(BLANK)


def test_without_the_package_a_seal_is_refused_with_the_remedy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nothing that was mined is taken unchecked."""

    def find_nothing(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr("importlib.import_module", find_nothing)
    with pytest.raises(ConfigError, match=r"pip install 'inference-devnet\[pow\]'"):
        SealCheck()(FIRST)
