"""inference: add, describe, price, run and prove models over JSON."""

import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest

from devnet.verification.bundle import parse_bundle
from devnet.verification.verifier import verify_bundle
from precompiles.digest import encode_cid
from precompiles.models.samples import read_digits, read_sample

MODEL = read_sample("digits_exact")
ID = "0x" + hashlib.sha256(MODEL).hexdigest()
CID = encode_cid(bytes.fromhex(ID[2:]))
DATA = "0x" + MODEL.hex()


def build_input(digit: int = 0, **changes: Any) -> dict[str, Any]:
    """A held-out digit as the model's one input."""
    pixels = read_digits()[0][digit].tobytes()
    return {"pixels": {"dtype": 2, "shape": [1, 64], "data": "0x" + pixels.hex(), **changes}}


def test_a_release_is_published_and_seen_as_a_hub_shows_it(rpc: Any) -> None:
    """Repository, releases, files; the version counts up; options that do not read are named."""
    release = {"name": "digits", "description": "Reads a digit.", "tags": ["digits"]}
    rpc("inference_addModel", DATA, {"release": release})
    rpc("inference_addModel", DATA, {"release": {"name": "digits", "fileName": "d.onnx"}})
    shown = rpc("inference_repository", "digits")
    assert rpc("inference_repositories") == [shown]
    assert [each["version"] for each in shown["releases"]] == ["1.00", "1.01"]
    assert shown["releases"][0]["description"] == "Reads a digit."
    assert shown["releases"][1]["files"] == [{"name": "d.onnx", "id": ID, "cid": CID}]


def test_a_model_is_added_once_and_found_by_id_cid_and_alias(rpc: Any) -> None:
    """The second time nothing is sent; a new alias is."""
    added = rpc("inference_addModel", DATA, {"alias": "digits"})
    assert (added["id"], added["cid"]) == (ID, CID)
    assert rpc("eth_getTransactionReceipt", added["transactionHash"])["status"] == "0x1"
    assert rpc("inference_addModel", DATA)["transactionHash"] is None
    rpc("inference_addModel", DATA, {"alias": "zahlen"})
    shown = rpc("inference_model", "digits")
    assert shown == rpc("inference_model", ID) == rpc("inference_model", CID)
    assert rpc("inference_modelFile", "digits") == DATA
    assert rpc("inference_models") == [shown]
    assert shown == {
        "id": ID,
        "cid": CID,
        "dimensions": {},
        "profile": "exact",
        "inputs": [{"name": "pixels", "dtype": 2, "shape": [1, 64]}],
        "outputs": [
            {"name": "digit", "dtype": 7, "shape": [1]},
            {"name": "scores", "dtype": 6, "shape": [1, 10]},
        ],
        "macs": shown["macs"],
        "sizeBytes": len(MODEL),
        "owner": rpc.accounts[0],
        "aliases": ["digits", "zahlen"],
    }
    assert shown["macs"] >= 64 * 10


def test_a_run_gives_the_bits_of_a_transaction(rpc: Any, read_data: Callable[[int], str]) -> None:
    """Same digests as the receipt of an inference in a block, and the quoted gas."""
    reader = rpc.deploy_reader()
    sent = rpc.send(to=reader, data=read_data(3))["transactionHash"]
    (receipt,) = rpc("inference_receipts", sent)
    ran = rpc("inference_run", ID, build_input(3))
    assert ran["outputs"]["digit"]["shape"] == [1]
    assert int(ran["outputs"]["digit"]["data"][2:4], 16) == read_digits()[1][3]
    assert {key: ran[key] for key in ("inputDigest", "outputDigest")} == {
        key: receipt[key] for key in ("inputDigest", "outputDigest")
    }
    assert receipt == {
        "blockNumber": int(rpc("eth_blockNumber"), 16),
        "transactionHash": sent,
        "transactionIndex": 0,
        "callIndex": 0,
        "caller": reader,
        "modelId": ID,
        "mode": 0,
        "inputDigest": ran["inputDigest"],
        "outputDigest": ran["outputDigest"],
        "gas": rpc("inference_quote", ID),
        "reverted": False,
    }


def test_a_bundle_verifies_without_the_node(rpc: Any, read_data: Callable[[int], str]) -> None:
    """What comes over JSON is what the offline verifier reads."""
    reader = rpc.deploy_reader()
    sent = rpc.send(to=reader, data=read_data(1))["transactionHash"]
    bundle = rpc("inference_bundle", sent, 0)
    assert bundle == rpc("inference_bundle", sent)
    verdict = verify_bundle(parse_bundle(json.dumps(bundle)), MODEL)
    assert "verified" in str(verdict).lower()
    assert rpc.fail("inference_bundle", sent, 1)[0] == -32001


