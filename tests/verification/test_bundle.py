"""Proof bundles: strict to read, whole to check."""

import copy
import json
import random
from dataclasses import replace
from typing import Any

import numpy as np
import onnx
import pytest

from devnet.chain.call import Call
from devnet.chain.signing import UnsignedTransaction, sign_transaction
from devnet.config import Config
from devnet.consensus.agreement import parse_agreement
from devnet.errors import BadBundle, UnknownInference, UnknownTransaction
from devnet.models import Models
from devnet.node import Node
from devnet.proofs import build_proof
from devnet.verification.bundle import Bundle, dump_bundle, parse_bundle
from devnet.verification.step import Mark
from devnet.verification.verifier import Outcome, verify_bundle
from precompiles.inference import INFER
from precompiles.models.graph import PINNED_PROPERTY
from precompiles.models.samples import read_digits, read_sample
from precompiles.tensor import DType, Tensor, encode_tensors
from tests.verification.leaves import iterate_leaves

MODEL = read_sample("digits_exact")
ONES = Tensor(DType.FLOAT32, (1, 64), np.ones((1, 64), "<f4").tobytes())


def _send(node: Node, to: bytes | None, data: bytes) -> bytes:
    account = node.accounts[0]
    unsigned = UnsignedTransaction(
        nonce=node.get_pending_nonce(account.address),
        to=to,
        value=0,
        data=data,
        gas=node.estimate_gas(Call(sender=account.address, to=to, data=data)),
        max_fee_per_gas=10**10,
        max_priority_fee_per_gas=10**9,
    )
    return node.send_raw(sign_transaction(unsigned, node.config.chain_id, account.key))


@pytest.fixture(scope="module")
def node() -> Node:
    """A chain with a model and one transaction that calls it."""
    node = Node(Config())
    Models(node).add(MODEL)
    Models(node).add(read_sample("digits_float"))
    return node


def _infer(node: Node, model: bytes, tensor: Tensor) -> bytes:
    model_id = Models(node).add(model).model_id
    encoded = encode_tensors([tensor])
    data = INFER + model_id + (64).to_bytes(32, "big") + encoded[32:]
    return _send(node, bytes(19) + b"\xf7", data)


@pytest.fixture(scope="module")
def bundle(node: Node) -> Bundle:
    pixels, _ = read_digits()
    sent = _infer(node, MODEL, Tensor(DType.UINT8, (1, 64), pixels[0].tobytes()))
    return build_proof(node, sent)


def test_a_bundle_survives_being_written_and_read(bundle: Bundle) -> None:
    """JSON keeps every field."""
    assert parse_bundle(json.dumps(dump_bundle(bundle))) == bundle


def test_an_honest_bundle_verifies_with_every_step_named(bundle: Bundle) -> None:
    """All nine steps hold for an exact model."""
    verdict = verify_bundle(bundle, MODEL)
    assert verdict.outcome is Outcome.VERIFIED
    assert [step.name for step in verdict.steps] == [
        *("validator set", "block header", "signatures", "engines"),
        *("inference receipt", "input", "output", "model", "execution"),
    ]
    assert {step.mark for step in verdict.steps} == {Mark.HOLDS}


def test_without_the_model_file_the_verifier_cannot_tell(bundle: Bundle) -> None:
    """Signatures alone are not a re-execution; the message names the file's hash."""
    verdict = verify_bundle(bundle, None)
    assert verdict.outcome is Outcome.CANNOT_TELL
    assert bundle.receipt.model_id.hex() in verdict.reason


def test_another_model_file_refutes(bundle: Bundle) -> None:
    """The file must hash to the id in the receipt."""
    assert verify_bundle(bundle, read_sample("digits_float")).outcome is Outcome.REFUTED


def test_a_set_that_is_not_the_trusted_one_refutes(bundle: Bundle) -> None:
    """The caller may pin the validator set."""
    assert verify_bundle(bundle, MODEL, bytes(32)).outcome is Outcome.REFUTED


def test_a_verdict_is_true_if_verified_alone(bundle: Bundle) -> None:
    """So that `assert proof.verify()` says what it seems to say."""
    assert verify_bundle(bundle, MODEL)
    assert not verify_bundle(bundle, MODEL, bytes(32))
    assert not verify_bundle(bundle, None)


def test_a_pinned_model_under_another_engine_cannot_be_told(node: Node) -> None:
    """Float bits of another engine prove nothing, in either direction."""
    sample = ask_pinned(read_sample("digits_float"))
    bundle = build_proof(node, _infer(node, sample, ONES))
    assert verify_bundle(bundle, sample).outcome is Outcome.VERIFIED
    execution = verify_bundle(_sign_elsewhere(bundle), sample).steps[-1]
    assert execution.mark is Mark.UNKNOWN
    assert "0x0000000000000000" in execution.value


def test_a_portable_model_under_another_engine_is_verified(node: Node) -> None:
    """Its bits are the same on every host, whatever engine the others have."""
    sample = read_sample("digits_float")
    foreign = _sign_elsewhere(build_proof(node, _infer(node, sample, ONES)))
    assert verify_bundle(foreign, sample).steps[-1].mark is Mark.HOLDS


