"""The whole product in seconds: what `devnet demo` tells, as assertions."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from devnet import Devnet
from devnet.errors import NoQuorum
from devnet.verification.audit.finding import Result
from devnet.verification.bundle import dump_bundle
from precompiles.models.manifest import Profile
from precompiles.models.samples import read_digits


def test_a_contract_reads_digits_and_liars_are_caught_and_the_proof_holds(tmp_path: Path) -> None:
    """Start, register, deploy, infer; all agree; one liar is named, two halt; the proof checks."""
    pixels, labels = read_digits()
    net = Devnet(validators=4, seed=0)

    # register and deploy
    model = net.models.add("digits_exact", alias="digits")
    assert model.registration.manifest.profile is Profile.EXACT
    reader = net.deploy("DigitReader", model.id)

    # ten held-out digits, each in a transaction, each signed by all four
    right = 0
    for index in range(10):
        sent = reader.functions.read(pixels[index].tobytes()).transact()
        receipt = net.w3.eth.wait_for_transaction_receipt(sent)
        (event,) = reader.events.DigitRead().process_receipt(receipt)
        right += event["args"]["digit"] == labels[index]
        assert len(net.node.get_certificate(receipt["blockNumber"]).votes) == 4
        (inference,) = net.receipts(sent)
        assert inference.receipt.model_id == model.id
    assert right >= 9
    assert net.infer("digits", {"pixels": pixels[:1]})["digit"][0] == labels[0]

    # one validator with a changed weight is outvoted and named
    net.set_behavior("v2", "wrong-model")
    reader.functions.read(pixels[10].tobytes()).transact()
    (found,) = net.node.cluster.record.disagreements
    assert (found.validator, found.difference.receipt) == ("v2", 0)
    assert found.difference.element is not None
    assert found.difference.element.output == "scores"

    # two of them stop the chain, which says why and goes on when they are restored
    net.set_behavior("v3", "wrong-model")
    height = net.w3.eth.block_number
    with pytest.raises(NoQuorum, match=r"needs power 3 of 4.*v0, v1 .power 2. agree.*'scores'"):
        reader.functions.read(pixels[11].tobytes()).transact({"gas": 200_000})
    assert net.w3.eth.block_number == height
    net.set_behavior("v2", "honest")
    net.set_behavior("v3", "honest")
    assert net.w3.eth.block_number == height + 1
    assert len(net.node.get_certificate(height + 1).votes) == 3, "final as soon as v2 is back"
    reader.functions.read(pixels[12].tobytes()).transact()
    assert len(net.node.get_certificate(height + 2).votes) == 4

    # every call of the chain is run again, and holds
    findings = net.audit()
    assert len(findings) == 13
    assert {finding.result for finding in findings} == {Result.CONFIRMED}

    # the proof is checked by another process without a node, and refuted after one byte
    bundle = dump_bundle(net.bundle(sent).bundle)
    assert _verify(tmp_path / "bundle.json", bundle) == (0, "verified")
    data = bundle["outputs"][1]["data"]
    bundle["outputs"][1]["data"] = f"{data[:-2]}{int(data[-2:], 16) ^ 1:02x}"
    code, last = _verify(tmp_path / "forged.json", bundle)
    assert code == 1
    assert last.startswith("refuted: output")


def _verify(path: Path, bundle: dict[str, object]) -> tuple[int, str]:
    path.write_text(json.dumps(bundle))
    command = [sys.executable, "-m", "devnet", "verify", str(path)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    return run.returncode, run.stdout.splitlines()[-1]
