"""Which rules a block follows: by number, merge and timestamp, as the chain configuration says."""

from __future__ import annotations

import json
from typing import Any

import pytest

from devnet.chain.forks.blob import BlobParameters
from devnet.chain.forks.configuration import parse_schedule
from devnet.chain.forks.description import compute_fork_id
from devnet.chain.forks.fork import LATEST, Fork, parse_fork
from devnet.chain.forks.rules import UNLIMITED, get_transaction_types
from devnet.chain.forks.schedule import ForkSchedule, build_schedule
from devnet.chain.header import Header
from devnet.errors import ConfigError

CONFIG: dict[str, Any] = {
    "chainId": 1,
    "homesteadBlock": 1,
    "eip150Block": 2,
    "eip155Block": 3,
    "eip158Block": 3,
    "byzantiumBlock": 4,
    "constantinopleBlock": 5,
    "petersburgBlock": 5,
    "istanbulBlock": 6,
    "berlinBlock": 7,
    "londonBlock": 8,
    "mergeNetsplitBlock": 9,
    "terminalTotalDifficulty": 1000,
    "shanghaiTime": 100,
    "cancunTime": "0x6e",
    "pragueTime": 120,
    "osakaTime": 130,
    "bpo1Time": 140,
    "bpo2Time": 150,
}
MAINNET_BLOCKS = {  # EIP-2124
    "homesteadBlock": 1_150_000,
    "daoForkBlock": 1_920_000,
    "daoForkSupport": True,
    "eip150Block": 2_463_000,
    "eip155Block": 2_675_000,
    "eip158Block": 2_675_000,
    "byzantiumBlock": 4_370_000,
    "constantinopleBlock": 7_280_000,
    "petersburgBlock": 7_280_000,
    "istanbulBlock": 9_069_000,
    "muirGlacierBlock": 9_200_000,
    "berlinBlock": 12_244_000,
    "londonBlock": 12_965_000,
    "arrowGlacierBlock": 13_773_000,
    "grayGlacierBlock": 15_050_000,
    "terminalTotalDifficulty": 58_750_000_000_000_000_000_000,
    "shanghaiTime": 1_681_338_455,
    "cancunTime": 1_710_338_135,
    "pragueTime": 1_746_612_311,
    "osakaTime": 1_764_798_551,
    "bpo1Time": 1_765_290_071,
    "bpo2Time": 1_767_747_671,
}
MAINNET_GENESIS = bytes.fromhex("d4e56740f876aef8c010b86a40d5f56745a118d0906a34e69aec8c0db1cb8fa3")


def build_header(number: int, timestamp: int = 0, difficulty: int = 0) -> Header:
    """A header of which only these fields matter."""
    return Header(
        parent_hash=bytes(32),
        coinbase=bytes(20),
        state_root=bytes(32),
        difficulty=difficulty,
        number=number,
        gas_limit=0,
        timestamp=timestamp,
        mix_hash=bytes(32),
    )


@pytest.mark.parametrize(
    ("number", "timestamp", "difficulty", "fork"),
    [
        (0, 0, 1, Fork.FRONTIER),
        (1, 0, 1, Fork.HOMESTEAD),
        (2, 0, 1, Fork.TANGERINE_WHISTLE),
        (3, 0, 1, Fork.SPURIOUS_DRAGON),
        (4, 0, 1, Fork.BYZANTIUM),
        (5, 0, 1, Fork.PETERSBURG),
        (6, 0, 1, Fork.ISTANBUL),
        (7, 0, 1, Fork.BERLIN),
        (8, 0, 1, Fork.LONDON),
        (1000, 200, 1, Fork.LONDON),  # proof of work never reaches a fork by time
        (9, 0, 0, Fork.PARIS),
        (9, 99, 0, Fork.PARIS),
        (9, 100, 0, Fork.SHANGHAI),
        (9, 110, 0, Fork.CANCUN),
        (9, 120, 0, Fork.PRAGUE),
        (9, 130, 0, Fork.OSAKA),
        (9, 140, 0, Fork.BPO1),
        (9, 2**40, 0, Fork.BPO2),
    ],
)
def test_fork_follows_from_number_difficulty_and_time(
    number: int, timestamp: int, difficulty: int, fork: Fork
) -> None:
    """Each fork begins with the block named, and proof of stake with difficulty zero."""
    schedule = parse_schedule(CONFIG)
    assert schedule.find_fork(build_header(number, timestamp, difficulty)) is fork


@pytest.mark.parametrize("fork", Fork)
def test_schedule_of_one_fork_is_that_fork_from_the_start(fork: Fork) -> None:
    """Blocks of any number and time; the rules are those of the fork."""
    schedule = build_schedule(fork)
    difficulty = 0 if fork >= Fork.PARIS else 131_072
    for number, timestamp in ((0, 0), (1, 1), (10**9, 2**40)):
        assert schedule.find_fork(build_header(number, timestamp, difficulty)) is fork
    assert schedule.find_genesis_fork(0) is fork


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"berlinBlock": None}, "londonBlock is given, but berlinBlock before it is not"),
        ({"berlinBlock": 5}, "berlinBlock is 5, before an earlier fork"),
        ({"eip155Block": 2}, "eip155Block and eip158Block must be equal"),
        ({"terminalTotalDifficulty": None}, "shanghaiTime needs londonBlock and terminalTotal"),
        ({"pragueTime": None}, "osakaTime is given, but pragueTime before it is not"),
        ({"osakaTime": "soon"}, "osakaTime is 'soon'"),
        ({"osakaTime": -1}, "osakaTime is -1"),
        ({"osakaTime": True}, "osakaTime is True"),
        ({"bpo3Time": 160}, "bpo3Time is not supported"),
        ({"clique": {"period": 1}}, "clique is not supported"),
        ({"blobSchedule": {"bpo9": {}}}, "blobSchedule.bpo9 is not supported"),
        ({"blobSchedule": {"osaka": {"target": 6, "max": 9}}}, "baseFeeUpdateFraction is None"),
        (
            {"blobSchedule": {"osaka": {"target": 9, "max": 6, "baseFeeUpdateFraction": 1}}},
            "0 ≤ target ≤ max",
        ),
        ({"depositContractAddress": "0x00"}, "20 bytes of hex"),
    ],
)
def test_configurations_that_make_no_chain_are_refused(changes: dict[str, Any], words: str) -> None:
    """Each refusal names the key."""
    with pytest.raises(ConfigError, match=words):
        parse_schedule({**CONFIG, **changes})


