"""Genesis files of geth: every spelling it takes, the block it makes, and clear refusals."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from devnet.chain.forks.fork import Fork
from devnet.chain.genesis_file import GenesisAccount, load_genesis, parse_genesis, place_genesis
from devnet.chain.header import EMPTY_TRIE_ROOT, compute_header_hash
from devnet.chain.world import World
from devnet.errors import ConfigError

LONDON: dict[str, Any] = dict.fromkeys(
    (
        *("homesteadBlock", "eip150Block", "eip155Block", "eip158Block", "byzantiumBlock"),
        *("constantinopleBlock", "petersburgBlock", "istanbulBlock", "berlinBlock", "londonBlock"),
    ),
    0,
)
MERGED = {**LONDON, "chainId": 7, "terminalTotalDifficulty": 0}
OWNER = "00" * 19 + "11"
FILE: dict[str, Any] = {
    "config": MERGED,
    "nonce": "0x42",
    "timestamp": "0x10",
    "extraData": "0x6869",
    "gasLimit": "0x1c9c380",
    "difficulty": "0x0",
    "mixHash": "0x" + "ab" * 32,
    "coinbase": "0x" + "cd" * 20,
    "alloc": {OWNER: {"balance": "0x10"}},
}


def parse(**changes: Any) -> Any:
    """The file with other entries; None leaves one out."""
    data = {key: value for key, value in {**FILE, **changes}.items() if value is not None}
    return parse_genesis(json.dumps(data))


def test_every_field_of_the_header_is_read() -> None:
    """As geth's `Genesis` has them."""
    genesis = parse()
    header = genesis.header
    assert genesis.chain_id == 7
    assert (header.nonce, header.timestamp, header.extra_data) == (bytes(7) + b"\x42", 16, b"hi")
    assert (header.gas_limit, header.difficulty) == (30_000_000, 0)
    assert (header.mix_hash, header.coinbase) == (b"\xab" * 32, b"\xcd" * 20)
    assert header.base_fee_per_gas == 10**9


def test_numbers_are_read_in_every_spelling() -> None:
    """JSON numbers, decimal strings, hex strings; addresses with or without 0x."""
    account = {"balance": "16", "nonce": 2, "code": "0xfe", "storage": {"0x1": "0x02", "03": "0x"}}
    for key in (OWNER, "0x" + OWNER, OWNER.upper()):
        (found,) = parse(gasLimit=5_000, alloc={key: account}).accounts
        wanted = ((1, 2), (3, 0))
        assert found == GenesisAccount(bytes.fromhex(OWNER), 16, 2, b"\xfe", wanted)
    assert parse(gasLimit="5000").header.gas_limit == 5_000


@pytest.mark.parametrize(
    ("config", "length"),
    [
        ({**MERGED, "londonBlock": 1, "terminalTotalDifficulty": None}, 15),
        (MERGED, 16),
        ({**MERGED, "shanghaiTime": 16}, 17),
        ({**MERGED, "shanghaiTime": 0, "cancunTime": 16}, 20),
        ({**MERGED, "shanghaiTime": 0, "cancunTime": 0, "pragueTime": 16}, 21),
        ({**MERGED, "shanghaiTime": 0, "cancunTime": 0, "pragueTime": 17}, 20),
    ],
)
def test_block_0_has_the_fields_of_its_fork(config: dict[str, Any], length: int) -> None:
    """By number and timestamp; what is not there holds its default."""
    header = parse(config=config, baseFeePerGas="0x7").header
    assert header.length == length
    assert header.base_fee_per_gas == (7 if length > 15 else 0)
    assert header.withdrawals_root == EMPTY_TRIE_ROOT


def test_what_is_left_out_is_as_in_geth() -> None:
    """Gas limit 4,712,388; difficulty 131,072 with an `ethash` entry and zero without."""
    assert parse(gasLimit=None).header.gas_limit == 4_712_388
    assert parse(difficulty=None).header.difficulty == 0
    mined = {**LONDON, "chainId": 7, "ethash": {}}
    assert parse(difficulty=None, config=mined).header.difficulty == 131_072
    assert parse(nonce=None, extraData=None, mixHash=None).header.nonce == bytes(8)
    assert parse(baseFeePerGas=None).header.base_fee_per_gas == 10**9
    assert parse(alloc=None).accounts == ()