@pytest.mark.parametrize(
    ("rule", "step", "marks"),
    [
        (None, 0, (Mark.HOLDS, Mark.UNKNOWN)),
        (None, 1, (Mark.FAILS, Mark.UNKNOWN)),
        ("tolerance(1)", 0, (Mark.HOLDS, Mark.HOLDS)),
        ("tolerance(1)", 1, (Mark.FAILS, Mark.UNKNOWN)),
        (f"tolerance({2**50})", 1, (Mark.HOLDS, Mark.HOLDS)),
    ],
)
def test_a_rule_decides_what_it_takes_and_no_more(
    node: Node, rule: str | None, step: int, marks: tuple[Mark, Mark]
) -> None:
    """Of a pinned model: signed under this engine, and under another; `step` is added to a bit."""
    sample = ask_pinned(read_sample("digits_float"))
    bundle = build_proof(node, _infer(node, sample, ONES))
    *others, last = bundle.outputs
    data = bytes((*last.data[:-2], last.data[-2] ^ step, last.data[-1]))
    bundle = replace(bundle, outputs=(*others, replace(last, data=data)))
    agreement = None if rule is None else parse_agreement(rule)
    for shown, mark in zip((bundle, _sign_elsewhere(bundle)), marks, strict=True):
        execution = verify_bundle(shown, sample, agreement=agreement).steps[-1]
        assert execution.mark is mark, execution.value


def _sign_elsewhere(bundle: Bundle) -> Bundle:
    """As if validators with another engine had signed."""
    votes = tuple(replace(vote, fingerprint=bytes(32)) for vote in bundle.certificate.votes)
    return replace(bundle, certificate=replace(bundle.certificate, votes=votes))


def ask_pinned(model: bytes) -> bytes:
    """The model with the metadata that asks for the runtime's own floats."""
    proto = onnx.ModelProto.FromString(model)
    onnx.helper.set_model_props(proto, dict([PINNED_PROPERTY]))
    return bytes(proto.SerializeToString())


def _change(value: Any, draw: random.Random) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + draw.choice([1, 2, 255]) if value == 0 or draw.random() < 0.5 else value - 1
    if not value.startswith("0x") or len(value) == 2:
        return value + "00"
    place = draw.randrange(2, len(value))
    digit = draw.choice([d for d in "0123456789abcdef" if d != value[place]])
    return value[:place] + digit + value[place + 1 :]


def test_no_field_can_be_changed(bundle: Bundle) -> None:
    """Every leaf of the JSON, changed in several ways, is refuted or does not read."""
    draw = random.Random(0)
    original = dump_bundle(bundle)
    for path in list(iterate_leaves(original)):
        for _ in range(3):
            changed = copy.deepcopy(original)
            parent = changed
            for key in path[:-1]:
                parent = parent[key]
            parent[path[-1]] = _change(parent[path[-1]], draw)
            assert _is_refuted(json.dumps(changed)), path


def _is_refuted(text: str) -> bool:
    try:
        parsed = parse_bundle(text)
    except BadBundle:
        return True
    return verify_bundle(parsed, MODEL).outcome is Outcome.REFUTED


def test_a_signature_counts_once(bundle: Bundle) -> None:
    """Three copies of one vote are not three votes."""
    certificate = bundle.certificate
    doubled = replace(certificate, votes=(certificate.votes[0],) * 3)
    verdict = verify_bundle(replace(bundle, certificate=doubled), MODEL)
    assert verdict.outcome is Outcome.REFUTED
    assert "signs twice" in verdict.reason


def test_too_few_signatures_refute(bundle: Bundle) -> None:
    """Two of four is not more than two thirds."""
    few = replace(bundle.certificate, votes=bundle.certificate.votes[:2])
    verdict = verify_bundle(replace(bundle, certificate=few), MODEL)
    assert verdict.reason == "signatures: signed by power 2 of 4, needs at least 3"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "not JSON"),
        ("[]", "bundle must be an object"),
        ("{}", "lacks format, chainId"),
        ('{"a": 1, "a": 2}', "given twice"),
        ("[" * 100_000, "inside each other"),
        ("NaN", "not a value"),
    ],
)
def test_what_is_no_bundle_says_so(text: str, says: str) -> None:
    """The reader names what is wrong."""
    with pytest.raises(BadBundle, match=says):
        parse_bundle(text)


def test_a_missing_inference_names_how_many_there_are(node: Node, bundle: Bundle) -> None:
    """An index past the end and an unknown hash are errors of their own."""
    with pytest.raises(UnknownInference, match="has 1 inferences, no index 7"):
        build_proof(node, bundle.receipt.transaction_hash, 7)
    with pytest.raises(UnknownTransaction):
        build_proof(node, bytes(32))


def test_many_inferences_in_a_block_each_have_a_proof(node: Node) -> None:
    """Paths of every position in a block with several receipts verify."""
    pixels, _ = read_digits()
    model_id = Models(node).add(MODEL).model_id
    node.set_automine(False)
    sent = []
    for index in range(5):
        tensors = encode_tensors([Tensor(DType.UINT8, (1, 64), pixels[index].tobytes())])
        data = INFER + model_id + (64).to_bytes(32, "big") + tensors[32:]
        sent.append(_send(node, bytes(19) + b"\xf7", data))
    node.set_automine(True)
    proofs = [build_proof(node, each) for each in sent]
    assert [proof.index for proof in proofs] == [0, 1, 2, 3, 4]
    assert {verify_bundle(proof, MODEL).outcome for proof in proofs} == {Outcome.VERIFIED}