def test_a_quote_takes_the_shapes_of_the_model(rpc: Any) -> None:
    """They are fixed, so others are refused with the model's own."""
    rpc("inference_addModel", DATA)
    gas = rpc("inference_quote", ID)
    assert isinstance(gas, int)
    assert gas > 0
    assert rpc("inference_quote", ID, {"pixels": [1, 64]}) == gas
    for shapes in ({"pixels": [2, 64]}, {"x": [1, 64]}):
        assert rpc.fail("inference_quote", ID, shapes) == (
            *(-32602, "shapes do not fit the model: it takes pixels: uint8[1, 64]"),
        )


@pytest.mark.parametrize(
    ("inputs", "code", "message"),
    [
        ({}, -32602, "BadInput: inputs [] given, the model wants ['pixels']"),
        ({"x": build_input()["pixels"]}, -32602, "BadInput: inputs ['x'] given"),
        (build_input(dtype=99), -32602, "inputs.pixels.dtype is 99, must be an ONNX code of 1 flo"),
        (build_input(dtype="2"), -32602, 'inputs.pixels.dtype is "2", must be a number'),
        (build_input(dtype=3), -32602, "BadInput: input 'pixels' is int8[1, 64]"),
        (build_input(shape=[64]), -32602, "BadInput: input 'pixels' is uint8[64], the model wants"),
        (build_input(shape=[64, 1]), -32602, "the model wants pixels: uint8[1, 64]"),
        (build_input(shape=[1, -64]), -32602, "inputs.pixels.shape[1] is -64, must be a number"),
        (build_input(shape=[2**32]), -32602, "inputs.pixels.shape[0] is 4294967296, must be below"),
        (build_input(shape=[1] * 9), -32602, "inputs.pixels.shape has 9 items, at most 8"),
        (build_input(shape=[2**31] * 8), -32602, "has 64 bytes, uint8"),
        (build_input(data="0x00"), -32602, "inputs.pixels.data has 1 bytes, uint8[1, 64] needs 64"),
        (build_input(data=[1]), -32602, "inputs.pixels.data is a list"),
        ({"pixels": [0] * 64}, -32602, "inputs.pixels is a list, must be an object"),
        ([], -32602, "inputs is a list, must be an object"),
    ],
)
def test_wrong_tensors_are_refused_with_what_the_model_wants(
    rpc: Any, inputs: object, code: int, message: str
) -> None:
    """Name, dtype, rank, shape and size; by this node or by the precompile."""
    rpc("inference_addModel", DATA)
    found, text = rpc.fail("inference_run", ID, inputs)
    assert found == code
    assert message in text


@pytest.mark.parametrize("model", ["nothing", "", "0x12", "bafk", "0x" + "00" * 32, "é", " 0x 12"])
def test_an_unknown_model_is_named_with_the_remedy(rpc: Any, model: str) -> None:
    """From each method that takes one."""
    for method, *rest in (("model",), ("quote",), ("run", {})):
        code, message = rpc.fail(f"inference_{method}", model, *rest)
        assert code == -32001
        assert message.startswith(f"UnknownModel: no model '{model}' on this chain; add it with")


@pytest.mark.parametrize(
    ("params", "code", "message"),
    [
        (["0x"], -32000, "NotAdmitted"),
        (["0x00112233"], -32000, "NotAdmitted"),
        ([DATA[: len(DATA) // 2 // 2 * 2]], -32000, "NotAdmitted"),
        (["models/digits.onnx"], -32602, "data is"),
        ([DATA, {"alias": ""}], 3, "an alias needs at least one character"),
        ([DATA, {"alias": 5}], -32602, "options.alias is 5, must be text"),
        ([DATA, {"alias": "x" * 129}], 3, "alias of 129 bytes, at most 128"),
        ([DATA, {"alias": "\ud800"}], -32602, "without lone surrogates"),
        ([DATA, {"name": "digits"}], -32602, "options.name is not known"),
        ([DATA, "digits"], -32602, "options is"),
    ],
)
def test_a_model_that_cannot_be_added_is_refused(
    rpc: Any, params: list[Any], code: int, message: str
) -> None:
    """Not ONNX, truncated, badly named: the chain goes on."""
    found, text = rpc.fail("inference_addModel", *params)
    assert (found, message in text) == (code, True), text
    assert rpc("inference_addModel", DATA)["id"] == ID


def test_receipts_of_an_unknown_transaction_are_an_error(rpc: Any) -> None:
    """A transfer has none; a stranger is an error."""
    sent = rpc.send(to="0x" + "11" * 20)["transactionHash"]
    assert rpc("inference_receipts", sent) == []
    for method in ("inference_receipts", "inference_bundle"):
        assert rpc.fail(method, "0x" + "ab" * 32)[0] == -32001
    assert rpc.fail("inference_bundle", sent)[0] == -32001
