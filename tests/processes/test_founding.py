"""A network is founded once; its file and keys are read again as they were written."""

import json
from pathlib import Path
from typing import Any

import pytest

from devnet.config import Config
from devnet.consensus.signature import compute_address
from devnet.errors import ConfigError
from devnet.network.sockets.identity import derive_keys
from devnet.processes.founding import NODE, found
from devnet.processes.key_file import FILE as KEY_FILE
from devnet.processes.key_file import load_key, save_key
from devnet.processes.network_file import FILE, load_network, parse_network, show_network


def test_everybody_gets_a_key_and_the_same_file(tmp_path: Path) -> None:
    """The public key of each stands in it, no secret does."""
    network = found(tmp_path, Config(validators=3, chain_id=5))
    assert [peer.name for peer in network.peers] == [NODE, "v0", "v1", "v2"]
    for peer in network.peers:
        folder = tmp_path / peer.name
        key = load_key(folder)
        assert load_network(folder) == network
        assert (compute_address(key), derive_keys(key).public) == (peer.address, peer.key)
        assert (folder / KEY_FILE).stat().st_mode & 0o077 == 0
        assert key.hex() not in (folder / FILE).read_text()
    assert len({peer.endpoint for peer in network.peers}) == 4


def test_a_network_is_founded_once(tmp_path: Path) -> None:
    """What is there stays: keys, ports and configuration."""
    assert found(tmp_path, Config(seed=1)) == found(tmp_path, Config(seed=2))


def test_a_key_that_is_there_stays(tmp_path: Path) -> None:
    """Another one would be another validator."""
    save_key(tmp_path, b"k" * 32)
    save_key(tmp_path, b"l" * 32)
    assert load_key(tmp_path) == b"k" * 32


@pytest.mark.parametrize(
    ("text", "said"), [("0x12", "holds 1 bytes"), ("not hex", "does not read")]
)
def test_a_broken_key_is_refused(tmp_path: Path, text: str, said: str) -> None:
    """With the file it stands in."""
    (tmp_path / KEY_FILE).write_text(text)
    with pytest.raises(ConfigError, match=f"{KEY_FILE} {said}"):
        load_key(tmp_path)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"format": 2}, "format 2, this version reads 1"),
        ({"peers": []}, "without peers"),
        ({"peers": [{"name": "v0"}]}, "not a network file"),
        ({"more": 1}, "not a network file"),
        ({"config": {"validators": 0}}, "validators is 0"),
    ],
)
def test_a_broken_network_file_is_refused(
    tmp_path: Path, change: dict[str, Any], said: str
) -> None:
    """It may come from another host."""
    document = {**show_network(found(tmp_path, Config())), **change}
    with pytest.raises(ConfigError, match=said):
        parse_network(json.loads(json.dumps(document)))


def test_a_folder_without_a_network_says_how_to_join_one(tmp_path: Path) -> None:
    """The two ways there are."""
    with pytest.raises(ConfigError, match=r"--join HOST:PORT.*devnet up --processes"):
        load_network(tmp_path)
