"""`devnet verify` with several bundles and with stdin: each is told, and the worst decides."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from devnet.cli.main import main
from devnet.consensus.validator_set import compute_set_hash
from devnet.verification.bundle import Bundle, dump_bundle
from devnet.verification.calldata import encode_verify
from tests.contracts.bundles.notary import build_template

Names = dict[str, str]


def verify(*arguments: str, text: str | None = None) -> Result:
    """`devnet verify` in this process."""
    return CliRunner().invoke(main, ["verify", *arguments], input=text)


def write(path: Path, bundle: Bundle) -> str:
    """The file's name."""
    path.write_text(json.dumps(dump_bundle(bundle)))
    return str(path)


@pytest.fixture
def names(tmp_path: Path) -> Names:
    """A good bundle and a forged one."""
    good = build_template()
    forged = replace(good, receipt=replace(good.receipt, gas=1))
    return {
        "good": write(tmp_path / "good.json", good),
        "forged": write(tmp_path / "forged.json", forged),
    }


def test_each_bundle_is_told_under_its_name(names: Names) -> None:
    """Then how many came out how; a refuted one decides."""
    told = verify(names["good"], names["forged"], names["good"])
    assert told.exit_code == 1
    lines = told.stdout.splitlines()
    assert [line for line in lines if line.endswith(".json")] == [
        *(names["good"], names["forged"], names["good"]),
    ]
    assert lines[-1] == "3 bundles: 2 verified, 1 refuted"
    assert verify(names["good"], names["good"]).exit_code == 0


def test_doubt_decides_if_nothing_is_refuted(names: Names, tmp_path: Path) -> None:
    """Without a model there is none."""
    other = tmp_path / "other.onnx"
    other.write_bytes(b"")
    assert verify(names["good"], "--model", str(other)).exit_code == 1
    unknown = replace(
        build_template(),
        engines=tuple(replace(e, description=None) for e in build_template().engines),
    )
    doubtful = write(tmp_path / "doubtful.json", unknown)
    told = verify(names["good"], doubtful)
    assert told.exit_code == 2
    assert told.stdout.splitlines()[-1] == "2 bundles: 1 verified, 1 cannot tell"
    assert verify(doubtful, names["forged"]).exit_code == 1


def test_stdin_is_a_bundle(names: Names) -> None:
    """`-` is what comes through a pipe; nothing there is no bundle."""
    text = Path(names["good"]).read_text()
    told = verify("-", text=text)
    assert (told.exit_code, told.stdout.splitlines()[-1]) == (0, "verified")
    assert verify("-", text="").exit_code == 1
    assert verify(names["forged"], "-", text=text).exit_code == 1
    twice = verify("-", "-", text=text)
    assert twice.exit_code == 2
    assert "give '-' once" in twice.stderr


def test_a_bundle_cannot_steer_the_terminal() -> None:
    """What is no bundle is refuted, whatever it is made of."""
    for name in ("\x1b[2K\rverified", "\ud800"):
        told = verify("-", text=json.dumps({name: 1, "format": f"devnet-proof-bundle/{name}"}))
        assert told.exit_code == 1
        assert told.exception is None or isinstance(told.exception, SystemExit)
        assert all(line.isprintable() for line in told.stdout.splitlines())


def test_each_step_tells_what_it_found(names: Names) -> None:
    """What is trusted and not checked, which block of which chain, which call."""
    told = verify(names["good"]).stdout.splitlines()
    good = build_template()
    assert told[0].endswith("that this is your chain's is taken on trust: --trust HASH pins it")
    assert told[1].endswith(f", chain {good.chain_id}, block {good.header.number}")
    transaction = f"call 0 of transaction 0x{good.receipt.transaction_hash.hex()}"
    assert told[4].endswith(f", {transaction}; caller 0x{good.receipt.caller.hex()}")
    pinned = verify(names["good"], "--trust", compute_set_hash(good.validators).hex())
    assert pinned.stdout.splitlines()[0].endswith("; trusted")


def test_json_is_one_object_or_a_list(names: Names) -> None:
    """Each with the name it was given by."""
    one = json.loads(verify(names["good"], "--json").stdout)
    assert (one["bundle"], one["outcome"], one["reason"]) == (names["good"], "verified", "")
    both = json.loads(verify(names["good"], names["forged"], "--json").stdout)
    assert [found["outcome"] for found in both] == ["verified", "refuted"]


def test_call_data_has_a_line_for_each(names: Names) -> None:
    """In the order in which they were given."""
    line = "0x" + encode_verify(build_template()).hex()
    assert verify(names["good"], "--calldata").stdout == f"{line}\n"
    told = verify(names["good"], names["forged"], "--calldata").stdout.splitlines()
    assert told[0] == line
    assert len(told) == 2
    assert told[1] != line


def test_no_bundle_is_a_mistake() -> None:
    """Click says which argument is missing."""
    assert verify().exit_code == 2
