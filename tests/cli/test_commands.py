"""The command line as a user runs it: results on stdout, errors in one line, exit codes."""

import json
import re
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from web3 import Web3

from contracts import load
from devnet.verification.bundle import parse_bundle
from devnet.verification.calldata import encode_check, encode_verify
from precompiles.models.samples import read_digits, read_sample

Command = Callable[..., Any]


def _deploy(url: str, model_id: str) -> Any:
    w3 = Web3(Web3.HTTPProvider(url))
    artifact = load("DigitReader")
    w3.eth.default_account = w3.eth.accounts[0]
    factory = w3.eth.contract(abi=artifact.abi, bytecode=artifact.bytecode)
    receipt = w3.eth.wait_for_transaction_receipt(factory.constructor(model_id).transact())
    return w3.eth.contract(address=receipt["contractAddress"], abi=artifact.abi)


def test_a_model_is_added_listed_shown_and_run(devnet: Command, tmp_path: Path) -> None:
    """From a file to the bits a transaction would get."""
    file = tmp_path / "digits.onnx"
    file.write_bytes(read_sample("digits_exact"))
    added = devnet("model", "add", str(file), "--alias", "digits")
    assert added.code == 0, added.err
    model_id = added.out.strip()
    assert re.fullmatch(r"0x[0-9a-f]{64}", model_id)
    assert "digits" in devnet("model", "list").out
    shown = json.loads(devnet("model", "show", "digits", "--json").out)
    assert (shown["id"], shown["profile"]) == (model_id, "exact")
    pixels, labels = read_digits()
    np.save(tmp_path / "x.npy", pixels[:1])
    ran = devnet("model", "run", "digits", "--input", f"pixels={tmp_path / 'x.npy'}")
    assert json.loads(ran.out)["outputs"]["digit"] == [int(labels[0])]
    as_json = json.dumps(pixels[:1].tolist())
    assert devnet("model", "run", "digits", "--input", f"pixels={as_json}").out == ran.out


def test_a_receipt_is_written_and_verifies_in_a_new_process(
    devnet: Command, url: str, tmp_path: Path
) -> None:
    """Exit 0 for the truth, 1 with the reason for any changed part, 2 without the model."""
    model_id = devnet("model", "add", "digits_exact").out.strip()
    pixels, _ = read_digits()
    sent = _deploy(url, model_id).functions.read(pixels[0].tobytes()).transact()
    path = tmp_path / "bundle.json"
    wrote = devnet("receipt", "0x" + sent.hex(), "--out", str(path))
    assert wrote.code == 0, wrote.err
    honest = devnet("verify", str(path))
    assert (honest.code, honest.out.splitlines()[-1]) == (0, "verified")
    bundle = json.loads(path.read_text())
    for place in (
        ("outputs", 1, "data"),
        ("inputs", 0, "data"),
        ("certificate", "votes", 0, "signature"),
        ("header", "stateRoot"),
    ):
        forged = json.loads(path.read_text())
        parent = forged
        for key in place[:-1]:
            parent = parent[key]
        text = parent[place[-1]]
        parent[place[-1]] = f"{text[:-2]}{int(text[-2:], 16) ^ 1:02x}"
        other = tmp_path / "forged.json"
        other.write_text(json.dumps(forged))
        refuted = devnet("verify", str(other))
        assert refuted.code == 1, place
        assert refuted.out.splitlines()[-1].startswith("refuted: ")
        answer = json.loads(devnet("verify", str(other), "--json").out)
        assert answer["outcome"] == "refuted"
    assert bundle["format"] == "devnet-proof-bundle/2"
    assert devnet("verify", str(path), "--trust", "0x" + "00" * 32).code == 1
    parsed, trusted = parse_bundle(path.read_text()), "0x" + "22" * 32
    assert devnet("verify", str(path), "--calldata").out == f"0x{encode_verify(parsed).hex()}\n"
    call = json.loads(devnet("verify", str(path), "--calldata", "--trust", trusted, "--json").out)
    assert call == {"changes": [], "data": "0x" + encode_check(parsed, b"\x22" * 32).hex()}