def test_forks_of_the_ice_age_may_be_missing() -> None:
    """They change nothing but the difficulty; Petersburg may be left to Constantinople."""
    given = {k: v for k, v in CONFIG.items() if k != "petersburgBlock"}
    schedule = parse_schedule({**given, "muirGlacierBlock": None})
    assert schedule.find_fork(build_header(5, 0, 1)) is Fork.PETERSBURG


def test_blob_schedule_is_the_chains_own() -> None:
    """What the configuration gives replaces the default of its fork alone."""
    given = {"osaka": {"target": 1, "max": 2, "baseFeeUpdateFraction": 3}, "bpo1": None}
    schedule = parse_schedule({**CONFIG, "blobSchedule": given})
    assert schedule.get_rules(Fork.OSAKA).blob == BlobParameters(1, 2, 3)
    assert schedule.get_rules(Fork.PRAGUE).blob == BlobParameters(6, 9, 5_007_716)
    assert schedule.get_rules(Fork.BPO1).blob == BlobParameters(10, 15, 8_346_193)
    assert schedule.get_rules(Fork.SHANGHAI).blob.maximum == 0


@pytest.mark.parametrize(
    ("number", "timestamp", "fork_id"),
    [  # EIP-2124, EIP-6122 and the notices of the forks
        (0, 0, "fc64ec04"),
        (1_149_999, 0, "fc64ec04"),
        (1_150_000, 0, "97c2c34c"),
        (1_920_000, 0, "91d1f948"),
        (2_463_000, 0, "7a64da13"),
        (2_675_000, 0, "3edd5b10"),
        (4_370_000, 0, "a00bc324"),
        (7_280_000, 0, "668db0af"),
        (9_069_000, 0, "879d6e30"),
        (9_200_000, 0, "e029e991"),
        (12_244_000, 0, "0eb440f6"),
        (12_965_000, 0, "b715077d"),
        (13_773_000, 0, "20c327fc"),
        (15_050_000, 1_681_338_454, "f0afd0e3"),
        (20_000_000, 1_681_338_455, "dce96c2d"),
        (20_000_000, 1_710_338_135, "9f3d2254"),
        (30_000_000, 1_746_612_311, "c376cf8b"),
        (30_000_000, 1_764_798_551, "5167e2a6"),
        (30_000_000, 1_765_290_071, "cba2a1c0"),
    ],
)
def test_fork_ids_are_those_of_mainnet(number: int, timestamp: int, fork_id: str) -> None:
    """A checksum over the forks that have begun, by number and then by time."""
    schedule = parse_schedule(json.loads(json.dumps(MAINNET_BLOCKS)))
    genesis = build_header(0)
    found = compute_fork_id(schedule, genesis, MAINNET_GENESIS, number, timestamp)
    assert found.hex() == fork_id


def test_names_of_forks_are_read_as_other_tools_write_them() -> None:
    """Case, hyphens and underscores do not matter; a typing error is answered with the name."""
    assert parse_fork("osaka") is parse_fork("Osaka") is Fork.OSAKA
    assert parse_fork("spurious-dragon") is parse_fork("spuriousDragon") is Fork.SPURIOUS_DRAGON
    assert parse_fork("merge") is Fork.PARIS
    assert parse_fork("latest") is LATEST
    assert all(parse_fork(fork.name) is fork for fork in Fork)
    with pytest.raises(ConfigError, match="no hardfork 'osakka'; did you mean osaka"):
        parse_fork("osakka")
    with pytest.raises(ConfigError, match="known are frontier, homestead"):
        parse_fork("xyz")


def test_the_transaction_cap_can_be_left_out() -> None:
    """For chains without EIP-7825; before Osaka there is none."""
    capped, free = build_schedule(Fork.OSAKA), build_schedule(Fork.OSAKA, False)
    assert capped.get_rules(Fork.OSAKA).max_transaction_gas == 1 << 24
    assert free.get_rules(Fork.OSAKA).max_transaction_gas == UNLIMITED
    assert capped.get_rules(Fork.PRAGUE).max_transaction_gas == UNLIMITED


def test_transaction_types_come_with_their_forks() -> None:
    """EIP-2930, 1559, 4844 and 7702."""
    types = {fork: get_transaction_types(fork) for fork in Fork}
    assert types[Fork.MUIR_GLACIER] == (0,)
    assert types[Fork.BERLIN] == (0, 1)
    assert types[Fork.LONDON] == types[Fork.SHANGHAI] == (0, 1, 2)
    assert types[Fork.CANCUN] == (0, 1, 2, 3)
    assert types[Fork.PRAGUE] == types[LATEST] == (0, 1, 2, 3, 4)


def test_default_is_a_chain_that_never_had_proof_of_work() -> None:
    """Its first block has difficulty zero."""
    assert ForkSchedule().find_fork(build_header(0)) is Fork.FRONTIER
    assert build_schedule(Fork.PARIS).is_merged
    assert not build_schedule(Fork.GRAY_GLACIER).is_merged