def test_accounts_stand_in_the_state(tmp_path: Path) -> None:
    """With balance, nonce, code and storage; empty ones too, as geth keeps them."""
    account = {"balance": "0x5", "nonce": "0x2", "code": "0x6001", "storage": {"0x01": "0x09"}}
    path = tmp_path / "genesis.json"
    path.write_text(json.dumps({**FILE, "alloc": {OWNER: account, "22" * 20: {}}}))
    genesis = load_genesis(path)
    world = World({}, genesis.chain_id, genesis.schedule)
    header = place_genesis(world, genesis)
    state = world.open(header.state_root, header)
    owner = bytes.fromhex(OWNER)
    assert (state.get_balance(owner), state.get_nonce(owner)) == (5, 2)
    assert (state.get_code(owner), state.get_storage(owner, 1)) == (b"\x60\x01", 9)
    assert state.account_exists(b"\x22" * 20)
    assert not state.account_exists(b"\x33" * 20)
    assert world.schedule.find_fork(header) is Fork.PARIS


def test_an_empty_genesis_is_geths() -> None:
    """The hash that geth gives an empty `--dev`-like file of Frontier, by the rules alone."""
    genesis = parse_genesis('{"config": {"chainId": 1, "ethash": {}}, "alloc": {}}')
    header = place_genesis(World({}, 1, genesis.schedule), genesis)
    assert (header.length, header.state_root) == (15, EMPTY_TRIE_ROOT)
    assert len(compute_header_hash(header)) == 32


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "not JSON"),
        ("[]", "genesis must be an object"),
        ("{}", "config must be an object"),
        ('{"config": {}}', "config.chainId is None"),
        ("[" * 100_000, "brackets inside each other"),
        ('{"config": {"chainId": 1}, "alloc": []}', "alloc must be an object"),
    ],
)
def test_texts_that_are_no_genesis_are_refused(text: str, words: str) -> None:
    """Each refusal names the key."""
    with pytest.raises(ConfigError, match=words):
        parse_genesis(text)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"timestamp": "soon"}, "timestamp is 'soon'"),
        ({"gasLimit": -1}, "gasLimit is -1"),
        ({"gasLimit": 1.5}, "gasLimit is 1.5"),
        ({"nonce": 2**64}, "must be a whole number of 64 bits"),
        ({"alloc": {OWNER: {"balance": 2**256}}}, "must be a whole number of 256 bits"),
        ({"extraData": "0xzz"}, "extraData has '0xzz'; must be hex"),
        ({"extraData": 7}, "extraData has 7; must be hex"),
        ({"mixHash": "0x00"}, "mixHash has 1 bytes, must have 32"),
        ({"alloc": {"0x11": {}}}, "an address has 20 bytes"),
        ({"alloc": {OWNER: 5}}, "must be an object"),
        ({"alloc": {OWNER: {"balance": "much"}}}, "balance is 'much'"),
        ({"alloc": {OWNER: {"storage": {"0x" + "00" * 33: "0x1"}}}}, "a word has 32 bytes"),
        ({"alloc": {OWNER: {"storage": {"0x1": 7}}}}, "storage has 7"),
        (
            {
                "config": {**MERGED, "shanghaiTime": 0, "cancunTime": 0},
                "excessBlobGas": "0xffffffffffffffff",
            },
            "a blob costs more than there is",
        ),
    ],
)
def test_entries_that_cannot_be_used_are_refused(changes: dict[str, Any], words: str) -> None:
    """Each refusal has the value."""
    with pytest.raises(ConfigError, match=words):
        parse(**changes)


def test_a_file_that_cannot_be_read_is_a_configuration_error(tmp_path: Path) -> None:
    """Missing, or not text."""
    with pytest.raises(ConfigError, match="cannot read genesis"):
        load_genesis(tmp_path / "none.json")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\xff")
    with pytest.raises(ConfigError, match="cannot read genesis"):
        load_genesis(tmp_path / "binary")