def test_what_is_not_checked_is_not_passed(devnet: Command, url: str, tmp_path: Path) -> None:
    """A bundle with an attestation: exit 2 that names it, unless the caller leaves it out."""
    model_id = devnet("model", "add", "digits_exact").out.strip()
    pixels, _ = read_digits()
    sent = _deploy(url, model_id).functions.read(pixels[1].tobytes()).transact()
    bundle = json.loads(devnet("receipt", "0x" + sent.hex()).out)
    bundle["attachments"] = [{"kind": "tee-attestation", "version": 1, "data": "0x00"}]
    path = tmp_path / "bundle.json"
    path.write_text(json.dumps(bundle))
    done = devnet("verify", str(path), "--trust", _read_genesis_set(url))
    assert done.code == 2
    assert "? attachment         tee-attestation/1, 1 bytes: not checked here" in done.out
    assert devnet("verify", str(path), "--without-attachments").code == 0
    path.write_text(json.dumps({**bundle, "format": "devnet-proof-bundle/1"}))
    done = devnet("verify", str(path))
    assert done.code == 1
    assert "this verifier reads devnet-proof-bundle/2: write the bundle again" in done.out
    path.write_bytes(b"\xff\xfe")
    assert devnet("verify", str(path)).code == 1


def _read_genesis_set(url: str) -> str:
    """Where a user finds what to trust: `extraData` of block 0."""
    return "0x" + bytes(Web3(Web3.HTTPProvider(url)).eth.get_block(0)["extraData"]).hex()


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("verify", "nowhere.json"), 2, "cannot read 'nowhere.json'"),
        (("model", "add", "nowhere.onnx"), 2, "cannot read 'nowhere.onnx'"),
        (("model", "show", "nobody"), 1, "no model 'nobody'"),
        (("model", "run", "nobody"), 1, "no model 'nobody'"),
        (("receipt", "0x" + "00" * 32), 1, "no transaction"),
        (("receipt", "zz"), 1, "zz"),
        (("up", "--validators", "0"), 2, "validators is 0"),
        (("up", "--behavior", "v9=crash", "--port", "0"), 2, "no validator 'v9'"),
        (("up", "--behavior", "v1=lie", "--port", "0"), 2, "no behavior 'lie'"),
        (("up", "--behavior", "nonsense", "--port", "0"), 2, "VALIDATOR=STRATEGY"),
        (("up", "--behavior", "v1=engine:geth", "--port", "0"), 2, "there are py-evm, eels"),
        (("up", "--behavior", "v1=engine:eels:/no/python"), 2, "no Python at /no/python"),
        (
            ("up", "--processes", "--behavior", "v1=engine:eels:/no/python"),
            *(2, "no Python at /no/python"),
        ),
        (("up", "--mnemonic", "one two"), 2, "BIP-39"),
        (("frobnicate",), 2, "No such command"),
    ],
)
def test_an_error_is_one_line_with_what_to_do(
    devnet: Command, arguments: tuple[str, ...], code: int, says: str
) -> None:
    """Non-zero exit, nothing on stdout, no traceback."""
    done = devnet(*arguments)
    assert done.code == code, done.err
    assert says in done.err
    assert "Traceback" not in done.err
    assert done.out == ""


def test_a_file_that_is_no_model_is_refused_with_the_reason(
    devnet: Command, tmp_path: Path
) -> None:
    """Garbage, text and a cut file: exit 1, one line."""
    model = read_sample("digits_exact")
    for name, data in (("garbage", b"\x00" * 100), ("text", b"hello"), ("cut", model[:2000])):
        file = tmp_path / f"{name}.onnx"
        file.write_bytes(data)
        done = devnet("model", "add", str(file))
        assert done.code == 1, name
        assert done.err.startswith("error: NotAdmitted: "), done.err
        assert len(done.err.splitlines()) == 1


def test_wrong_inputs_name_the_input(devnet: Command) -> None:
    """Shape, type and name errors say what the model wants."""
    devnet("model", "add", "digits_exact", "--alias", "digits")
    for value, says in (
        ("pixels=[1,2,3]", "the model wants pixels: uint8[1, 64]"),
        ("pixels=oops", "does not read"),
        ("pixels=[[300]]", "do not fit uint8"),
        ("image=[1]", "NAME one of ['pixels']"),
    ):
        done = devnet("model", "run", "digits", "--input", value)
        assert done.code != 0
        assert says in done.err
        assert "Traceback" not in done.err


def test_a_port_in_use_is_named(devnet: Command) -> None:
    """Exit 2 and the option that helps."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = devnet("up", "--port", port)
    assert done.code == 2
    assert f"port {port} is in use" in done.err
    assert "--port" in done.err


def test_no_node_says_how_to_start_one(devnet: Command) -> None:
    """A refused connection is not a traceback."""
    done = devnet("model", "list", "--rpc-url", "http://127.0.0.1:1")
    assert done.code == 1
    assert "devnet up" in done.err


def test_help_names_every_command(devnet: Command) -> None:
    """`devnet --help` lists what there is."""
    text = devnet("--help").out
    for name in ("up", "demo", "model", "receipt", "verify"):
        assert re.search(rf"^  {name} ", text, re.MULTILINE), name
